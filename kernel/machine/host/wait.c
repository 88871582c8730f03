// SPDX-License-Identifier: MIT
//
// Waiting: the process sleeps in the system until a device has something or the
// deadline comes.
//
// Threads that never wait must not keep the devices unheard: once in a while
// machine_poll() looks, too.
// Chapter 10.
#include "host.h"
#include "machine.h"
#include "trap.h"

static struct {
    uint64_t deadline_ns;
} waiting = {.deadline_ns = MACHINE_NEVER};

// Nanoseconds until the deadline.
static uint64_t time_left(void)
{
    if (waiting.deadline_ns == MACHINE_NEVER)
        return MACHINE_NEVER;
    uint64_t now_ns = machine_clock_ns();
    return waiting.deadline_ns > now_ns ? waiting.deadline_ns - now_ns : 0;
}

// Waits up to `timeout_ns` for a device, and interrupts for whatever has come.
static void look(uint64_t timeout_ns)
{
    if (host_line_wait(timeout_ns))
        trap_interrupt(INTERRUPT_DEVICE);
    if (time_left() == 0) {
        waiting.deadline_ns = MACHINE_NEVER;
        trap_interrupt(INTERRUPT_TIMER);
    }
}

static void look_in_passing(void)
{
    look(0);
}

void host_poll_start(void)
{
    machine_polling.look = look_in_passing;
}

void machine_deadline_set(uint64_t deadline_ns)
{
    host_poll_start();
    waiting.deadline_ns = deadline_ns;
}

void machine_wait(void)
{
    look(time_left());
}
