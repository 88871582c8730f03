// SPDX-License-Identifier: MIT
//
// Page tables: four levels of 512 entries each (Intel 64 manual, vol. 3, 4.5).
//
// An entry is empty, or points to a table of the level below, or is a leaf: a page of 4
// KiB at level 0, of 2 MiB at level 1. Memory is mapped in the upper half of the address
// space, at a fixed distance from its place (LINEAR), with the largest leaves that fit. A
// leaf is split when part of it is to differ.
//
// The window for device registers is one entry of the root table; device.c keeps what is
// below it.
// Chapter 08.
#include <stddef.h>

#include "assembly.h"
#include "boot/board.h"
#include "device.h"
#include "error.h"
#include "image.h"
#include "machine.h"
#include "page.h"
#include "page_table.h"
#include "print.h"

enum {
    ROOT_LEVEL = 3,
    LEAF_LEVEL_MAX = 1,
    PAGE_SHIFT = 12,
    FLUSH_PAGES_MAX = 16, // from here on, forgetting all is cheaper than page by page
};

static struct {
    uint64_t *root;      // NULL: the boot tables are in use
    uint64_t no_execute; // 0 where the processor does not know that bit
} mmu;

// How many bytes an entry of that level stands for.
static uint64_t span_of(unsigned level)
{
    return 1ull << (PAGE_SHIFT + 9 * level);
}

