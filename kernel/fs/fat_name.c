// SPDX-License-Identifier: MIT
//
// FAT's long names: up to 255 units of UTF-16, cut into pieces of 13, each in an entry of
// its own that older systems take for part of a volume's label. The pieces lie before the
// short entry, the last one first, and carry a checksum of the short name: who renames the
// file without knowing of them leaves pieces that belong to nobody.
//
// We speak UTF-8; characters beyond 16 bits take two units (RFC 2781). Case does not matter
// in comparisons: of Latin, Greek and Cyrillic letters, as far as 16 bits know them.
// Chapter 19.
#include "endian.h"
#include "error.h"
#include "fs/fat_parts.h"
#include "string.h"
#include "utf8.h"

enum { PIECE_UNITS = 13, LAST_PIECE = 0x40, PIECES_MAX = 20, LONG_CHECKSUM = 13 };

// ---- UTF-8 and UTF-16 ------------------------------------------------------------------

// What no name on FAT may have (the specification, "Long Directory Entries").
static bool is_allowed(int32_t code_point)
{
    return code_point >= ' ' && code_point != 0x7f &&
           !(code_point < 0x80 && strchr("\"*/:<>?\\|", code_point));
}

static unsigned put_units(uint16_t *units, int32_t code_point)
{
    if (code_point < 0x10000) {
        units[0] = (uint16_t)code_point;
        return 1;
    }
    units[0] = (uint16_t)(0xd800 + ((code_point - 0x10000) >> 10));
    units[1] = (uint16_t)(0xdc00 + ((code_point - 0x10000) & 0x3ff));
    return 2;
}

// A point at the end would be taken off by others, who then do not find the name.
int fat_units_of_name(const char *name, size_t length, uint16_t units[FAT_NAME_UNITS])
{
    unsigned count = 0;
    if (name[length - 1] == '.')
        return -EINVAL;
    while (length > 0) {
        unsigned bytes = utf8_length((unsigned char)*name);
        int32_t code_point = bytes > 0 && bytes <= length ? utf8_decode(name, bytes) : -1;
        if (!is_allowed(code_point))
            return -EINVAL;
        count += put_units(units + count, code_point); // never more units than bytes
        name += bytes;
        length -= bytes;
    }
    return (int)count;
}

static unsigned put_bytes(char *bytes, int32_t c)
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    unsigned count = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = count - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(0xf00 >> count | c);
    return count;
}

// The next character, or -1 for half of one.
static int32_t take_character(const uint16_t *units, unsigned count, unsigned *i)
{
    int32_t c = units[(*i)++];
    if (c < 0xd800 || c > 0xdfff)
        return c;
    if (c > 0xdbff || *i == count || units[*i] < 0xdc00 || units[*i] > 0xdfff)
        return -1;
    return 0x10000 + ((c - 0xd800) << 10) + (units[(*i)++] - 0xdc00);
}

// A name that has a slash in it, or is too long in UTF-8, is none for us; its file has the
// short one.
size_t fat_name_of_units(const uint16_t *units, unsigned count, char name[VFS_NAME_MAX])
{
    size_t length = 0;
    for (unsigned i = 0; i < count;) {
        char bytes[UTF8_BYTES_MAX];
        int32_t c = take_character(units, count, &i);
        if (c <= 0 || c == '/')
            return 0;
        unsigned size = put_bytes(bytes, c);
        if (length + size > VFS_NAME_MAX)
            return 0;
        memcpy(name + length, bytes, size);
        length += size;
    }
    bool is_special = (length == 1 && name[0] == '.') ||
                      (length == 2 && name[0] == '.' && name[1] == '.');
    return is_special ? 0 : length;
}

// ---- Case ------------------------------------------------------------------------------

