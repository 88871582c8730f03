// SPDX-License-Identifier: MIT
//
// Names for addresses: which function, and which line, an address in the image belongs to.
//
// The table (written by tools/symbols) is made to be small; a search walks through all of
// it, which costs some thousand instructions and is done for people to read, never on a
// fast path. Numbers in it are LEB128: seven bits a byte, lowest first, the high bit set on
// all but the last.
//
//   header     struct table_header
//   files      paths, each ended by a 0; number 0 is ""
//   functions  by ascending address, each:
//                number   how many bytes follow in this function's entry
//                number   from the end of the one before (the first: from `base`) to its start
//                number   its length in bytes
//                name, ended by a 0
//                number   which file
//                number   its first line
//                rows     to the end of the entry, each one byte: high nibble the step in
//                         address, in units, low nibble the step in lines + ROW_BACK. A
//                         nibble of 15 is followed by the step in full, the address before
//                         the line; a line step is signed there (lowest bit: the sign).
//
// Nothing here trusts the table: a reader of it stops at its end.
// Chapter 03.
#include "symbol.h"

#include <stddef.h>

#include "format.h"
#include "string.h"

enum {
    TABLE_MAGIC = 0x314d5953, // "SYM1"
    ROW_BACK = 4,             // a row steps back by at most so many lines
    ROW_LONG = 15,            // a nibble that means: the step follows
};

struct table_header {
    uint32_t magic;
    uint16_t unit;       // bytes that addresses are multiples of
    uint16_t files_size; // bytes
    uint64_t base;       // lowest address in the table
};
_Static_assert(sizeof(struct table_header) == 16, "as tools/symbols writes it");

// What is left to read of a part of the table.
struct reader {
    const uint8_t *at, *end;
};

static uint8_t read_byte(struct reader *reader)
{
    return reader->at < reader->end ? *reader->at++ : 0;
}

static uint64_t read_number(struct reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(reader);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return number;
}

static const char *read_string(struct reader *reader)
{
    const uint8_t *start = reader->at;
    while (reader->at < reader->end)
        if (*reader->at++ == '\0')
            return (const char *)start;
    return "";
}

// Takes the next `size` bytes, or what is left, as a part of its own.
static struct reader take_part(struct reader *reader, uint64_t size)
{
    size_t left = (size_t)(reader->end - reader->at);
    struct reader part = {reader->at, reader->at + (size < left ? size : left)};
    reader->at = part.end;
    return part;
}

// The table's two parts. False when there is no table.
static bool open_table(struct table_header *header, struct reader *files,
                       struct reader *functions)
{
    // As numbers: to the compiler these are two arrays, and neither is ever NULL.
    uintptr_t start = (uintptr_t)symbols_start, end = (uintptr_t)symbols_end;
    if (end - start < sizeof *header || end < start)
        return false;
    memcpy(header, symbols_start, sizeof *header);
    if (header->magic != TABLE_MAGIC)
        return false;

    *functions = (struct reader){(const uint8_t *)start + sizeof *header, (const uint8_t *)end};
    *files = take_part(functions, header->files_size);
    return true;
}

static int64_t read_line_step(struct reader *rows, unsigned nibble)
{
    if (nibble != ROW_LONG)
        return (int)nibble - ROW_BACK;
    uint64_t number = read_number(rows);
    return (number & 1) ? -(int64_t)(number >> 1) : (int64_t)(number >> 1);
}

// The line that the instruction `offset` bytes into the function belongs to.
static unsigned find_line(struct reader *rows, unsigned first_line, uint64_t offset,
                          unsigned unit)
{
    uint64_t at = 0, line = first_line;
    while (rows->at < rows->end) {
        uint8_t row = read_byte(rows);
        uint64_t step = row >> 4 == ROW_LONG ? read_number(rows) : row >> 4;
        at += step * unit;
        if (at > offset)
            break;
        line += (uint64_t)read_line_step(rows, row & 15);
    }
    return (unsigned)line;
}

// Reads what follows the length in a function's entry.
static void read_entry(struct reader *entry, struct reader files, uint64_t offset,
                       unsigned unit, struct symbol *symbol)
{
    symbol->name = read_string(entry);
    symbol->file = "";
    for (uint64_t i = read_number(entry) + 1; i > 0 && files.at < files.end; i--)
        symbol->file = read_string(&files);
    symbol->line = find_line(entry, (unsigned)read_number(entry), offset, unit);
}

bool symbol_find(uintptr_t address, struct symbol *symbol)
{
    struct table_header header;
    struct reader files, functions;
    if (!open_table(&header, &files, &functions))
        return false;

    uintptr_t end = header.base; // of the function before
    while (functions.at < functions.end) {
        uint64_t size = read_number(&functions);
        struct reader entry = take_part(&functions, size);
        uintptr_t start = end + read_number(&entry);
        end = start + read_number(&entry);
        if (address < start)
            return false;
        if (address < end) {
            symbol->start = start;
            read_entry(&entry, files, address - start, header.unit, symbol);
            return true;
        }
    }
    return false;
}

char *symbol_describe(uintptr_t address, char *buffer, unsigned size)
{
    struct symbol symbol;
    if (!symbol_find(address, &symbol))
        snprintf(buffer, size, "%p, in no function", (void *)address);
    else if (symbol.line == 0)
        snprintf(buffer, size, "%s+0x%llx", symbol.name,
                 (unsigned long long)(address - symbol.start));
    else
        snprintf(buffer, size, "%s+0x%llx (%s:%u)", symbol.name,
                 (unsigned long long)(address - symbol.start), symbol.file, symbol.line);
    return buffer;
}

char *symbol_describe_call(const void *return_address, char *buffer, unsigned size)
{
    return symbol_describe((uintptr_t)return_address - 1, buffer, size);
}
