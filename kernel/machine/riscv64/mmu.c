// SPDX-License-Identifier: MIT
//
// Page tables as this processor reads them: three levels (Sv39; privileged specification 1.12,
// 4.4). Memory is mapped at its own address.
//
// Of the 512 GiB that 39 bits reach, the lower half of the root table is for memory.
// The upper half, seen at the top of the address space, is the window for device
// registers: a gigabyte of it is opened when a device in it is asked for, which needs
// no memory.
// Chapter 08.
#include <stddef.h>

#include "csr.h"
#include "device.h"
#include "error.h"
#include "image.h"
#include "machine.h"
#include "page.h"
#include "page_table.h"
#include "trap_access.h"

enum {
    WINDOW_ENTRY = PAGE_TABLE_ENTRIES / 2, // of the root table
    FLUSH_PAGES_MAX = 16, // from here on, forgetting all is cheaper than page by page
};

// Bits of an entry.
enum {
    VALID = 1 << 0,
    READ = 1 << 1,
    WRITE = 1 << 2,
    EXECUTE = 1 << 3,
    GLOBAL = 1 << 5,
    ACCESSED = 1 << 6, // with DIRTY: some processors trap while these are not set
    DIRTY = 1 << 7,
    NUMBER_SHIFT = 10, // the number of the page or table stands above
    PAGE_SHIFT = 12,
};

#define MEMORY_END (1ull << 38)       // what the lower half reaches: 256 GiB
#define WINDOW 0xffffffc000000000ull  // where the upper half begins
#define GIGABYTE (1ull << 30)

// ---- What the entries say -----------------------------------------------------------

// The same bits at every level. A page without any access keeps its address, so that it is
// known to be memory; the processor does not look at an entry that is not VALID.
static uint64_t leaf_for(uintptr_t address, unsigned level, unsigned access)
{
    uint64_t bits = GLOBAL | ACCESSED | DIRTY;
    if (access != MACHINE_NO_ACCESS)
        bits |= VALID | READ; // there is no memory that can be written but not read
    if (access & MACHINE_WRITE)
        bits |= WRITE;
    if (access & MACHINE_EXECUTE)
        bits |= EXECUTE;
    return address >> PAGE_SHIFT << NUMBER_SHIFT | bits;
}

static unsigned access_of(uint64_t leaf)
{
    if (!(leaf & VALID))
        return MACHINE_NO_ACCESS;
    return (leaf & READ ? MACHINE_READ : 0) | (leaf & WRITE ? MACHINE_WRITE : 0) |
           (leaf & EXECUTE ? MACHINE_EXECUTE : 0);
}

static uint64_t link_to(const uint64_t *table)
{
    return (uintptr_t)table >> PAGE_SHIFT << NUMBER_SHIFT | VALID;
}

static uint64_t *table_in(uint64_t entry)
{
    if ((entry & (VALID | READ | WRITE | EXECUTE)) != VALID)
        return NULL;
    return (uint64_t *)(uintptr_t)(entry >> NUMBER_SHIFT << PAGE_SHIFT);
}

static void flush(uintptr_t start, uintptr_t end)
{
    if ((end - start) / PAGE_SIZE > FLUSH_PAGES_MAX)
        __asm__ volatile("sfence.vma" : : : "memory");
    else
        for (; start < end; start += PAGE_SIZE)
            __asm__ volatile("sfence.vma %0" : : "r"(start) : "memory");
}

static const struct page_format sv39 = {
    .root_level = 2,
    .leaf_level_max = 2,
    .address_shift = PAGE_SHIFT - NUMBER_SHIFT,
    .leaf = leaf_for,
    .access = access_of,
    .link = link_to,
    .linked = table_in,
    .flush = flush,
};

// ---- What machine.h wants -----------------------------------------------------------
static struct page_table mmu = {.format = &sv39};

struct machine_image machine_image(void)
{
    return image_as_linked();
}

// A gigabyte that holds memory is not opened: its memory could be written through the
// window.
static void *map_device(uint64_t physical, size_t size)
{
    uint64_t last = physical + size - 1;
    if (last >= MEMORY_END)
        return NULL;

    for (uint64_t i = physical / GIGABYTE; i <= last / GIGABYTE; i++) {
        uint64_t *entry = &mmu.root[WINDOW_ENTRY + i];
        if (mmu.root[i])
            return NULL;
        if (!*entry) {
            *entry = leaf_for(i * GIGABYTE, sv39.root_level, MACHINE_READ | MACHINE_WRITE);
            flush(0, UINTPTR_MAX);
        }
    }
    return (void *)(uintptr_t)(WINDOW + physical);
}

int machine_vm_init(const struct machine_mapping *parts, unsigned count)
{
    const struct page_table table = {.format = &sv39, .root = page_alloc(1)};
    if (!table.root)
        return -ENOMEM;

    for (unsigned i = 0; i < count; i++) {
        if (parts[i].end > MEMORY_END)
            return -EINVAL;
        int error = page_table_map(&table, parts[i]);
        if (error)
            return error;
    }
    mmu = table;
    csr_write(satp, SATP_SV39 | (uintptr_t)mmu.root >> PAGE_SHIFT);
    flush(0, UINTPTR_MAX);
    device_set_map(map_device);
    trap_set_access(machine_vm_access);
    return 0;
}

int machine_vm_protect(uintptr_t address, size_t size, unsigned access)
{
    const struct machine_mapping part = {address, address + size, access};
    if (part.end > MEMORY_END)
        return -EINVAL;

    int error = page_table_protect(&mmu, part);
    if (!error && access & MACHINE_EXECUTE) // instructions may have been written there
        __asm__ volatile("fence.i" : : : "memory");
    return error;
}

unsigned machine_vm_access(uintptr_t address)
{
    return page_table_access(&mmu, address);
}
