// SPDX-License-Identifier: MIT
//
// FAT's short names: 8 characters, a point that is not stored, 3 more; capitals, padded with
// spaces. Every file has one. Where it says all of the name there is no long one: "README.TXT",
// and, with Windows NT's note of the case, "readme.txt" as well.
//
// Otherwise one is made up that is like the long name: "My Letter.txt" becomes "MYLETT~1.TXT",
// and after a few of these a hash takes the place of most letters, so that finding a free
// one does not take longer and longer. Chapter 19.
#include "fs/fat_parts.h"
#include "string.h"

enum { BASE = 8, EXTENSION = 3, EASY_TRIES = 4 };

// The upper half of code page 850, which mtools and mkfs.vfat take short names to be in: it
// has the letters of Western Europe.
static const uint16_t code_page_850[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8,
    0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2,
    0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc, 0x00f8, 0x00a3, 0x00d8, 0x00d7, 0x0192, 0x00e1,
    0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x00ae, 0x00ac, 0x00bd,
    0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x00c1, 0x00c2,
    0x00c0, 0x00a9, 0x2563, 0x2551, 0x2557, 0x255d, 0x00a2, 0x00a5, 0x2510, 0x2514, 0x2534,
    0x252c, 0x251c, 0x2500, 0x253c, 0x00e3, 0x00c3, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560,
    0x2550, 0x256c, 0x00a4, 0x00f0, 0x00d0, 0x00ca, 0x00cb, 0x00c8, 0x0131, 0x00cd, 0x00ce,
    0x00cf, 0x2518, 0x250c, 0x2588, 0x2584, 0x00a6, 0x00cc, 0x2580, 0x00d3, 0x00df, 0x00d4,
    0x00d2, 0x00f5, 0x00d5, 0x00b5, 0x00fe, 0x00de, 0x00da, 0x00db, 0x00d9, 0x00fd, 0x00dd,
    0x00af, 0x00b4, 0x00ad, 0x00b1, 0x2017, 0x00be, 0x00b6, 0x00a7, 0x00f7, 0x00b8, 0x00b0,
    0x00a8, 0x00b7, 0x00b9, 0x00b3, 0x00b2, 0x25a0, 0x00a0,
};

uint8_t fat_short_checksum(const uint8_t *entry)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < FAT_SHORT_SIZE; i++)
        sum = (uint8_t)((sum << 7 | sum >> 1) + entry[FAT_NAME + i]);
    return sum;
}

// ---- Reading ---------------------------------------------------------------------------

static uint16_t unit_of(uint8_t byte, bool lower)
{
    uint16_t unit = byte < 0x80 ? byte : code_page_850[byte - 0x80];
    return lower ? fat_lower_case(unit) : unit;
}

// One of the two parts, without the spaces behind it.
static unsigned put_part(const uint8_t *part, unsigned size, bool lower, uint16_t *units)
{
    while (size > 0 && part[size - 1] == ' ')
        size--;
    for (unsigned i = 0; i < size; i++)
        units[i] = unit_of(part[i], lower);
    return size;
}

unsigned fat_units_of_short(const uint8_t *entry, uint16_t units[13])
{
    uint8_t name[FAT_SHORT_SIZE];
    memcpy(name, entry + FAT_NAME, sizeof(name));
    if (name[0] == FAT_REALLY_E5)
        name[0] = FAT_REMOVED;
    unsigned count = put_part(name, BASE, entry[FAT_CASE] & FAT_LOWER_BASE, units);
    unsigned more = put_part(name + BASE, EXTENSION, entry[FAT_CASE] & FAT_LOWER_EXTENSION,
                             units + count + 1);
    if (more > 0)
        units[count++] = '.';
    return count + more;
}

// ---- Making ----------------------------------------------------------------------------

static bool is_short_character(uint16_t unit)
{
    return unit > ' ' && unit < 0x7f && !strchr("+,;=[].", unit);
}

// A part that fits as it is: all its letters are capitals, or all are small (*lower).
static bool fits_part(const uint16_t *units, unsigned count, unsigned size, uint8_t *part,
                      bool *lower)
{
    bool small = false, capital = false;
    if (count > size)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (!is_short_character(units[i]))
            return false;
        small |= units[i] >= 'a' && units[i] <= 'z';
        capital |= units[i] >= 'A' && units[i] <= 'Z';
        part[i] = (uint8_t)fat_upper_case(units[i]);
    }
    *lower = small;
    return !(small && capital);
}

// The index of the last point that has something before it; `count`: there is none.
static unsigned find_last_point(const uint16_t *units, unsigned count)
{
    for (unsigned i = count; i-- > 1;) {
        if (units[i] == '.')
            return i;
    }
    return count;
}

bool fat_fits_short(const uint16_t *units, unsigned count, uint8_t *entry)
{
    unsigned point = find_last_point(units, count);
    unsigned more = point < count ? count - point - 1 : 0;
    bool lower_base, lower_extension;
    memset(entry + FAT_NAME, ' ', FAT_SHORT_SIZE);
    if (!fits_part(units, point, BASE, entry + FAT_NAME, &lower_base) ||
        !fits_part(units + count - more, more, EXTENSION, entry + BASE, &lower_extension))
        return false;
    entry[FAT_CASE] = (uint8_t)((lower_base ? FAT_LOWER_BASE : 0) |
                                (lower_extension ? FAT_LOWER_EXTENSION : 0));
    return true;
}

// As much of a part as there is room for: no spaces, no points, and '_' for what a short name
// cannot have.
static unsigned squeeze_part(const uint16_t *units, unsigned count, unsigned size,
                             uint8_t *part)
{
    unsigned used = 0;
    for (unsigned i = 0; i < count && used < size; i++) {
        if (units[i] == ' ' || units[i] == '.')
            continue;
        uint16_t unit = fat_upper_case(units[i]);
        part[used++] = is_short_character(unit) ? (uint8_t)unit : '_';
    }
    return used;
}

// FNV-1a, of the name and the number of the try.
static uint32_t hash_of(const uint16_t *units, unsigned count, unsigned try)
{
    uint32_t hash = (2166136261u ^ try) * 16777619u;
    for (unsigned i = 0; i < count; i++)
        hash = (hash ^ fat_upper_case(units[i])) * 16777619u;
    return hash ^ hash >> 16;
}

void fat_make_short(const uint16_t *units, unsigned count, unsigned try, uint8_t *entry)
{
    uint8_t *name = entry + FAT_NAME;
    unsigned point = find_last_point(units, count);
    entry[FAT_CASE] = 0;
    memset(name, ' ', FAT_SHORT_SIZE);
    if (point < count)
        squeeze_part(units + point + 1, count - point - 1, EXTENSION, name + BASE);
    unsigned used = squeeze_part(units, point, BASE - 2, name);
    if (try > EASY_TRIES) {
        uint32_t hash = hash_of(units, count, try);
        used = used < 2 ? used : 2;
        for (unsigned digits = 4; digits > 0; digits--, hash >>= 4)
            name[used++] = (uint8_t)"0123456789ABCDEF"[hash & 15];
        try = 1;
    }
    name[used++] = '~';
    name[used] = (uint8_t)('0' + try);
}
