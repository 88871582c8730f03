// SPDX-License-Identifier: MIT
//
// Device registers: from a physical address to one that can be read and written.
//
// Without translation the two are the same. Once there are page tables, mmu.c answers.
// Chapter 05.
#include "device.h"

#include "image.h"
#include "machine.h"

static struct {
    void *(*map)(uint64_t physical, size_t size); // NULL while translation is off
} device;

void device_set_map(void *(*map)(uint64_t physical, size_t size))
{
    device.map = map;
}

void *machine_map_device(uint64_t physical, size_t size)
{
    uint64_t last = physical + size - 1;
    if (size == 0 || last < physical)
        return NULL;
    if (device.map)
        return device.map(physical, size);
    // Of memory we know only our own yet.
    if (physical < (uintptr_t)image_end && last >= (uintptr_t)image_start)
        return NULL;
    return (void *)(uintptr_t)physical;
}
