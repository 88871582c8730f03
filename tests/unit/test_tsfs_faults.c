// SPDX-License-Identifier: MIT
//
// tsfs: disks that are damaged, cut short, or fail.
#include "print.h"
#include "tsfs_disk.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_tsfs(boot);
    log_set_console_level(LOG_ERROR);
}

// A file system with a bit of everything in it.
static int make_tree(void)
{
    char path[300], target[600];
    int error = unit_format(2048, 300);
    error = error ? error : unit_mount();
    error = error ? error : os_mkdir("/a");
    error = error ? error : os_mkdir("/a/b");
    error = error ? error : unit_write_file("/a/file", "contents");
    error = error ? error : os_link("/a/file", "/a/b/link");
    error = error ? error : os_symlink("a/file", "/short");
    memset(target, 't', sizeof(target) - 1);
    target[sizeof(target) - 1] = 0;
    error = error ? error : os_symlink(target, "/long");
    for (int i = 0; i < 60 && !error; i++) { // some leaves
        snprintf(path, sizeof(path), "/a/b/%0200d", i);
        error = unit_write_file(path, "x");
    }
    int file = os_open("/holes", OS_WRITE_ONLY | OS_CREATE);
    for (uint64_t i = 0; i < 40 && !error; i++) // a node
        error = os_write_at(file, i * 8192, "hole", 4) == 4 ? 0 : -EIO;
    os_close(file);
    return error ? error : unit_unmount();
}

// ---- One damage after the other ---------------------------------------------------------
// The kind's first block on the disk; 0: there is none.
static uint32_t find_block(uint32_t magic)
{
    for (uint32_t i = unit_superblock()->state; i < 2048; i++) {
        if (((struct tsfs_header *)unit_block(i))->magic == magic)
            return i;
    }
    return 0;
}

// Looks at everything there is. The number of errors.
static unsigned walk(const char *path)
{
    static char text[4096];
    struct os_status status;
    unsigned errors = 0;
    if (os_lstat(path, &status))
        return 1;
    if (status.type == OS_TYPE_SYMLINK)
        return os_read_link(path, text, sizeof(text)) < 0;
    int file = os_open(path, OS_READ_ONLY), count;
    if (file < 0)
        return 1;
    if (status.type == OS_TYPE_FILE) {
        for (uint64_t at = 0; at < 400000; at += sizeof(text))
            errors += os_read_at(file, at, text, sizeof(text)) < 0;
        os_close(file);
        return errors;
    }
    struct os_entry *entry = heap_alloc(sizeof(*entry));
    char *child = heap_alloc(1000);
    size_t length = strlen(path);
    unsigned limit = 1000;
    while ((count = os_read_directory(file, entry)) > 0 && limit-- > 0) {
        snprintf(child, 1000, "%s/%s", path[1] ? path : "", entry->name);
        errors += length < 500 ? walk(child) : 0;
    }
    errors += count < 0 || limit == UINT32_MAX;
    heap_free(child);
    heap_free(entry);
    os_close(file);
    return errors;
}

