// SPDX-License-Identifier: MIT
//
// The clock: the system's, which counts nanoseconds already, without the seconds that had
// passed when it was first asked: a machine's clock starts when it is switched on. In a
// simulation it stands, and somebody else moves it.
// Chapter 02.
#include <time.h>

#include "boot/host/options.h"
#include "host.h"
#include "machine.h"

enum { LOOK_NS = 100 }; // what a look at a clock that stands costs, so that whoever only looks
                        // at it comes to an end

static struct {
    uint64_t now_ns;
} simulated;

void host_clock_set(uint64_t now_ns)
{
    if (now_ns > simulated.now_ns)
        simulated.now_ns = now_ns;
}

uint64_t host_clock_now(void)
{
    return simulated.now_ns;
}

static uint64_t system_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t machine_clock_ns(void)
{
    if (host_options()->simulation)
        return simulated.now_ns += LOOK_NS;

    static uint64_t start;
    uint64_t now = system_clock_ns();
    if (!start)
        start = now - now % 1000000000;
    return now - start;
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
}
