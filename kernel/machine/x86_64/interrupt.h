// SPDX-License-Identifier: MIT
//
// What trap.c passes on of interrupts: the timer's to wait.c, the number of a device's to
// whoever asks.
#pragma once

// `ended`: called in the interrupt.
void interrupt_set_timer(void (*ended)(void));
// The source that INTERRUPT_DEVICE is about, once; then -1.
int interrupt_take_source(void);
