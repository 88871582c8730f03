// SPDX-License-Identifier: MIT
//
// How fast the processor's counter ticks: what it says itself, or measured.
#pragma once

#include <stdint.h>

// Two clocks at one moment.
struct moment {
    uint64_t ticks; // of the processor's counter
    uint64_t doubt; // by how many it may be wrong
    uint32_t other;
};
// Reads another clock, several times, and keeps the look that took the least time.
struct moment reference_look(uint32_t (*read)(void));

// Ticks per second, good to about 2 %. Takes a fraction of a millisecond where it has to be
// measured. Called once, by the board.
uint64_t reference_measure_hz(void);
// Looks again, where a longer time has passed since, and corrects machine_clock_ns(). To be
// called now and then; costs nothing most of the time.
void reference_refine(void);
