// SPDX-License-Identifier: MIT
//
// What GRUB hands over, read right; and whatever else stands there, read not beyond its end.
#include "boot/x86_64/multiboot.c"

#include "print.h"
#include "string.h"
#include "unit.h"

enum { PLACE = 0x10000, WORDS = 48 };

// Words, so that all is aligned as it comes. The second half is nobody's business.
static struct {
    uint32_t words[WORDS], beyond[WORDS];
    unsigned used;
} info;
static struct start_info found;

void unit_setup(const struct boot_info *boot)
{
}

static void begin(void)
{
    memset(&info, 0, sizeof(info));
    memset(info.beyond, 0xff, sizeof(info.beyond));
    info.used = 2;
}

// A tag with so many bytes behind its header; returns them.
static void *add(uint32_t kind, uint32_t bytes)
{
    uint32_t *tag = &info.words[info.used];
    tag[0] = kind;
    tag[1] = bytes + 8;
    info.used += (bytes + 8 + 7) / 8 * 2;
    return tag + 2;
}

static void add_memory(uint32_t entries, uint32_t entry_size)
{
    uint32_t *tag = add(TAG_MEMORY, 8 + entries * 24);
    tag[0] = entry_size;
    for (uint32_t i = 0; i < entries; i++)
        memcpy(tag + 2 + 6 * i, &(struct start_memory){0x100000 * i, 0x1000, 1, 0}, 24);
}

static const char *read_all(void)
{
    info.words[0] = info.used * 4;
    return multiboot_read(info.words, PLACE, &found);
}

static void reads_what_is_of_use(void)
{
    begin();
    add(21, 4); // kinds that are not
    memcpy(add(TAG_COMMAND_LINE, 6), "a b=c", 6);
    add(14, 20);
    add_memory(2, 24);
    add(TAG_END, 0);
    CHECK(!read_all());
    CHECK_EQUAL(found.magic, START_INFO_MAGIC);
    CHECK_EQUAL(found.version, 1);
    const char *bytes = (const char *)info.words;
    CHECK_STRING(bytes + (found.command_line - PLACE), "a b=c");
    CHECK_EQUAL(found.memory_map_count, 2);
    const struct start_memory *parts = (const void *)(bytes + (found.memory_map - PLACE));
    CHECK_EQUAL(parts[1].start, 0x100000);
    CHECK_EQUAL(parts[1].type, START_MEMORY_RAM);
}

static void what_is_wrong_is_said(void)
{
    begin();
    add(TAG_END, 0);
    CHECK(strstr(read_all(), "no memory map"));

    begin();
    add_memory(1, 24);
    CHECK(strstr(read_all(), "the tag that ends it is missing"));

    begin();
    add_memory(1, 32);
    add(TAG_END, 0);
    CHECK(strstr(read_all(), "its memory map is of a kind"));

    begin();
    memcpy(add(TAG_COMMAND_LINE, 8), "no end..", 8);
    add(TAG_END, 0);
    CHECK(strstr(read_all(), "its command line has no end"));

    begin();
    add(TAG_COMMAND_LINE, 0);
    CHECK(strstr(read_all(), "its command line has no end"));
}

static void sizes_that_cannot_be(void)
{
    static const uint32_t sizes[] = {0, 1, 7, 1000, 0x7fffffff, 0xfffffff8, 0xffffffff};
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin();
        add(21, 8);
        info.words[3] = sizes[i];
        CHECK(strstr(read_all(), "a tag is smaller"));
        info.words[0] = sizes[i];
        CHECK(multiboot_read(info.words, PLACE, &found));
    }
}

// What it finds lies inside, whatever word is changed to whatever.
static void damage(void)
{
    uint64_t seed = 20261122;
    print("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 20000; round++) {
        begin();
        memcpy(add(TAG_COMMAND_LINE, 6), "a b=c", 6);
        add_memory(2, 24);
        add(TAG_END, 0);
        info.words[0] = info.used * 4;
        for (unsigned i = unit_random(&seed) % 3; i > 0; i--)
            info.words[1 + unit_random(&seed) % (info.used - 1)] = unit_random(&seed) % 64;
        if (multiboot_read(info.words, PLACE, &found))
            continue;
        uint64_t end = found.memory_map + found.memory_map_count * sizeof(struct start_memory);
        CHECK(found.memory_map >= PLACE && end <= PLACE + info.words[0]);
        CHECK(found.command_line < PLACE + info.words[0]);
    }
}

const struct test unit_tests[] = {
    {"reads command line and memory", reads_what_is_of_use},
    {"what is wrong is said", what_is_wrong_is_said},
    {"sizes that cannot be", sizes_that_cannot_be},
    {"any damage", damage},
    {0},
};
