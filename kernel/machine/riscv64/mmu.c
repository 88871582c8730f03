// SPDX-License-Identifier: MIT
//
// Page tables: three levels of 512 entries each (Sv39; privileged specification 1.12, 4.4).
//
// An entry is empty, or points to a table of the level below, or is a leaf: a page of 4
// KiB at level 0, of 2 MiB at level 1, of 1 GiB at level 2. Memory is mapped at its own
// address, with the largest leaves that fit. A leaf is split when part of it is to
// differ.
//
// Of the 512 GiB that 39 bits reach, the lower half of the root table is for memory.
// The upper half, seen at the top of the address space, is the window for device
// registers: a gigabyte of it is opened when a device in it is asked for, which needs
// no memory.
// Chapter 08.
#include <stddef.h>

#include "boot/board.h"
#include "csr.h"
#include "device.h"
#include "error.h"
#include "image.h"
#include "machine.h"
#include "page.h"
#include "trap_access.h"

enum {
    ENTRIES = 512,
    ROOT_LEVEL = 2,
    WINDOW_ENTRY = ENTRIES / 2, // of the root table
    FLUSH_PAGES_MAX = 16,       // from here on, forgetting all is cheaper than page by page
};

// Bits of an entry. A page without any access keeps its address and all other bits, so
// that it is known to be memory; the processor does not look at an entry that is not
// VALID.
enum {
    VALID = 1 << 0,
    READ = 1 << 1,
    WRITE = 1 << 2,
    EXECUTE = 1 << 3,
    GLOBAL = 1 << 5,
    ACCESSED = 1 << 6, // with DIRTY: some processors trap while these are not set
    DIRTY = 1 << 7,
    MEMORY = 1 << 8,   // free for our own use: the leaf may be changed or split
    ADDRESS_SHIFT = 10, // the number of the page or table stands above
    PAGE_SHIFT = 12,
};

#define MEMORY_END (1ull << 38)       // what the lower half reaches: 256 GiB
#define WINDOW 0xffffffc000000000ull  // where the upper half begins
#define GIGABYTE (1ull << 30)

static struct {
    uint64_t *root; // NULL: translation is off
} mmu;

static uint64_t leaf_for(uint64_t physical, unsigned access)
{
    uint64_t bits = MEMORY | GLOBAL | ACCESSED | DIRTY;
    if (access != MACHINE_NO_ACCESS)
        bits |= VALID | READ; // there is no memory that can be written but not read
    if (access & MACHINE_WRITE)
        bits |= WRITE;
    if (access & MACHINE_EXECUTE)
        bits |= EXECUTE;
    return physical >> PAGE_SHIFT << ADDRESS_SHIFT | bits;
}

static bool is_table(uint64_t entry)
{
    return (entry & (VALID | READ | WRITE | EXECUTE)) == VALID;
}

static uint64_t *table_in(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry >> ADDRESS_SHIFT << PAGE_SHIFT);
}

// How many bytes an entry of that level stands for.
static uint64_t span_of(unsigned level)
{
    return 1ull << (PAGE_SHIFT + 9 * level);
}

// How far apart the addresses in two neighbouring leaves are.
static uint64_t step_of(unsigned level)
{
    return span_of(level) >> PAGE_SHIFT << ADDRESS_SHIFT;
}

static uint64_t *entry_in(uint64_t *table, unsigned level, uintptr_t address)
{
    return &table[address / span_of(level) % ENTRIES];
}