// A page without any access keeps its address and all other bits, so that it is known to be
// memory; the processor does not look at an entry that is not PRESENT.
static uint64_t leaf_for(uintptr_t address, unsigned level, unsigned access)
{
    uint64_t bits = ENTRY_MEMORY | ENTRY_GLOBAL | ENTRY_ACCESSED | ENTRY_DIRTY;
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

static bool is_table(uint64_t entry, unsigned level)
{
    return level > 0 && (entry & (ENTRY_PRESENT | ENTRY_LARGE)) == ENTRY_PRESENT;
}

static uint64_t *table_in(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(LINEAR + (entry & ENTRY_ADDRESS));
}

static uint64_t entry_for(const uint64_t *table)
{
    return machine_dma_address(table) | ENTRY_PRESENT | ENTRY_WRITE;
}

static uint64_t *entry_in(uint64_t *table, unsigned level, uintptr_t address)
{
    return &table[address / span_of(level) % ENTRIES];
}

// All that the processor remembers of the tables is forgotten: also what it takes to be good
// in all of them, when that feature is switched (vol. 3, 4.10.4.1).
static void flush_all(void)
{
    uint64_t features = cpu_read_control(cr4);
    cpu_write_control(cr4, features & ~CR4_GLOBAL_PAGES);
    cpu_write_control(cr4, features | CR4_GLOBAL_PAGES);
}

static void flush_page(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

// The table under an entry of that level; a leaf is split into one that says the same. NULL
// when memory is out: nothing has changed then.
static uint64_t *table_under(uint64_t *entry, unsigned level)
{
    if (is_table(*entry, level))
        return table_in(*entry);
    uint64_t *table = page_alloc(1);
    if (!table)
        return NULL;

    uint64_t leaf = level == 1 ? *entry & ~(uint64_t)ENTRY_LARGE : *entry;
    if (*entry)
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = leaf + i * span_of(level - 1);
    *entry = entry_for(table);
    return table;
}

// Makes leaves for [start, end), both whole pages, as large as they can be.
static int map(uint64_t *table, unsigned level, uintptr_t start, uintptr_t end,
               unsigned access)
{
    uint64_t span = span_of(level);
    uint64_t *entry = entry_in(table, level, start);
    uintptr_t base = start & ~(span - 1), next;
    uint64_t leaf = leaf_for(base, level, access);

    for (; start < end; start = base = next, entry++, leaf += span) {
        next = base + span;
        if (level <= LEAF_LEVEL_MAX && start == base && next <= end &&
            !is_table(*entry, level)) {
            *entry = leaf;
            continue;
        }
        uint64_t *below = table_under(entry, level);
        if (!below)
            return -ENOMEM;
        int error = map(below, level - 1, start, next < end ? next : end, access);
        if (error)
            return error;
    }
    return 0;
}

static int map_image(uint64_t *root)
{
    const struct {
        const void *start, *end;
        unsigned access;
    } parts[] = {
        {text_start, text_end, MACHINE_READ | MACHINE_EXECUTE},
        {rodata_start, rodata_end, MACHINE_READ},
        {rodata_end, symbols_start, MACHINE_READ | MACHINE_WRITE}, // data, bss, stacks
        {symbols_start, image_end, MACHINE_READ},
    };

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uintptr_t start = (uintptr_t)parts[i].start, end = (uintptr_t)parts[i].end;
        int error = map(root, ROOT_LEVEL, start, end, parts[i].access);
        if (error)
            return error;
    }
    return 0;
}

struct machine_image machine_image(void)
{
    return (struct machine_image){
        .start = (uintptr_t)image_start,
        .end = (uintptr_t)image_end,
        .boot_stack_guard = (uintptr_t)boot_stack_guard,
        .trap_stack_guard = (uintptr_t)trap_stack_guard,
    };
}

// Data that cannot be executed is a feature that not every processor has.
static void enable_no_execute(void)
{
    enum { FEATURES = 0x80000001, HAS_NO_EXECUTE = 1 << 20 };
    if (!(cpu_identify(FEATURES).d & HAS_NO_EXECUTE)) {
        log_warning("vm: this processor can execute all that it can read");
        return;
    }
    cpu_write_msr(MSR_EFER, cpu_read_msr(MSR_EFER) | EFER_NO_EXECUTE);
    mmu.no_execute = ENTRY_NO_EXECUTE;
}

// The leaf, or the empty entry, that decides about an address, and its level.
static uint64_t *find_entry(uintptr_t address, unsigned *level)
{
    uint64_t *table = mmu.root;

    for (*level = ROOT_LEVEL;; --*level) {
        uint64_t *entry = entry_in(table, *level, address);
        if (!is_table(*entry, *level))
            return entry;
        table = table_in(*entry);
    }
}

// The end of the range that the entry for an address stands for.
static uintptr_t end_of_entry(uintptr_t address, unsigned level)
{
    return (address & ~(span_of(level) - 1)) + span_of(level);
}

static bool is_memory_anywhere(uint64_t start, uint64_t end)
{
    unsigned level;

    for (uintptr_t at = LINEAR + start; at < LINEAR + end; at = end_of_entry(at, level))
        if (*find_entry(at, &level) & ENTRY_MEMORY)
            return true;
    return false;
}

static void *new_table(void)
{
    return page_alloc(1);
}

int machine_vm_init(const struct memory_range *memory, unsigned count)
{
    uint64_t *root = page_alloc(1);
    if (!root)
        return -ENOMEM;

    enable_no_execute();
    int error = map_image(root);
    for (unsigned i = 0; i < count && !error; i++) {
        uint64_t start = memory[i].start, end = start + memory[i].size;
        if (start < LINEAR || end > DEVICES || end < start)
            return -EINVAL;
        error = map(root, ROOT_LEVEL, start, end, MACHINE_READ | MACHINE_WRITE);
    }
    if (error)
        return error;

    root[DEVICES_ENTRY] = entry_for(window_gigabytes) | mmu.no_execute;
    mmu.root = root;
    cpu_write_control(cr3, machine_dma_address(root));
    flush_all();
    device_set_memory(new_table, is_memory_anywhere);
    return 0;
}

// Splits leaves of memory until none reaches across `address`.
static int split_at(uintptr_t address)
{
    unsigned level;

    for (;;) {
        uint64_t *entry = find_entry(address, &level);
        if (address % span_of(level) == 0 || !(*entry & ENTRY_MEMORY))
            return 0;
        if (!table_under(entry, level))
            return -ENOMEM;
        flush_all();
    }
}

static bool is_memory(uintptr_t start, uintptr_t end)
{
    unsigned level;

    for (; start < end; start = end_of_entry(start, level))
        if (!(*find_entry(start, &level) & ENTRY_MEMORY))
            return false;
    return true;
}

int machine_vm_protect(uintptr_t address, size_t size, unsigned access)
{
    uintptr_t end = address + size;
    if (!mmu.root || address % PAGE_SIZE || size % PAGE_SIZE || end < address ||
        address < LINEAR || end > DEVICES || !is_memory(address, end))
        return -EINVAL;
    // The splits change nothing that could be seen; after them nothing can fail.
    if (size == 0)
        return 0;
    if (split_at(address) || split_at(end))
        return -ENOMEM;

    map(mmu.root, ROOT_LEVEL, address, end, access);
    if (size / PAGE_SIZE > FLUSH_PAGES_MAX)
        flush_all();
    else
        for (; address < end; address += PAGE_SIZE)
            flush_page(address);
    return 0;
}

// Nothing but memory is ever executed: the window's root entry forbids it.
unsigned machine_vm_access(uintptr_t address)
{
    unsigned level;
    int64_t upper = (int64_t)address >> 47; // 0 or -1: bits 48 to 63 repeat bit 47
    if (!mmu.root)
        return MACHINE_READ | MACHINE_WRITE | MACHINE_EXECUTE;
    if (upper != 0 && upper != -1)
        return MACHINE_NO_ACCESS;

    uint64_t entry = *find_entry(address, &level);
    if (!(entry & ENTRY_PRESENT))
        return MACHINE_NO_ACCESS;
    bool executable = entry & ENTRY_MEMORY && !(entry & ENTRY_NO_EXECUTE);
    return MACHINE_READ | (entry & ENTRY_WRITE ? MACHINE_WRITE : 0) |
           (executable ? MACHINE_EXECUTE : 0);
}
