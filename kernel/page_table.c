// SPDX-License-Identifier: MIT
//
// Page tables as processors read them: a tree of tables with 512 entries each.
//
//   page_table_map(&table, part)          maps what was not, in leaves as large as can be
//   page_table_protect(&table, part)      gives other rights to what is mapped
//   page_table_access(&table, address)    what an address may be used for
//
// An entry is empty, or links to a table of the level below, or is a leaf: a page of 4 KiB at
// level 0, of 2 MiB at level 1, of 1 GiB at level 2. A leaf is split into a table of smaller
// ones when part of it is to differ. Tables are never given back.
// Chapter 08.
#include "page_table.h"

#include "error.h"
#include "machine.h"
#include "page.h"

enum { PAGE_SHIFT = 12, LEVEL_SHIFT = 9 };

// How many bytes an entry of that level stands for.
static uint64_t span_of(unsigned level)
{
    return 1ull << (PAGE_SHIFT + LEVEL_SHIFT * level);
}

// How far two neighbouring leaves are apart.
static uint64_t step_of(const struct page_format *format, unsigned level)
{
    return span_of(level) >> format->address_shift;
}

static uint64_t *entry_in(uint64_t *table, unsigned level, uintptr_t address)
{
    return &table[address / span_of(level) % PAGE_TABLE_ENTRIES];
}

// NULL: the entry is no link.
static uint64_t *table_in(const struct page_format *format, uint64_t entry, unsigned level)
{
    return level > 0 ? format->linked(entry) : NULL;
}

// The end of what the entry for an address stands for.
static uintptr_t end_of_entry(uintptr_t address, unsigned level)
{
    return (address | (span_of(level) - 1)) + 1;
}

// The table under the entry for an address; a leaf is split into one that says the same. NULL
// when memory is out: nothing has changed then.
static uint64_t *table_under(const struct page_format *format, uint64_t *entry, unsigned level,
                             uintptr_t address)
{
    uint64_t *table = table_in(format, *entry, level);
    if (table)
        return table;
    table = page_alloc(1);
    if (!table)
        return NULL;

    if (*entry) {
        uintptr_t start = address & -span_of(level);
        uint64_t leaf = format->leaf(start, level - 1, format->access(*entry));
        uint64_t step = step_of(format, level - 1);
        for (unsigned i = 0; i < PAGE_TABLE_ENTRIES; i++, leaf += step)
            table[i] = leaf;
    }
    machine_write_barrier(); // the processor may walk here at once: it finds a whole table
    *entry = format->link(table);
    return table;
}

// Makes leaves for `part`, whole pages, as large as they can be.
static int map(const struct page_format *format, uint64_t *table, unsigned level,
               struct machine_mapping part)
{
    uint64_t span = span_of(level), step = step_of(format, level);
    uint64_t *entry = entry_in(table, level, part.start);
    uintptr_t base = part.start & -span, next;
    uint64_t leaf = format->leaf(base, level, part.access);

    for (; part.start < part.end; part.start = base = next, entry++, leaf += step) {
        next = base + span;
        bool is_whole = part.start == base && next <= part.end;
        if (is_whole && level <= format->leaf_level_max && !table_in(format, *entry, level)) {
            *entry = leaf;
            continue;
        }
        uint64_t *below = table_under(format, entry, level, base);
        if (!below)
            return -ENOMEM;
        uintptr_t end = next < part.end ? next : part.end;
        int error = map(format, below, level - 1,
                        (struct machine_mapping){part.start, end, part.access});
        if (error)
            return error;
    }
    return 0;
}

static bool is_whole_pages(struct machine_mapping part)
{
    return (part.start | part.end) % PAGE_SIZE == 0 && part.start <= part.end;
}

int page_table_map(const struct page_table *table, struct machine_mapping part)
{
    if (!is_whole_pages(part))
        return -EINVAL;
    return map(table->format, table->root, table->format->root_level, part);
}

// The leaf, or the empty entry, that decides about an address, and its level.
static uint64_t *find_entry(const struct page_table *table, uintptr_t address, unsigned *level)
{
    uint64_t *entries = table->root, *entry;

    for (*level = table->format->root_level;; --*level) {
        entry = entry_in(entries, *level, address);
        entries = table_in(table->format, *entry, *level);
        if (!entries)
            return entry;
    }
}

// Splits leaves until none reaches across `address`.
static int split_at(const struct page_table *table, uintptr_t address)
{
    unsigned level;

    for (;;) {
        uint64_t *entry = find_entry(table, address, &level);
        if (address % span_of(level) == 0 || !*entry)
            return 0;
        if (!table_under(table->format, entry, level, address))
            return -ENOMEM;
        table->format->flush(0, UINTPTR_MAX); // of links, too
    }
}

static bool is_mapped(const struct page_table *table, uintptr_t start, uintptr_t end)
{
    unsigned level;

    for (; start < end; start = end_of_entry(start, level))
        if (!*find_entry(table, start, &level))
            return false;
    return true;
}

bool page_table_is_empty(const struct page_table *table, uintptr_t start, uintptr_t end)
{
    unsigned level;

    for (; start < end; start = end_of_entry(start, level))
        if (*find_entry(table, start, &level))
            return false;
    return true;
}

int page_table_protect(const struct page_table *table, struct machine_mapping part)
{
    if (!table->root || !is_whole_pages(part) || !is_mapped(table, part.start, part.end))
        return -EINVAL;
    // The splits change nothing that could be seen; after them nothing can fail.
    if (part.start == part.end)
        return 0;
    if (split_at(table, part.start) || split_at(table, part.end))
        return -ENOMEM;
    page_table_map(table, part);
    table->format->flush(part.start, part.end);
    return 0;
}

// An address has as many bits as the levels take up; those above repeat the highest of them.
static bool can_exist(const struct page_table *table, uintptr_t address)
{
    unsigned bits = PAGE_SHIFT + LEVEL_SHIFT * (table->format->root_level + 1);
    int64_t upper = (int64_t)address >> (bits - 1);
    return upper == 0 || upper == -1;
}

unsigned page_table_access(const struct page_table *table, uintptr_t address)
{
    unsigned level;
    if (!table->root)
        return MACHINE_READ | MACHINE_WRITE | MACHINE_EXECUTE;
    if (!can_exist(table, address))
        return MACHINE_NO_ACCESS;
    return table->format->access(*find_entry(table, address, &level));
}