static void each_structure_is_missed(void)
{
    static const uint32_t kinds[] = {TSFS_MAGIC_INODES, TSFS_MAGIC_DIRECTORY, TSFS_MAGIC_TREE};
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(walk("/"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t number = find_block(kinds[i]) + (kinds[i] == TSFS_MAGIC_INODES);
        uint8_t *byte = (uint8_t *)unit_block(number) + 100;
        *byte ^= 4;
        CHECK_EQUAL(unit_mount(), 0);
        CHECK(!unit_is_read_only());
        CHECK(walk("/") > 0);
        CHECK(unit_is_read_only());
        CHECK(os_mkdir("/c") < 0);
        CHECK_EQUAL(unit_unmount(), 0);
        *byte ^= 4;
    }
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(walk("/"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

static void a_superblock_has_a_copy(void)
{
    CHECK_EQUAL(make_tree(), 0);
    unit_superblock()->blocks++;
    CHECK_EQUAL(unit_mount(), -EINVAL); // the disk's last block is none of it
    disk->device.sectors = 2048 * CACHE_BLOCK_SECTORS;
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(unit_is_read_only());
    CHECK_EQUAL(walk("/"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    disk->device.sectors = 2047 * CACHE_BLOCK_SECTORS; // cut short
    unit_superblock()->blocks--;
    CHECK_EQUAL(unit_mount(), -EINVAL);
    disk->device.sectors = 8192 * CACHE_BLOCK_SECTORS;
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

static void features_say_what_may_be_done(void)
{
    CHECK_EQUAL(make_tree(), 0);
    unit_superblock()->compatible = 1u << 31;
    unit_seal(0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(!unit_is_read_only());
    CHECK_EQUAL(unit_unmount(), 0);
    unit_superblock()->read_only_compatible = 2;
    unit_seal(0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(unit_is_read_only());
    CHECK_EQUAL(walk("/"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    unit_superblock()->incompatible = 4;
    unit_seal(0);
    CHECK_EQUAL(unit_mount(), -EINVAL);
}

// The bitmap says that a file's inode is free: it is not given away.
static void no_inode_is_given_away_twice(void)
{
    struct os_status status;
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(os_stat("/a/file", &status), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    struct tsfs_bitmap *bitmap = unit_block(unit_superblock()->inode_bitmap);
    bitmap->words[status.number / 64] &= ~(UINT64_C(1) << status.number % 64);
    unit_seal(unit_superblock()->inode_bitmap);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(unit_write_file("/new", "new"), -EIO);
    CHECK(unit_is_read_only());
    CHECK_EQUAL(unit_type_of("/new"), 0);
    CHECK_STRING(unit_read_file("/a/file"), "contents");
    CHECK_EQUAL(unit_unmount(), 0);
}

// ---- Random ones ------------------------------------------------------------------------
// Does a bit of everything; whatever it answers.
static void use(void)
{
    static uint8_t bytes[20000];
    walk("/");
    os_mkdir("/new");
    unit_write_file("/a/b/new", "n");
    os_rename("/a/b", "/new/c");
    os_link("/a/file", "/again");
    int file = os_open("/holes", OS_READ_WRITE);
    os_write_at(file, 4096, bytes, sizeof(bytes));
    os_truncate(file, 70000);
    os_close(file);
    os_unlink("/long");
    os_unlink("/holes");
    os_sync();
    walk("/");
}

// Changes a byte or a few of some block of metadata, and seals it again, so that only what
// it says is wrong.
static void damage(uint64_t *random)
{
    static const uint8_t tempting[] = {0, 1, 0xff, 0x80, 0x7f, 17, 64};
    for (unsigned tries = 1000; tries > 0; tries--) {
        uint32_t number = (uint32_t)(unit_random(random) % 2048);
        struct tsfs_header *header = unit_block(number);
        if (number > 0 && strcmp(tsfs_kind_name(header->magic), "unknown block") == 0)
            continue;
        unsigned range = unit_random(random) % 2 ? 100 : TSFS_BLOCK_SIZE;
        for (unsigned i = unit_random(random) % 3 + 1; i > 0; i--)
            ((uint8_t *)header)[unit_random(random) % range] =
                unit_random(random) % 2 ? tempting[unit_random(random) % sizeof(tempting)]
                                        : (uint8_t)unit_random(random);
        unit_seal(number);
        if (unit_random(random) % 2)
            return;
    }
}

static void anything_may_be_on_the_disk(void)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    uint8_t *image = heap_alloc(2048 * TSFS_BLOCK_SIZE);
    unsigned mounted = 0;
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(make_tree(), 0);
    memcpy(image, disk->bytes, 2048 * TSFS_BLOCK_SIZE);
    disk->device.sectors = 2048 * CACHE_BLOCK_SECTORS;
    for (int i = 0; i < 100; i++) {
        memcpy(disk->bytes, image, 2048 * TSFS_BLOCK_SIZE);
        damage(&random);
        if (unit_mount() == 0) {
            mounted++;
            use();
            CHECK_EQUAL(unit_unmount(), 0);
        }
        cache_drop(&disk->device);
    }
    disk->device.sectors = 8192 * CACHE_BLOCK_SECTORS;
    CHECK(mounted > 50);
    heap_free(image);
}

// ---- A disk that fails ------------------------------------------------------------------
static void fail(enum block_operation operation, uint64_t first, uint64_t count)
{
    disk->fail_operation = operation;
    disk->fail_first = first * CACHE_BLOCK_SECTORS;
    disk->fail_count = count * CACHE_BLOCK_SECTORS;
}

static void without_a_journal_nothing_is_written(void)
{
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(unit_write_file("/before", "1"), 0);
    CHECK_EQUAL(os_sync(), 0);
    fail(BLOCK_WRITE, unit_superblock()->journal, unit_superblock()->journal_blocks);
    CHECK_EQUAL(unit_write_file("/after", "2"), 0);
    CHECK_EQUAL(os_sync(), -EIO);
    CHECK(unit_is_read_only());
    CHECK_EQUAL(os_mkdir("/c"), -EROFS);
    CHECK_STRING(unit_read_file("/after"), "2"); // what was seen is still seen
    CHECK_EQUAL(unit_unmount(), 0);
    fail(BLOCK_WRITE, 0, 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(walk("/"), 0);
    CHECK_STRING(unit_read_file("/before"), "1");
    CHECK_EQUAL(unit_try_open("/after", OS_READ_ONLY), -ENOENT);
    CHECK_EQUAL(unit_unmount(), 0);
}

// The caller is told; later it works again, and nothing is lost.
static void contents_that_cannot_be_written_are_kept(void)
{
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    int file = os_open("/a/file", OS_READ_WRITE);
    CHECK_EQUAL(os_write(file, "CONTENTS", 8), 8);
    fail(BLOCK_WRITE, unit_superblock()->data, 2048);
    CHECK_EQUAL(os_fsync(file), -EIO);
    fail(BLOCK_WRITE, 0, 0);
    CHECK(!unit_is_read_only());
    CHECK_EQUAL(os_fsync(file), 0);
    os_close(file);
    CHECK_EQUAL(unit_unmount(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_STRING(unit_read_file("/a/b/link"), "CONTENTS");
    CHECK_EQUAL(unit_unmount(), 0);
}

static void reading_says_when_it_fails(void)
{
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    fail(BLOCK_READ, unit_superblock()->data, 2048);
    CHECK(walk("/") > 0);
    CHECK(!unit_is_read_only()); // the disk may come to itself again
    fail(BLOCK_READ, 0, 0);
    CHECK_EQUAL(walk("/"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

static const char *name_of(int i)
{
    static char path[24];
    snprintf(path, sizeof(path), "/file%d", i);
    return path;
}

// The operation fails half-way, so nothing of it may reach the disk: not even the block that
// was about to be given back.
static void what_was_to_be_freed_stays_as_it_was(void)
{
    int error = 0;
    CHECK_EQUAL(unit_format(2048, 600), 0);
    CHECK_EQUAL(unit_mount(), 0);
    for (int i = 0; i < 400; i++) // some leaves
        CHECK_EQUAL(unit_write_file(name_of(i), ""), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    fail(BLOCK_READ, unit_superblock()->block_bitmap, 1); // needed for freeing the first leaf
    for (int i = 0; i < 400 && !error; i++)
        error = os_unlink(name_of(i));
    CHECK_EQUAL(error, -EIO);
    CHECK(unit_is_read_only());
    fail(BLOCK_READ, 0, 0);
    unit_unmount();
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(walk("/"), 0);
    for (int i = 0; i < 400; i++)
        CHECK_EQUAL(unit_try_open(name_of(i), OS_READ_ONLY), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

// ---- After a crash, on a disk that must not be written ----------------------------------
static void a_journal_can_be_used_from_memory(void)
{
    uint8_t *image = heap_alloc(2048 * TSFS_BLOCK_SIZE);
    CHECK_EQUAL(make_tree(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    fail(BLOCK_WRITE, unit_superblock()->state, 1); // home, but not the journal
    CHECK_EQUAL(unit_write_file("/promised", "yes"), 0);
    CHECK_EQUAL(os_sync(), 0);
    memcpy(image, disk->bytes, 2048 * TSFS_BLOCK_SIZE); // here the power goes
    unit_unmount();
    fail(BLOCK_WRITE, 0, 0);

    memcpy(disk->bytes, image, 2048 * TSFS_BLOCK_SIZE);
    disk->device.read_only = true;
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_STRING(unit_read_file("/promised"), "yes");
    CHECK_EQUAL(os_mkdir("/c"), -EROFS);
    CHECK_EQUAL(unit_unmount(), 0);
    CHECK(memcmp(disk->bytes, image, 2048 * TSFS_BLOCK_SIZE) == 0);
    disk->device.read_only = false;
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_STRING(unit_read_file("/promised"), "yes");
    CHECK_EQUAL(unit_unmount(), 0);
    heap_free(image);
}

const struct test unit_tests[] = {
    {"each structure is missed", each_structure_is_missed},
    {"a superblock has a copy", a_superblock_has_a_copy},
    {"features say what may be done", features_say_what_may_be_done},
    {"no inode is given away twice", no_inode_is_given_away_twice},
    {"anything may be on the disk", anything_may_be_on_the_disk},
    {"without a journal nothing is written", without_a_journal_nothing_is_written},
    {"contents that cannot be written are kept", contents_that_cannot_be_written_are_kept},
    {"reading says when it fails", reading_says_when_it_fails},
    {"what was to be freed stays as it was", what_was_to_be_freed_stays_as_it_was},
    {"a journal can be used from memory", a_journal_can_be_used_from_memory},
    {0},
};
