// SPDX-License-Identifier: MIT
//
// What device.c takes from mmu.c, once there are page tables: where registers are then.
#pragma once

#include <stddef.h>
#include <stdint.h>

// `map` answers like machine_map_device(); it is never called with an empty range or
// one that wraps around.
void device_set_map(void *(*map)(uint64_t physical, size_t size));
