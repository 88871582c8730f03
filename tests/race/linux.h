// SPDX-License-Identifier: MIT
//
// What the programs on Linux' side share: time, and how figures are printed.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Nanoseconds. Under QEMU's -icount shift=0 each instruction takes one, and the clocks that a
// program can read without a system call follow: the same count as on our side.
static inline uint64_t now_ns(void)
{
#if defined(__riscv)
    uint64_t ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks)); // of 100 ns, on QEMU's virt
    return ticks * 100;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

static inline void report(const char *name, double value)
{
    printf("%s: %.3f\n", name, value);
}

static inline void check(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}
