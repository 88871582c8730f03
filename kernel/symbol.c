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
//   files      paths, each ended by a 0; number 0 is "". None: the table is small, and has
//              neither these nor lines
//   words      that names are made of, the most frequent first, the last byte of each + 128
//   functions  by ascending address, each:
//                number   how many bytes follow in this function's entry
//                number   from the end of the one before (the first: from `base`) to its start
//                number   its length in bytes
//                name: numbers of words, to be joined by "_", each twice what it is, the
//                         last one + 1
//                number   where the table has frames: words (of 8 bytes) in the function's
//                         frame, times 16, + words from its end to the return address
//                number   where there are files, as all that follows: which one
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
    TABLE_MAGIC = 0x324d5953, // "SYM2"
    ROW_BACK = 4,             // a row steps back by at most so many lines
    ROW_LONG = 15,            // a nibble that means: the step follows
};

struct table_header {
    uint32_t magic;
    uint16_t unit;       // bytes that addresses are multiples of
    uint16_t has_frames; // 1: entries say how large frames are
    uint32_t files_size; // bytes
    uint32_t words_size;
    uint64_t base; // lowest address in the table
};
_Static_assert(sizeof(struct table_header) == 24, "as tools/symbols writes it");

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

struct table {
    struct table_header header;
    struct reader files, words, functions;
};

// False when there is none.
static bool open_table(struct table *table)
{
    struct table_header *header = &table->header;
    // As numbers: to the compiler these are two arrays, and neither is ever NULL.
    uintptr_t start = (uintptr_t)symbols_start, end = (uintptr_t)symbols_end;
    if (end - start < sizeof *header || end < start)
        return false;
    memcpy(header, symbols_start, sizeof *header);
    if (header->magic != TABLE_MAGIC)
        return false;

    struct reader rest = {(const uint8_t *)start + sizeof *header, (const uint8_t *)end};
    table->files = take_part(&rest, header->files_size);
    table->words = take_part(&rest, header->words_size);
    table->functions = rest;
    return true;
}

// Adds a word to the name, as much of it as there is room for: how long the name is then.
static size_t add_word(struct reader words, uint64_t number, char *name, size_t length)
{
    while (number > 0 && words.at < words.end)
        number -= read_byte(&words) >> 7;
    uint8_t byte = 0;
    while (words.at < words.end && byte < 0x80) {
        byte = read_byte(&words);
        if (length < SYMBOL_NAME_MAX)
            name[length++] = (char)(byte & 0x7f);
    }
    return length;
}

static void read_name(struct reader *entry, struct reader words, char *name)
{
    size_t length = 0;
    uint64_t number;
    do {
        if (length > 0 && length < SYMBOL_NAME_MAX)
            name[length++] = '_';
        number = read_number(entry);
        length = add_word(words, number >> 1, name, length);
    } while (!(number & 1) && entry->at < entry->end);
    name[length] = '\0';
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
static void read_entry(struct reader *entry, const struct table *table, uint64_t offset,
                       struct symbol *symbol)
{
    struct reader files = table->files;
    read_name(entry, table->words, symbol->name);
    uint64_t frame = table->header.has_frames ? read_number(entry) : 0;
    symbol->frame_size = (unsigned)(frame / 16 * sizeof(uintptr_t));
    symbol->return_distance = (unsigned)(frame % 16 * sizeof(uintptr_t));
    symbol->file = "";
    symbol->line = 0;
    if (table->header.files_size == 0)
        return;
    for (uint64_t i = read_number(entry) + 1; i > 0 && files.at < files.end; i--)
        symbol->file = read_string(&files);
    unsigned first_line = (unsigned)read_number(entry);
    symbol->line = find_line(entry, first_line, offset, table->header.unit);
}

bool symbol_find(uintptr_t address, struct symbol *symbol)
{
    struct table table;
    if (!open_table(&table))
        return false;

    struct reader *functions = &table.functions;
    uintptr_t end = table.header.base; // of the function before
    while (functions->at < functions->end) {
        uint64_t size = read_number(functions);
        struct reader entry = take_part(functions, size);
        uintptr_t start = end + read_number(&entry);
        end = start + read_number(&entry);
        if (address < start)
            return false;
        if (address < end) {
            symbol->start = start;
            read_entry(&entry, &table, address - start, symbol);
            return true;
        }
    }
    return false;
}

uintptr_t symbol_return_address(const struct symbol *symbol, uintptr_t sp, uintptr_t low,
                                uintptr_t high)
{
    uintptr_t place = sp + symbol->frame_size - symbol->return_distance;
    if (symbol->return_distance == 0 || place % sizeof(uintptr_t) != 0 || place < low ||
        place > high || high - place < symbol->return_distance)
        return 0;
    return *(const uintptr_t *)place;
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
