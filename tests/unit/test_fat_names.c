// SPDX-License-Identifier: MIT
//
// FAT's names and dates: long and short ones, their case, and what nobody can have.
#include "error.h"
#include "fs/fat_parts.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
}

static uint16_t units[FAT_NAME_UNITS];

static int count_units(const char *name)
{
    return fat_units_of_name(name, strlen(name), units);
}

// What a name becomes on its way to the disk and back.
static const char *there_and_back(const char *name)
{
    static char text[VFS_NAME_MAX + 1];
    int count = count_units(name);
    text[count < 0 ? 0 : fat_name_of_units(units, (unsigned)count, text)] = '\0';
    return text;
}

static void names_keep_their_characters(void)
{
    static const char *const names[] = {"a", "README.TXT", " blank", "h\xc3\xa4user",
                                        "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80.png",
                                        "a+b=c;[d],e", "..a", "...b"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK_STRING(there_and_back(names[i]), names[i]);
    CHECK_EQUAL(count_units("\xf0\x9f\x98\x80"), 2); // a pair
}

static void some_names_are_none(void)
{
    static const char *const names[] = {"a:b", "a*", "a?", "\"", "<", ">", "|", "\\", "\x7f",
                                        "a\nb", "end.", "\xc3", "\xff", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK_EQUAL(count_units(names[i]), -EINVAL);
}

static void units_that_are_no_name(void)
{
    static const uint16_t slash[] = {'a', '/', 'b'}, half[] = {0xd83d, 'a'}, end[] = {0xd83d},
                          low[] = {0xde00}, dot[] = {'.'}, dots[] = {'.', '.'};
    char name[VFS_NAME_MAX];
    CHECK_EQUAL(fat_name_of_units(slash, 3, name), 0);
    CHECK_EQUAL(fat_name_of_units(half, 2, name), 0);
    CHECK_EQUAL(fat_name_of_units(end, 1, name), 0);
    CHECK_EQUAL(fat_name_of_units(low, 1, name), 0);
    CHECK_EQUAL(fat_name_of_units(dot, 1, name), 0);
    CHECK_EQUAL(fat_name_of_units(dots, 2, name), 0);
    for (int i = 0; i < FAT_NAME_UNITS; i++)
        units[i] = 0x65e5; // three bytes each: more than a name of ours may have
    CHECK_EQUAL(fat_name_of_units(units, 86, name), 0);
    CHECK_EQUAL(fat_name_of_units(units, 85, name), 255);
}

static bool are_same(const char *a, const char *b)
{
    static uint16_t other[FAT_NAME_UNITS];
    int a_count = fat_units_of_name(a, strlen(a), other), b_count = count_units(b);
    return fat_is_same_name(other, (unsigned)a_count, units, (unsigned)b_count);
}

static void case_does_not_matter(void)
{
    CHECK(are_same("ReadMe.txt", "README.TXT"));
    CHECK(are_same("h\xc3\xa4user", "H\xc3\x84USER"));           // ä, Ä
    CHECK(are_same("\xce\xb1\xcf\x8e", "\xce\x91\xce\x8f"));     // αώ, ΑΏ
    CHECK(are_same("\xd0\xb6\xd1\x91", "\xd0\x96\xd0\x81"));     // жё, ЖЁ
    CHECK(are_same("\xc5\x82\xc3\xbf", "\xc5\x81\xc5\xb8"));     // łÿ, ŁŸ
    CHECK(!are_same("\xc3\xb7", "\xc3\x97"));                    // ÷ is no small ×
    CHECK(!are_same("a", "ab") && !are_same("a", "b") && !are_same("{", "["));
    for (unsigned unit = 0; unit < 0x10000; unit++) {
        uint16_t upper = fat_upper_case((uint16_t)unit);
        CHECK_EQUAL(fat_upper_case(upper), upper);
    }
}

// The short name that a name fits into, with the note of its case, or "".
static const char *fitting(const char *name)
{
    static char text[16];
    uint8_t entry[FAT_ENTRY_SIZE] = {0};
    if (!fat_fits_short(units, (unsigned)count_units(name), entry))
        return "";
    memcpy(text, entry, FAT_SHORT_SIZE);
    text[11] = entry[FAT_CASE] & FAT_LOWER_BASE ? 'b' : '-';
    text[12] = entry[FAT_CASE] & FAT_LOWER_EXTENSION ? 'e' : '-';
    return text;
}

static void short_names_say_it_all(void)
{
    CHECK_STRING(fitting("README.TXT"), "README  TXT--");
    CHECK_STRING(fitting("readme.txt"), "README  TXTbe");
    CHECK_STRING(fitting("Makefile"), "");
    CHECK_STRING(fitting("makefile"), "MAKEFILE   b-");
    CHECK_STRING(fitting("FILE.c"), "FILE    C  -e");
    CHECK_STRING(fitting("12345678.123"), "12345678123--");
    CHECK_STRING(fitting("123456789"), "");
    CHECK_STRING(fitting("a.html"), "");
    CHECK_STRING(fitting("a.b.c"), "");
    CHECK_STRING(fitting(".rc"), "");
    CHECK_STRING(fitting("a b"), "");
    CHECK_STRING(fitting("\xc3\xa4"), "");
}

static const char *made(const char *name, unsigned try)
{
    static char text[16];
    uint8_t entry[FAT_ENTRY_SIZE];
    fat_make_short(units, (unsigned)count_units(name), try, entry);
    memcpy(text, entry, FAT_SHORT_SIZE);
    return text;
}

static void short_names_are_made(void)
{
    CHECK_STRING(made("My Letter.text", 1), "MYLETT~1TEX");
    CHECK_STRING(made("My Letter.text", 4), "MYLETT~4TEX");
    CHECK_STRING(made("a.b.c", 1), "AB~1    C  ");
    CHECK_STRING(made(".profile", 1), "PROFIL~1   ");
    CHECK_STRING(made("a+b", 2), "A_B~2      ");
    CHECK_STRING(made(" ", 1), "~1         ");
    CHECK(memcmp(made("My Letter.text", 5), "MY", 2) == 0);
    CHECK(memcmp(made("My Letter.text", 5) + 6, "~1TEX", 5) == 0);
}

static void long_names_come_in_pieces(void)
{
    uint8_t entries[2][FAT_ENTRY_SIZE], entry[FAT_ENTRY_SIZE] = "FOURTE~1   ";
    struct fat_long_name name = {.count = 0};
    int count = count_units("fourteen chars");
    uint8_t checksum = fat_short_checksum(entry);
    CHECK_EQUAL(fat_long_pieces((unsigned)count), 2);
    fat_make_long_piece(entries[0], units, 14, 2, checksum);
    fat_make_long_piece(entries[1], units, 14, 1, checksum);
    fat_add_long_piece(&name, entries[0], 64);
    CHECK(fat_end_long_name(&(struct fat_long_name){0}, entry) == false);
    fat_add_long_piece(&name, entries[1], 96);
    CHECK(fat_end_long_name(&name, entry));
    CHECK_EQUAL(name.count, 14);
    CHECK_EQUAL(name.position, 64);
    CHECK(fat_is_same_name(name.units, 14, units, 14));

    entry[0] = 'X'; // renamed by somebody who does not know of long names
    name.count = 0;
    fat_add_long_piece(&name, entries[0], 64);
    fat_add_long_piece(&name, entries[1], 96);
    CHECK(!fat_end_long_name(&name, entry));
    fat_add_long_piece(&name, entries[1], 96); // the last one is missing
    CHECK_EQUAL(name.count, 0);
}

static void dates_last_from_1980_to_2107(void)
{
    uint8_t entry[FAT_ENTRY_SIZE];
    static const uint64_t seconds[][2] = {
        {1709210096, 1709210096},   // 2024-02-29 12:34:56
        {1709210097, 1709210096},   // every other second
        {315532800, 315532800},     // 1980-01-01
        {1, 315532800},             // and nothing before
        {4354819198, 4354819198},   // 2107-12-31 23:59:58
        {5000000000, 4354819198},
        {951782400, 951782400},     // 2000-02-29
        {4107542400, 4107542400},   // 2100-03-01: no leap year
    };
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        fat_time_write(entry, FAT_MODIFIED_DATE, FAT_MODIFIED_TIME, seconds[i][0] * 1000000000);
        CHECK_EQUAL(fat_time_read(entry, FAT_MODIFIED_DATE, FAT_MODIFIED_TIME) / 1000000000,
                    seconds[i][1]);
    }
    memset(entry, 0, sizeof(entry));
    CHECK_EQUAL(fat_time_read(entry, FAT_ACCESSED_DATE, 0), 0); // not known
}

const struct test unit_tests[] = {
    {"names keep their characters", names_keep_their_characters},
    {"some names are none", some_names_are_none},
    {"units that are no name", units_that_are_no_name},
    {"case does not matter", case_does_not_matter},
    {"short names say it all", short_names_say_it_all},
    {"short names are made", short_names_are_made},
    {"long names come in pieces", long_names_come_in_pieces},
    {"dates last from 1980 to 2107", dates_last_from_1980_to_2107},
    {0},
};
