// SPDX-License-Identifier: MIT
//
// The rate of this host's time stamp counter in kHz. QEMU's TCG hands it on to its machines.
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { WINDOW_NS = 100000000 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(void)
{
    uint64_t start_ns = now_ns(), start = __rdtsc(), passed_ns;
    while ((passed_ns = now_ns() - start_ns) < WINDOW_NS)
        ;
    printf("%llu\n", (unsigned long long)((__rdtsc() - start) * 1000000 / passed_ns));
    return 0;
}
