// SPDX-License-Identifier: MIT
//
// What the sanitizers are asked for as the process starts: faults are the kernel's own
// to report, call chains are followed by frame pointers (the kernel has no unwind
// tables), and every finding ends the process with status 1, the terminal in order.
// Chapter 01.
#include "sanitizer.h"

#include "host.h"

__attribute__((no_sanitize("address", "undefined"))) const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:"
           "handle_abort=0:allow_user_segv_handler=1:use_sigaltstack=0:"
           "detect_leaks=0:detect_stack_use_after_return=0:"
           "fast_unwind_on_fatal=1:exitcode=1";
}

__attribute__((no_sanitize("address", "undefined"))) const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:halt_on_error=1:exitcode=1";
}

// Every report is the last words of the process.
void __asan_on_error(void)
{
    host_terminal_give_back();
}

void __ubsan_on_report(void)
{
    host_terminal_give_back();
}
