// SPDX-License-Identifier: MIT
//
// Waiting: when the timer interrupts, and stopping until something does.
// Chapter 10.
#include "clock.h"
#include "csr.h"
#include "machine.h"
#include "sbi.h"

static struct {
    uint64_t deadline_ns; // what the firmware's timer is set to
} wait_state = {.deadline_ns = MACHINE_NEVER};

// The firmware is called only for a deadline that it does not have yet; that one call
// costs more than all else here. Whether the timer may interrupt is a bit of ours
// (sie), which the trap clears.
void machine_deadline_set(uint64_t deadline_ns)
{
    if (deadline_ns == MACHINE_NEVER) {
        csr_clear(sie, SIE_TIMER);
        return;
    }
    if (deadline_ns != wait_state.deadline_ns) {
        wait_state.deadline_ns = deadline_ns;
        sbi_call(SBI_TIMER, 0, clock_ticks_at(deadline_ns), 0);
    }
    csr_set(sie, SIE_TIMER);
}

// The instruction ends as soon as an interrupt that `sie` allows is pending, masked or not.
// So one that came after the caller's last look ends it at once: no wake-up is lost.
void machine_wait(void)
{
    __asm__ volatile("wfi" : : : "memory");
}
