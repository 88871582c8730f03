// SPDX-License-Identifier: MIT
//
// The clock of every PC since 1984, in the chip with the battery.
#pragma once

#include <stdint.h>

// Nanoseconds since 1970-01-01 00:00:00 UTC; the clock counts whole seconds. 0; -EINVAL: the
// registers cannot be reached; -EIO: what they say is no date.
int cmos_rtc_read(uint64_t address, uint64_t *unix_ns);