// All that the processor remembers of the tables is forgotten.
static void flush_all(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

static void flush_page(uintptr_t address)
{
    __asm__ volatile("sfence.vma %0" : : "r"(address) : "memory");
}

// The table under an entry of that level; a leaf is split into one that says the same. NULL
// when memory is out: nothing has changed then.
static uint64_t *table_under(uint64_t *entry, unsigned level)
{
    if (is_table(*entry))
        return table_in(*entry);
    uint64_t *table = page_alloc(1);
    if (!table)
        return NULL;

    if (*entry)
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = *entry + i * step_of(level - 1);
    *entry = (uintptr_t)table >> PAGE_SHIFT << ADDRESS_SHIFT | VALID;
    return table;
}

// Makes leaves for [start, end), both whole pages, as large as they can be.
static int map(uint64_t *table, unsigned level, uintptr_t start, uintptr_t end,
               unsigned access)
{
    uint64_t span = span_of(level);
    uint64_t *entry = entry_in(table, level, start);
    uintptr_t base = start & ~(span - 1), next;
    uint64_t leaf = leaf_for(base, access), step = step_of(level);

    for (; start < end; start = base = next, entry++, leaf += step) {
        next = base + span;
        if (start == base && next <= end && !is_table(*entry)) {
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
            *entry = leaf_for(i * GIGABYTE, MACHINE_READ | MACHINE_WRITE);
            *entry &= ~(uint64_t)MEMORY;
            flush_all();
        }
    }
    return (void *)(uintptr_t)(WINDOW + physical);
}

int machine_vm_init(const struct memory_range *memory, unsigned count)
{
    uint64_t *root = page_alloc(1);
    if (!root)
        return -ENOMEM;

    int error = map_image(root);
    for (unsigned i = 0; i < count && !error; i++) {
        uint64_t start = memory[i].start, end = start + memory[i].size;
        if (end > MEMORY_END || end < start)
            return -EINVAL;
        error = map(root, ROOT_LEVEL, start, end, MACHINE_READ | MACHINE_WRITE);
    }
    if (error)
        return error;

    mmu.root = root;
    csr_write(satp, SATP_SV39 | (uintptr_t)root >> PAGE_SHIFT);
    flush_all();
    device_set_map(map_device);
    trap_set_access(machine_vm_access);
    return 0;
}

// The leaf, or the empty entry, that decides about an address, and its level.
static uint64_t *find_entry(uintptr_t address, unsigned *level)
{
    uint64_t *table = mmu.root;

    for (*level = ROOT_LEVEL;; --*level) {
        uint64_t *entry = entry_in(table, *level, address);
        if (!is_table(*entry))
            return entry;
        table = table_in(*entry);
    }
}

// Splits leaves of memory until none reaches across `address`.
static int split_at(uintptr_t address)
{
    unsigned level;

    for (;;) {
        uint64_t *entry = find_entry(address, &level);
        if (address % span_of(level) == 0 || !(*entry & MEMORY))
            return 0;
        if (!table_under(entry, level))
            return -ENOMEM;
        flush_all();
    }
}

static bool is_memory(uintptr_t start, uintptr_t end)
{
    unsigned level;

    while (start < end) {
        if (!(*find_entry(start, &level) & MEMORY))
            return false;
        start = (start & ~(span_of(level) - 1)) + span_of(level);
    }
    return true;
}

int machine_vm_protect(uintptr_t address, size_t size, unsigned access)
{
    uintptr_t end = address + size;
    if (!mmu.root || address % PAGE_SIZE || size % PAGE_SIZE || end < address ||
        end > MEMORY_END || !is_memory(address, end))
        return -EINVAL;
    // The splits change nothing that could be seen; after them nothing can fail.
    if (size == 0)
        return 0;
    if (split_at(address) || (end < MEMORY_END && split_at(end)))
        return -ENOMEM;

    map(mmu.root, ROOT_LEVEL, address, end, access);
    if (size / PAGE_SIZE > FLUSH_PAGES_MAX)
        flush_all();
    else
        for (; address < end; address += PAGE_SIZE)
            flush_page(address);
    if (access & MACHINE_EXECUTE) // instructions may have been written there
        __asm__ volatile("fence.i" : : : "memory");
    return 0;
}

unsigned machine_vm_access(uintptr_t address)
{
    unsigned level;
    int64_t upper = (int64_t)address >> 38; // 0 or -1: bits 39 to 63 repeat bit 38
    if (!mmu.root)
        return MACHINE_READ | MACHINE_WRITE | MACHINE_EXECUTE;
    if (upper != 0 && upper != -1)
        return MACHINE_NO_ACCESS;

    uint64_t entry = *find_entry(address, &level);
    if (!(entry & VALID))
        return MACHINE_NO_ACCESS;
    return (entry & READ ? MACHINE_READ : 0) | (entry & WRITE ? MACHINE_WRITE : 0) |
           (entry & EXECUTE ? MACHINE_EXECUTE : 0);
}
