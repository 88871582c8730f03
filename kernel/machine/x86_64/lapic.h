// SPDX-License-Identifier: MIT
//
// The processor's own interrupt controller, with a timer in it.
#pragma once

#include <stdint.h>

// To be called before anything else; later calls do nothing. Panics when there is none.
void lapic_start(void);
// The interrupt under way is done: the next one may come.
void lapic_end(void);
// The timer is to interrupt when machine_clock_ns() reaches `deadline_ns`; it may do so
// earlier, never much later. One deadline; a new one replaces it.
void lapic_set_deadline(uint64_t deadline_ns);
