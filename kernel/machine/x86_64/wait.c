// SPDX-License-Identifier: MIT
//
// Waiting: when the timer interrupts, and stopping until something does.
// Chapter 10.
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "reference.h"
#include "trap.h"

static struct {
    uint64_t deadline_ns; // what is wanted
    uint64_t set_ns;      // what the timer is set to; it may be earlier than that
} wait_state = {.deadline_ns = MACHINE_NEVER, .set_ns = MACHINE_NEVER};

static void set_timer(void)
{
    wait_state.set_ns = wait_state.deadline_ns;
    lapic_set_deadline(wait_state.deadline_ns);
}

// In the interrupt. It may be of a deadline that is not wanted any more, or too early.
static void timer_ended(void)
{
    lapic_end();
    wait_state.set_ns = MACHINE_NEVER;
    if (wait_state.deadline_ns == MACHINE_NEVER)
        return;
    if (machine_clock_ns() < wait_state.deadline_ns) {
        set_timer();
        return;
    }
    wait_state.deadline_ns = MACHINE_NEVER;
    trap_interrupt(INTERRUPT_TIMER);
}

// A timer that runs already is left alone: setting it costs more than all else here, and an
// interrupt that nobody wants is cheap.
void machine_deadline_set(uint64_t deadline_ns)
{
    bool enabled = machine_interrupts_save();
    wait_state.deadline_ns = deadline_ns;
    if (deadline_ns != MACHINE_NEVER && deadline_ns != wait_state.set_ns) {
        lapic_start();
        interrupt_set_timer(timer_ended);
        reference_refine();
        set_timer();
    }
    machine_interrupts_restore(enabled);
}

// `sti` lets interrupts in only behind the instruction that follows it. So one that came
// after the caller's last look ends the halt at once: no wake-up is lost.
void machine_wait(void)
{
    reference_refine();
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}
