// SPDX-License-Identifier: MIT
//
// The Goldfish clock: the time of day on QEMU virt.
#pragma once

#include <stdint.h>

// Nanoseconds since 1970-01-01 00:00:00 UTC. 0; -EINVAL: the registers cannot be reached.
int goldfish_rtc_read(uint64_t address, uint64_t *unix_ns);
