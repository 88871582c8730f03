// SPDX-License-Identifier: MIT
//
// The terminal: raw while the kernel reads keys, and always given back as it was.
//
// A process that dies with the terminal raw leaves a shell that does not echo, so every
// way out comes by here: machine_exit(), a fault, a signal from outside, the
// sanitizers' last words. One way out needs no help from the kernel: Ctrl-\ stays a
// signal, SIGQUIT, for when the kernel does not look at its keys any more.
// Chapter 01.
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

#include "host.h"

static struct {
    bool asked; // whether it is a terminal: found out once
    bool taken;
    struct termios before, raw;
} terminal;

bool host_terminal_is_taken(void)
{
    return terminal.taken;
}

void host_terminal_give_back(void)
{
    if (!terminal.taken)
        return;
    terminal.taken = false;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}

// The signal kills the process as it would have, after the terminal is in order.
static void die_of(int number)
{
    host_terminal_give_back();
    raise(number); // its handler is gone (SA_RESETHAND); it comes when this one returns
}

// Somebody stopped the process and the shell had the terminal meanwhile.
static void continue_after_stop(int number)
{
    if (terminal.taken)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw);
}

static void watch_ways_out(void)
{
    static const int deadly[] = {SIGHUP,  SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGABRT,
                                 SIGSEGV, SIGBUS, SIGILL,  SIGFPE,  SIGTRAP};
    const struct sigaction death = {.sa_handler = die_of, .sa_flags = SA_RESETHAND};
    const struct sigaction stop = {.sa_handler = continue_after_stop, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
        struct sigaction old;
        // Who is there already (trap.c) gives the terminal back by machine_exit().
        if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(deadly[i], &death, NULL);
    }
    sigaction(SIGCONT, &stop, NULL);
}

void host_terminal_take(void)
{
    if (terminal.asked)
        return;
    terminal.asked = true;
    if (tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return;

    terminal.raw = terminal.before;
    terminal.raw.c_iflag &=
        ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | ISTRIP | IXON | PARMRK);
    terminal.raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    terminal.raw.c_cc[VINTR] = terminal.raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    terminal.raw.c_cc[VMIN] = 1;
    terminal.raw.c_cc[VTIME] = 0;
    watch_ways_out();
    terminal.taken = true;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw);
}
