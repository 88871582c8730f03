// SPDX-License-Identifier: MIT
//
// Device registers: from a physical address to one that can be read and written.
//
// Registers are seen through a window of the address space, 2 MiB of which are opened when a
// device in them is asked for. Its tables come with the image (entry.S) and are a part of
// vm_init()'s, so an address is good for ever. They reach 4 GiB; where something lies above,
// pages are needed for other tables. Ports are not memory: machine_inline.h.
// Chapter 05.
#include "device.h"

#include "assembly.h"
#include "image.h"
#include "machine.h"
#include "page_entry.h"
#include "page_table.h"

// What the root's entries from DEVICES_ENTRY on stand for, but the last, which has the ports.
#define WINDOW_SIZE ((PAGE_TABLE_ENTRIES - 1 - DEVICES_ENTRY) * (PAGE_TABLE_ENTRIES * GIGABYTE))

static struct {
    uint64_t *root;                                  // from DEVICES_ENTRY on
    void *(*new_table)(void);                        // NULL before vm_init()
    bool (*is_memory)(uint64_t start, uint64_t end);
} device;

void device_set_memory(uint64_t *root, void *(*new_table)(void),
                       bool (*is_memory)(uint64_t start, uint64_t end))
{
    device.root = root;
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

// Which may be a new one; NULL: no memory for it.
static uint64_t *table_under(uint64_t *entry, uint64_t bits)
{
    if (*entry == 0) {
        void *table = device.new_table ? device.new_table() : NULL;
        if (!table)
            return NULL;
        *entry = machine_dma_address(table) | bits;
    }
    return (uint64_t *)(uintptr_t)(LINEAR + (*entry & ENTRY_ADDRESS));
}

// The table of the 2 MiB pages in a gigabyte, or NULL. All of the window is as its first
// 512 GiB: nothing there is executed.
static uint64_t *table_of(uint64_t gigabyte)
{
    const uint64_t bits = ENTRY_PRESENT | ENTRY_WRITE;
    uint64_t *gigabytes = window_gigabytes;
    if (gigabyte >= PAGE_TABLE_ENTRIES && !device.root)
        return NULL;
    if (gigabyte >= PAGE_TABLE_ENTRIES)
        gigabytes = table_under(&device.root[gigabyte / PAGE_TABLE_ENTRIES],
                                bits | (device.root[0] & ENTRY_NO_EXECUTE));
    return gigabytes ? table_under(&gigabytes[gigabyte % PAGE_TABLE_ENTRIES], bits) : NULL;
}

void *machine_map_device(uint64_t physical, size_t size)
{
    uint64_t last = physical + size - 1;
    if (size == 0 || last < physical)
        return NULL;
    if (physical >= PORTS)
        return (void *)(uintptr_t)physical;
    if (last >= WINDOW_SIZE)
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
