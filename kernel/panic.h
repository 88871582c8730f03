// SPDX-License-Identifier: MIT
//
// The end: when the kernel finds that it cannot go on.
//
//   panic("what is wrong, and what to do")     never returns; the machine exits with status 1
//   ASSERT(condition)                          our own bugs; never has a side effect
//
// Works before memory is up, inside an interrupt, and with a broken stack. A panic during a
// panic says so in one line and exits.
#pragma once

#include <stdarg.h>
#include <stdint.h>

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(condition) ((condition) ? (void)0 : panic("assertion failed: %s", #condition))

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The pieces of a report that others share (trap.c): describe keeps in one line what it is
// about, so that this is not lost when the report itself fails; begin says "PANIC" once and
// guards against a second one; end adds the hooks' parts and exits with status 1.
void panic_describe(const char *format, ...) __attribute__((format(printf, 1, 2)));
void panic_begin(void);
_Noreturn void panic_end(void);

// What higher layers add to the report, each printing its lines, in this order. NULL:
// nothing.
struct panic_hooks {
    void (*backtrace)(void); // the call chain (chapter 03)
    void (*thread)(void);    // which thread it was, what the others wait for (chapter 09)
    void (*advice)(void);    // what to try (chapter 03)
};
struct panic_hooks *panic_hooks(void);
