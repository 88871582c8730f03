// SPDX-License-Identifier: MIT
//
// A tool's process. boot/host/main.c makes a machine of it, as ever; what differs is here,
// in place of boot/host/options.c and of kernel/machine/host/clock.c and wait.c: the
// arguments are the tool's own, and time passes only while everybody waits for it. So what
// a tool makes does not depend on how long it took.
#include <stdlib.h>

#include "boot/host/options.h"
#include "host.h"
#include "machine.h"
#include "outside.h"
#include "trap.h"

enum { MEMORY_SIZE = 512 << 20 }; // a page of it costs something only once it is touched

static struct {
    int count;
    char **arguments;
    uint64_t clock_ns, deadline_ns;
} process = {.deadline_ns = MACHINE_NEVER};

struct options options_parse(int argc, char **argv)
{
    process.count = argc;
    process.arguments = argv;
    return (struct options){.memory_size = MEMORY_SIZE};
}

void options_refuse(const char *what, const char *word)
{
    abort(); // devices would, of their words; a tool has none
}

void process_memory(uint64_t *start, uint64_t *size)
{
    struct host_range memory = host_memory();
    *start = memory.low;
    *size = memory.high - memory.low;
}

int process_arguments(char ***arguments)
{
    *arguments = process.arguments;
    return process.count;
}

uint64_t machine_clock_ns(void)
{
    return process.clock_ns;
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
}

void machine_deadline_set(uint64_t deadline_ns)
{
    process.deadline_ns = deadline_ns;
}

void host_poll_start(void)
{
}

// There are no devices: all that can end a wait is the next deadline.
void machine_wait(void)
{
    if (process.deadline_ns == MACHINE_NEVER)
        abort();
    if (process.clock_ns < process.deadline_ns)
        process.clock_ns = process.deadline_ns;
    process.deadline_ns = MACHINE_NEVER;
    trap_interrupt(INTERRUPT_TIMER);
}
