// SPDX-License-Identifier: MIT
//
// Chapter 02: the same numbers in every format, then a panic that names its file and line.
#include <stdint.h>

#include "boot/boot.h"
#include "panic.h"
#include "print.h"

static void print_row(int64_t value)
{
    print("%20lld  %-20llu  %16llx  %08x\n", (long long)value, (unsigned long long)value,
          (unsigned long long)value, (unsigned)value);
}

int kernel_main(const struct boot_info *boot)
{
    print("%20s  %-20s  %16s  %8s\n", "%20lld", "%-20llu", "%16llx", "%08x");
    print_row(0);
    print_row(1);
    print_row(-1);
    print_row(42);
    print_row(INT64_MAX);
    print_row(INT64_MIN);

    print("padded [%6d] [%-6d] [%06d] [%+d] [% d]\n", 42, 42, 42, 42, 42);
    print("precise [%.3d] [%8.3d] [%.0d] [%.3s]\n", 7, 7, 0, "abcdef");
    print("others [%c] [%s] [%p] [%#x] [%#o] [%b] [%%]\n", 'k', "text",
          (const void *)kernel_main, 255, 8, 5);

    log_info("a line of the log: it has a time stamp and is kept");
    log_warning("hart %llu is about to panic", (unsigned long long)boot->hart);
    panic("this is what a panic looks like: nothing is wrong");
}
