// SPDX-License-Identifier: MIT
//
// The Goldfish clock: the time of day on QEMU virt. (Android's goldfish virtual
// hardware guide, section "Goldfish RTC".)
// Chapter 10.
#include "drivers/rtc/goldfish_rtc.h"

#include "error.h"
#include "machine.h"

enum { TIME_LOW = 0x00, TIME_HIGH = 0x04, REGISTERS_SIZE = 0x20 };

// Reading the lower half also fixes the upper one, so the order matters.
int goldfish_rtc_read(uint64_t address, uint64_t *unix_ns)
{
    const volatile uint8_t *base = machine_map_device(address, REGISTERS_SIZE);
    if (!base)
        return -EINVAL;

    uint32_t low = mmio_read32(base + TIME_LOW);
    uint32_t high = mmio_read32(base + TIME_HIGH);
    *unix_ns = (uint64_t)high << 32 | low;
    return 0;
}
