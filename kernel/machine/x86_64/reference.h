// SPDX-License-Identifier: MIT
//
// How fast the processor's counter ticks: what it says itself, or measured.
#pragma once

#include <stdint.h>

// Ticks per second, good to about 1 %. Takes a fraction of a millisecond where it has to be
// measured. Called once, by the board.
uint64_t reference_measure_hz(void);
// Looks again, where a longer time has passed since, and corrects machine_clock_ns(). To be
// called now and then; costs nothing most of the time.
void reference_refine(void);
