// SPDX-License-Identifier: MIT
//
// Processes: programs that run, and what each of them owns.
//
//   process_init()                      the code that runs now is the process "kernel"
//   process_start(program, argv, files, background)
//   process_wait(id, &status, deadline) by the one who started it
//   process_interrupt(process)          asks it to end: Ctrl-C, kill
//   process_exit(status)                the current one, with all its threads
//
// A process begins and ends with its first thread. Whatever it has allocated, opened or
// started hangs on lists here, and its end walks over them: a program cannot leak.
// Being asked to end makes all waits of a thread return -EINTR; the calls of os.h then
// end the thread when the kernel's own code has returned, so no lock stays held and
// nothing is half done.
// Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "list.h"
#include "program.h"
#include "thread.h"

enum { PROCESS_ARGUMENTS_MAX = 1 << 20 }; // bytes: the strings, and a pointer to each

struct process {
    struct list all;               // on the list of all processes, oldest first
    int id;                        // that of its first thread
    const struct program *program; // NULL: the kernel itself
    struct process *parent;        // who may wait for it; NULL: nobody, it goes when it ends
    struct thread *thread;         // its first one; ends last
    bool background;               // Ctrl-C is not for it
    bool raw_console;              // it has put the console into raw mode
    bool catches_interrupt;        // the first one does not end it: os_catch_interrupt()
    bool was_interrupted;          // that one has come
    bool exiting;                  // process_exit() was called: the status is final
    int status;
    int argc;
    char **argv;                   // one allocation with all the strings
    struct file_table files;
    struct file *directory;        // the current one; NULL: the root
    int output_error;              // see os_output_error()
    uint64_t turn;                 // its thread's `switches` when `work` began to count
    unsigned work;                 // calls and pages since then, see process_leave()
    struct list threads;           // struct os_thread, those beside the first
    struct list owned;             // struct owned: memory, mutexes, channels ...
};

// The head of everything that a program owns and that is released when it ends.
struct owned {
    struct list link;
    const struct owned_kind *kind;
};

struct owned_kind {
    void (*release)(struct owned *owned);
    // A thread ends: takes from it what it holds of this (a mutex). NULL: nothing can
    // be held.
    void (*thread_ends)(struct owned *owned, struct thread *thread);
};

// A thread that a program has created. (`struct os_thread` of os.h)
struct os_thread {
    struct list link; // on its process's list
    struct thread *thread;
    int (*function)(void *argument);
    void *argument;
};

// What terminal_init() brings. Without it there is nobody to type: input is empty, and output
// goes nowhere.
struct process_terminal {
    struct file *(*file)(void); // the reference is the caller's
    void (*set_interrupt)(bool (*interrupt)(void));
    void (*look_for_interrupt)(void);
    void (*set_raw)(bool raw);
};
void process_set_terminal(const struct process_terminal *terminal); // before process_init()
void process_init(void);
static inline struct process *process_current(void)
{
    return thread_current()->program;
}
const char *process_name(const struct process *process);
// The next on the list of all after `process` (NULL: the first), or NULL.
struct process *process_next(const struct process *process);

// Starts argv[0] .. NULL as a child of the current process. It gets references of its
// own to the files. Its id, or -ENOMEM or -E2BIG: then nothing has happened.
int process_start(const struct program *program, char *const argv[],
                  struct file *const files[3], bool background);
// Sleeps. 0; -ECHILD: not a child of the current process; -ETIMEDOUT; -EINTR; -EBUSY.
int process_wait(int id, int *status, uint64_t deadline_ns);
void process_interrupt(struct process *process);
// Ctrl-C: every process that is not in the background. False when there is none.
bool process_interrupt_foreground(void);
_Noreturn void process_exit(int status);
// Ends a thread that os_thread_create() made: not the process's first.
_Noreturn void process_exit_thread(int result);
// Ends the current thread, or the process with it, if it has been asked to end.
void process_check_interrupt(void);
// What a call of os.h returns through when it has nothing of the kernel's any more: devices
// get their turn, Ctrl-C, and now and then the other threads. Sleeps. Returns `result`.
int process_leave(int result);

// Makes a thing the current process's, or nobody's again.
void process_own(struct owned *owned, const struct owned_kind *kind);
void process_disown(struct owned *owned);
uint64_t process_start_ns(void); // when process_init() was called, on machine_clock_ns()
