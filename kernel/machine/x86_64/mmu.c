// SPDX-License-Identifier: MIT
//
// Page tables as this processor reads them: four levels (Intel 64 manual, vol. 3, 4.5), the
// two lower ones with leaves, on most processors the third one, too. Memory is mapped in the
// upper half of the address space, at a fixed distance from its place (LINEAR).
//
// The window for device registers begins at one entry of the root table; device.c keeps what
// is below it and those behind.
// Chapter 08.
#include <stddef.h>

#include "assembly.h"
#include "device.h"
#include "error.h"
#include "image.h"
#include "machine.h"
#include "page.h"
#include "page_entry.h"
#include "page_table.h"
#include "print.h"

enum { FLUSH_PAGES_MAX = 16 }; // from here on, forgetting all is cheaper than page by page

static struct {
    struct page_table table; // no root: the boot tables are in use
    uint64_t no_execute;     // 0 where the processor does not know that bit
} mmu;

// ---- What the entries say -----------------------------------------------------------

// A page without any access keeps its address, so that it is known to be memory; the processor
// does not look at an entry that is not PRESENT.
static uint64_t leaf_for(uintptr_t address, unsigned level, unsigned access)
{
    uint64_t bits = ENTRY_GLOBAL | ENTRY_ACCESSED | ENTRY_DIRTY;
    if (level > 0)
        bits |= ENTRY_LARGE;
    if (access != MACHINE_NO_ACCESS)
        bits |= ENTRY_PRESENT; // whatever is there can be read
    if (access & MACHINE_WRITE)
        bits |= ENTRY_WRITE;
    if (!(access & MACHINE_EXECUTE))
        bits |= mmu.no_execute;
    return (address - LINEAR) | bits;
}

// Device registers are never executed: the window's root entry forbids it.
static unsigned access_of(uint64_t leaf)
{
    if (!(leaf & ENTRY_PRESENT))
        return MACHINE_NO_ACCESS;
    return MACHINE_READ | (leaf & ENTRY_WRITE ? MACHINE_WRITE : 0) |
           (leaf & (ENTRY_NO_EXECUTE | ENTRY_UNCACHED) ? 0 : MACHINE_EXECUTE);
}

static uint64_t link_to(const uint64_t *table)
{
    return machine_dma_address(table) | ENTRY_PRESENT | ENTRY_WRITE;
}

static uint64_t *table_in(uint64_t entry)
{
    if ((entry & (ENTRY_PRESENT | ENTRY_LARGE)) != ENTRY_PRESENT)
        return NULL;
    return (uint64_t *)(uintptr_t)(LINEAR + (entry & ENTRY_ADDRESS));
}

// All is forgotten, also what it takes to be good in all tables, when that feature is switched
// (vol. 3, 4.10.4.1).
static void flush(uintptr_t start, uintptr_t end)
{
    if ((end - start) / PAGE_SIZE > FLUSH_PAGES_MAX) {
        uint64_t features = cpu_read_control(cr4);
        cpu_write_control(cr4, features & ~CR4_GLOBAL_PAGES);
        cpu_write_control(cr4, features | CR4_GLOBAL_PAGES);
        return;
    }
    for (; start < end; start += PAGE_SIZE)
        __asm__ volatile("invlpg (%0)" : : "r"(start) : "memory");
}

static struct page_format four_levels = {
    .root_level = 3,
    .leaf_level_max = 1, // see choose_features()
    .leaf = leaf_for,
    .access = access_of,
    .link = link_to,
    .linked = table_in,
    .flush = flush,
};

// ---- What machine.h wants -----------------------------------------------------------
struct machine_image machine_image(void)
{
    return image_as_linked();
}

// Leaves of a gigabyte, and data that cannot be executed: not every processor has them.
static void choose_features(void)
{
    enum { FEATURES = 0x80000001, HAS_NO_EXECUTE = 1 << 20, HAS_GIGABYTES = 1 << 26 };
    uint32_t features = cpu_identify(FEATURES).d;
    if (features & HAS_GIGABYTES)
        four_levels.leaf_level_max = 2;
    if (!(features & HAS_NO_EXECUTE)) {
        log_warning("vm: this processor can execute all that it can read");
        return;
    }
    cpu_write_msr(MSR_EFER, cpu_read_msr(MSR_EFER) | EFER_NO_EXECUTE);
    mmu.no_execute = ENTRY_NO_EXECUTE;
}

static bool is_memory(uint64_t start, uint64_t end)
{
    return !page_table_is_empty(&mmu.table, LINEAR + start, LINEAR + end);
}

static void *new_table(void)
{
    return page_alloc(1);
}

static bool is_in_reach(struct machine_mapping part)
{
    return part.start >= LINEAR && part.end <= DEVICES;
}

int machine_vm_init(const struct machine_mapping *parts, unsigned count)
{
    const struct page_table table = {.format = &four_levels, .root = page_alloc(1)};
    if (!table.root)
        return -ENOMEM;

    choose_features();
    for (unsigned i = 0; i < count; i++) {
        int error = is_in_reach(parts[i]) ? page_table_map(&table, parts[i]) : -EINVAL;
        if (error)
            return error;
    }
    table.root[DEVICES_ENTRY] = link_to(window_gigabytes) | mmu.no_execute;
    mmu.table = table;
    cpu_write_control(cr3, machine_dma_address(table.root));
    flush(0, UINTPTR_MAX);
    device_set_memory(&table.root[DEVICES_ENTRY], new_table, is_memory);
    return 0;
}

int machine_vm_protect(uintptr_t address, size_t size, unsigned access)
{
    const struct machine_mapping part = {address, address + size, access};
    return is_in_reach(part) ? page_table_protect(&mmu.table, part) : -EINVAL;
}

unsigned machine_vm_access(uintptr_t address)
{
    return page_table_access(&mmu.table, address);
}
