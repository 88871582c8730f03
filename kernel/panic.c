// SPDX-License-Identifier: MIT
//
// The end: when the kernel finds that it cannot go on.
//
// The report is printed piece by piece, each piece needing less to work than what it
// reports on: no memory is taken, no lock, no thread switch. What higher layers know (the
// call chain, the thread) comes through hooks. Should the report itself fail, one line says
// so and the machine stops.
// Chapter 02.
#include "panic.h"

#include "console.h"
#include "format.h"
#include "machine.h"
#include "print.h"

enum { MESSAGE_SIZE = 256 };

static struct {
    unsigned depth; // how many panics have begun
    struct panic_hooks hooks;
    char message[MESSAGE_SIZE]; // what the first one is about
} panic;

struct panic_hooks *panic_hooks(void)
{
    return &panic.hooks;
}

// A panic during a panic. The first one's console may be the cause, so this goes through
// the firmware; and should even that fail, the third one stops without a word.
static _Noreturn void give_up(const char *file, int line, const char *format, va_list arguments)
{
    if (panic.depth == 2) {
        console_fall_back();
        print("\nPANIC during a panic: ");
        vprint(format, arguments);
        print(" (%s:%d); the first was: %s\n", file, line, panic.message);
    }
    machine_exit(1);
}

static _Noreturn __attribute__((format(printf, 3, 4))) void
give_up_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    give_up(file, line, format, arguments);
}

void panic_describe(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (panic.depth == 0)
        vsnprintf(panic.message, MESSAGE_SIZE, format, arguments);
    va_end(arguments);
}

void panic_begin(void)
{
    machine_interrupts_save();
    if (++panic.depth > 1)
        give_up_at(__FILE__, __LINE__, "a fault in the code that reports");
    print("\nPANIC: ");
}

void panic_end(void)
{
    if (panic.hooks.backtrace)
        panic.hooks.backtrace();
    if (panic.hooks.thread)
        panic.hooks.thread();
    if (panic.hooks.advice)
        panic.hooks.advice();
    print("In a debugger (make help: gdb), \"break panic_end\" stops here.\n");
    machine_exit(1);
}

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (panic.depth > 0) {
        panic.depth++;
        give_up(file, line, format, arguments);
    }
    vsnprintf(panic.message, MESSAGE_SIZE, format, arguments);
    va_end(arguments);

    panic_begin();
    print("%s\nat %s:%d\n", panic.message, file, line);
    panic_end();
}
