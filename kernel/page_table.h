// SPDX-License-Identifier: MIT
//
// Page tables as processors read them: a tree of tables with 512 entries each.
//
//   page_table_map(&table, part)          maps what was not, in leaves as large as can be
//   page_table_protect(&table, part)      gives other rights to what is mapped
//   page_table_access(&table, address)    what an address may be used for
//
// What an entry looks like is the machine's: struct page_format. Chapter 08.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct machine_mapping;

enum { PAGE_TABLE_ENTRIES = 512 };

// Levels are counted from 0, whose leaves are pages; an entry of level n is for 512^n pages.
struct page_format {
    unsigned root_level;
    unsigned leaf_level_max; // the highest with leaves
    unsigned address_shift;  // an address stands so many bits further right in an entry
    // A leaf for what is at `address`. It is never 0, not even without any access: that
    // would be nothing.
    uint64_t (*leaf)(uintptr_t address, unsigned level, unsigned access);
    unsigned (*access)(uint64_t leaf);
    uint64_t (*link)(const uint64_t *table);
    uint64_t *(*linked)(uint64_t entry); // above level 0; NULL: the entry is no link
    // The processor is to forget what it remembers of [start, end).
    void (*flush)(uintptr_t start, uintptr_t end);
};

struct page_table {
    const struct page_format *format;
    uint64_t *root; // a page; NULL: there is no translation yet
};

// 0; -EINVAL: not page aligned; -ENOMEM: no page for a table, and a part may be mapped. No
// flush.
int page_table_map(const struct page_table *table, struct machine_mapping part);
// 0; -EINVAL: not page aligned, or not mapped everywhere; -ENOMEM: no page for a table.
// Nothing has changed then.
int page_table_protect(const struct page_table *table, struct machine_mapping part);
// Access bits (machine.h); all of them without translation.
unsigned page_table_access(const struct page_table *table, uintptr_t address);
// Whether nothing of [start, end) is mapped.
bool page_table_is_empty(const struct page_table *table, uintptr_t start, uintptr_t end);
