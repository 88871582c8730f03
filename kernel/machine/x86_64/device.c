// SPDX-License-Identifier: MIT
//
// Device registers: from a physical address to one that can be read and written.
//
// Registers are seen through a window of the address space, 2 MiB of which are opened when a
// device in them is asked for. Its tables come with the image (entry.S) and are a part of
// vm_init()'s, so an address is good for ever. They reach 4 GiB; where something lies above,
// a page is needed for another table. Ports are not memory: machine_inline.h.
// Chapter 05.
#include "device.h"

#include "assembly.h"
#include "image.h"
#include "machine.h"
#include "page_entry.h"
#include "page_table.h"

static struct {
    void *(*new_table)(void);                        // NULL before vm_init()
    bool (*is_memory)(uint64_t start, uint64_t end);
} device;

void device_set_memory(void *(*new_table)(void),
                       bool (*is_memory)(uint64_t start, uint64_t end))
{
    device.new_table = new_table;
    device.is_memory = is_memory;
}

// Of memory we know only our own at first.
static bool overlaps_memory(uint64_t start, uint64_t end)
{
    if (device.is_memory)
        return device.is_memory(start, end);
    return start < machine_dma_address(image_end) && end > machine_dma_address(image_start);
}

// The table of the 2 MiB pages in a gigabyte, or NULL.
static uint64_t *table_of(uint64_t gigabyte)
{
    uint64_t *entry = &window_gigabytes[gigabyte];
    if (*entry == 0) {
        void *table = device.new_table ? device.new_table() : NULL;
        if (!table)
            return NULL;
        *entry = machine_dma_address(table) | ENTRY_PRESENT | ENTRY_WRITE;
    }
    return (uint64_t *)(uintptr_t)(LINEAR + (*entry & ENTRY_ADDRESS));
}

void *machine_map_device(uint64_t physical, size_t size)
{
    uint64_t last = physical + size - 1;
    if (size == 0 || last < physical)
        return NULL;
    if (physical >= PORTS)
        return (void *)(uintptr_t)physical;
    if (last >= PAGE_TABLE_ENTRIES * GIGABYTE)
        return NULL;

    for (uint64_t at = physical & -LARGE_PAGE; at <= last; at += LARGE_PAGE) {
        uint64_t *table = table_of(at / GIGABYTE);
        if (!table || overlaps_memory(at, at + LARGE_PAGE))
            return NULL;
        table[at / LARGE_PAGE % PAGE_TABLE_ENTRIES] =
            at | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_UNCACHED | ENTRY_ACCESSED | ENTRY_DIRTY |
            ENTRY_LARGE;
    }
    return (void *)(uintptr_t)(DEVICES + physical);
}