// Ranges whose small letters are as far behind their capitals; stride 2: they alternate.
static const struct {
    uint16_t first, last;
    int16_t distance;
    uint16_t stride;
} small_letters[] = {
    {'a', 'z', -32, 1},         {0xe0, 0xf6, -32, 1},       {0xf8, 0xfe, -32, 1},
    {0xff, 0xff, 0x79, 1},      {0x101, 0x12f, -1, 2},      {0x133, 0x137, -1, 2},
    {0x13a, 0x148, -1, 2},      {0x14b, 0x177, -1, 2},      {0x17a, 0x17e, -1, 2},
    {0x3ac, 0x3ac, -38, 1},     {0x3ad, 0x3af, -37, 1},     {0x3b1, 0x3c1, -32, 1},
    {0x3c2, 0x3c2, -31, 1},     {0x3c3, 0x3cb, -32, 1},     {0x3cc, 0x3cc, -64, 1},
    {0x3cd, 0x3ce, -63, 1},     {0x430, 0x44f, -32, 1},     {0x450, 0x45f, -80, 1},
    {0x461, 0x481, -1, 2},      {0x48b, 0x4bf, -1, 2},      {0x4d1, 0x4ff, -1, 2},
};

uint16_t fat_upper_case(uint16_t unit)
{
    if (unit < 0x80)
        return unit >= 'a' && unit <= 'z' ? unit - 32 : unit;
    for (size_t i = 0; i < sizeof(small_letters) / sizeof(small_letters[0]); i++) {
        uint16_t first = small_letters[i].first;
        if (unit >= first && unit <= small_letters[i].last)
            return (unit - first) % small_letters[i].stride
                       ? unit
                       : (uint16_t)(unit + small_letters[i].distance);
    }
    return unit;
}

uint16_t fat_lower_case(uint16_t unit)
{
    for (size_t i = 0; i < sizeof(small_letters) / sizeof(small_letters[0]); i++) {
        int small = unit - small_letters[i].distance, first = small_letters[i].first;
        if (small >= first && small <= small_letters[i].last &&
            (small - first) % small_letters[i].stride == 0)
            return (uint16_t)small;
    }
    return unit;
}

bool fat_is_same_name(const uint16_t *a, unsigned a_count, const uint16_t *b, unsigned b_count)
{
    if (a_count != b_count)
        return false;
    for (unsigned i = 0; i < a_count; i++) {
        if (a[i] != b[i] && fat_upper_case(a[i]) != fat_upper_case(b[i]))
            return false;
    }
    return true;
}

// ---- Pieces ----------------------------------------------------------------------------

// Where the units of a piece lie in its entry.
static const uint8_t unit_offsets[PIECE_UNITS] = {1,  3,  5,  7,  9,  14, 16,
                                                  18, 20, 22, 24, 28, 30};

void fat_add_long_piece(struct fat_long_name *name, const uint8_t *entry, uint64_t position)
{
    unsigned piece = entry[0] & ~(unsigned)LAST_PIECE;
    bool belongs = name->count > 0 && name->next_piece > 0 && piece == name->next_piece &&
                   entry[LONG_CHECKSUM] == name->checksum;
    if (entry[0] & LAST_PIECE) {
        belongs = piece >= 1 && piece <= PIECES_MAX;
        name->count = piece * PIECE_UNITS;
        name->checksum = entry[LONG_CHECKSUM];
        name->position = position;
    }
    if (!belongs) {
        name->count = 0;
        return;
    }
    name->next_piece = piece - 1;
    for (unsigned i = 0; i < PIECE_UNITS; i++)
        name->units[(piece - 1) * PIECE_UNITS + i] = le16_read(entry + unit_offsets[i]);
}

bool fat_end_long_name(struct fat_long_name *name, const uint8_t *entry)
{
    if (name->count == 0)
        return false;
    bool complete = name->next_piece == 0 && name->checksum == fat_short_checksum(entry);
    unsigned count = 0;
    while (count < name->count && name->units[count] != 0)
        count++;
    name->count = complete && count <= FAT_NAME_UNITS ? count : 0;
    return name->count > 0;
}

// Behind the end comes a 0, and then what is no character.
void fat_make_long_piece(uint8_t *entry, const uint16_t *units, unsigned count, unsigned piece,
                         uint8_t checksum)
{
    memset(entry, 0, FAT_ENTRY_SIZE);
    entry[0] = (uint8_t)(piece | (piece == fat_long_pieces(count) ? LAST_PIECE : 0));
    entry[FAT_ATTRIBUTES] = FAT_IS_LONG;
    entry[LONG_CHECKSUM] = checksum;
    for (unsigned i = 0; i < PIECE_UNITS; i++) {
        unsigned at = (piece - 1) * PIECE_UNITS + i;
        uint16_t unit = at < count ? units[at] : at == count ? 0 : 0xffff;
        le16_write(entry + unit_offsets[i], unit);
    }
}
