// SPDX-License-Identifier: MIT
//
// What wait.c needs of clock.c.
#pragma once

#include <stdint.h>

// The first value of the processor's counter at which machine_clock_ns() has reached `ns`.
uint64_t clock_ticks_at(uint64_t ns);
