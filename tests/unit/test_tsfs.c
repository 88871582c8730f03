// SPDX-License-Identifier: MIT
//
// tsfs: against a model, and at its limits: full disks, large files, many names.
#include "fs_model.h"
#include "tsfs_disk.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_tsfs(boot);
}

static bool remount(void)
{
    return unit_unmount() == 0 && unit_mount() == 0;
}

static void does_what_a_model_does(void)
{
    static const struct fs_model_options options = {
        .root = "", .steps = 10000, .size_max = 50000, .remount = remount};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(unit_format(8192, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(fs_model_run(&options, seed));
    CHECK_EQUAL(unit_unmount(), 0);
}

// On a small disk with a small journal: every few operations a commit, every few commits a
// journal that is full.
static void does_it_with_little_room(void)
{
    static const struct fs_model_options options = {
        .root = "", .steps = 5000, .size_max = 5000, .remount = remount};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(unit_format(1200, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(fs_model_run(&options, seed));
    CHECK_EQUAL(unit_unmount(), 0);
}

// ---- Room -------------------------------------------------------------------------------
static uint64_t free_blocks(void)
{
    struct os_fs_info info;
    return os_fs_info("/", &info) ? 0 : info.blocks_free;
}

static uint8_t buffer[65536];

// Writes until it fails; the error.
static int fill(const char *path)
{
    int file = os_open(path, OS_WRITE_ONLY | OS_CREATE), count = file;
    while (count >= 0)
        count = os_write(file, buffer, sizeof(buffer));
    os_close(file);
    return count;
}

static void a_full_disk_can_be_emptied(void)
{
    CHECK_EQUAL(unit_format(1024, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    uint64_t before = free_blocks();
    CHECK(before > 800);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(fill("/full"), -ENOSPC);
        CHECK(free_blocks() < 10);
        CHECK_EQUAL(os_mkdir("/new"), -ENOSPC);
        CHECK_EQUAL(os_unlink("/full"), 0);
        CHECK(free_blocks() >= before - 1); // the root's names keep a block
    }
    CHECK_EQUAL(unit_unmount(), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK(free_blocks() >= before - 1);
    CHECK_EQUAL(unit_unmount(), 0);
}

static void inodes_can_be_used_up(void)
{
    char path[32];
    int error = 0, count = 0;
    CHECK_EQUAL(unit_format(1024, 60), 0);
    CHECK_EQUAL(unit_mount(), 0);
    for (; !error; count++) {
        snprintf(path, sizeof(path), "/file%d", count);
        error = unit_write_file(path, "x");
    }
    CHECK_EQUAL(error, -ENOSPC);
    CHECK_EQUAL(count, 59); // without 0 and the root, and with the one that failed
    CHECK_EQUAL(os_unlink("/file7"), 0);
    CHECK_EQUAL(unit_write_file("/again", "y"), 0);
    CHECK_STRING(unit_read_file("/again"), "y");
    CHECK_STRING(unit_read_file("/file8"), "x");
    CHECK_EQUAL(unit_unmount(), 0);
}

static void a_file_without_a_name_lives_while_it_is_open(void)
{
    char text[4] = "";
    CHECK_EQUAL(unit_format(1024, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    uint64_t before = free_blocks();
    CHECK_EQUAL(unit_write_file("/a", "one"), 0);
    int file = os_open("/a", OS_READ_WRITE);
    CHECK(file >= 0);
    CHECK_EQUAL(os_unlink("/a"), 0);
    CHECK_EQUAL(os_sync(), 0);
    CHECK_EQUAL(os_read(file, text, 3), 3);
    CHECK_STRING(text, "one");
    CHECK_EQUAL(os_close(file), 0);
    CHECK(free_blocks() >= before - 1);
    CHECK_EQUAL(unit_unmount(), 0);
}

// ---- Large files ------------------------------------------------------------------------
static void a_file_reaches_a_tebibyte(void)
{
    uint64_t end = TSFS_FILE_SIZE_MAX;
    char byte = 'x';
    CHECK_EQUAL(unit_format(1024, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    int file = os_open("/large", OS_READ_WRITE | OS_CREATE);
    CHECK_EQUAL(os_write_at(file, end - 1, &byte, 1), 1);
    CHECK_EQUAL(os_write_at(file, end, &byte, 1), -EFBIG);
    CHECK_EQUAL(os_truncate(file, end + 1), -EFBIG);
    CHECK_EQUAL(os_write_at(file, end / 2, &byte, 1), 1);
    CHECK_EQUAL(unit_size_of("/large"), end);
    byte = 0;
    CHECK_EQUAL(os_read_at(file, end - 1, &byte, 1), 1);
    CHECK_EQUAL(byte, 'x');
    CHECK_EQUAL(os_read_at(file, end / 2 + 1, &byte, 1), 1);
    CHECK_EQUAL(byte, 0);
    struct os_status status;
    CHECK_EQUAL(os_fstat(file, &status), 0);
    CHECK_EQUAL(status.blocks, 2 * 8);
    CHECK_EQUAL(os_truncate(file, 1), 0);
    CHECK_EQUAL(os_fstat(file, &status), 0);
    CHECK_EQUAL(status.blocks, 0);
    os_close(file);
    CHECK_EQUAL(unit_unmount(), 0);
}

// Every other block, in an order that splits nodes in all their places.
static void a_file_in_a_thousand_pieces(void)
{
    enum { PIECES = 1500 };
    CHECK_EQUAL(unit_format(8192, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    uint64_t before = free_blocks();
    int file = os_open("/pieces", OS_READ_WRITE | OS_CREATE);
    for (uint64_t i = 0; i < PIECES; i++) {
        uint64_t piece = i * 701 % PIECES;
        CHECK_EQUAL(os_write_at(file, piece * 8192, &piece, sizeof(piece)), sizeof(piece));
    }
    CHECK(before - free_blocks() > PIECES);
    CHECK(remount() == false); // it is open
    os_close(file);
    CHECK(remount());
    file = os_open("/pieces", OS_READ_WRITE);
    for (uint64_t i = 0; i < PIECES; i++) {
        uint64_t found[2] = {0, 1};
        CHECK_EQUAL(os_read_at(file, i * 8192, &found[0], 8), 8);
        CHECK_EQUAL(found[0], i);
        if (i + 1 < PIECES)
            CHECK_EQUAL(os_read_at(file, i * 8192 + 4096, &found[1], 8), 8);
        CHECK(found[1] == (i + 1 < PIECES ? 0 : 1));
    }
    CHECK_EQUAL(os_truncate(file, 8192 * 3 + 8), 0);
    struct os_status status;
    CHECK_EQUAL(os_fstat(file, &status), 0);
    CHECK(status.blocks >= 4 * 8 && status.blocks <= 6 * 8);
    os_close(file);
    CHECK_EQUAL(os_unlink("/pieces"), 0);
    CHECK(free_blocks() >= before - 1);
    CHECK_EQUAL(unit_unmount(), 0);
}

// ---- Many names -------------------------------------------------------------------------
static const char *numbered(unsigned i)
{
    static char path[280];
    snprintf(path, sizeof(path), "/many/%u%.*s", i, i % 7 == 0 ? 200 : 0,
             "_________________________________________________________________________________"
             "_________________________________________________________________________________"
             "____________________________________________");
    return path;
}

// Those that stay are listed once, while others come and go.
static void names_that_stay_are_listed_once(void)
{
    enum { NAMES = 3000 };
    static uint8_t seen[NAMES];
    static struct os_entry entry;
    CHECK_EQUAL(unit_format(8192, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    CHECK_EQUAL(os_mkdir("/many"), 0);
    CHECK_EQUAL(unit_write_file("/one", "1"), 0);
    for (unsigned i = 0; i < NAMES; i++)
        CHECK_EQUAL(os_link("/one", numbered(i)), 0);
    int directory = os_open("/many", OS_READ_ONLY | OS_DIRECTORY);
    unsigned step = 0;
    while (os_read_directory(directory, &entry) > 0) {
        unsigned number = 0;
        for (const char *digit = entry.name; *digit >= '0' && *digit <= '9'; digit++)
            number = number * 10 + (unsigned)(*digit - '0');
        if (number < NAMES)
            seen[number]++;
        // Odd ones go, new ones come.
        if (step < NAMES / 2 && step % 2 == 0)
            CHECK_EQUAL(os_unlink(numbered(step + 1)), 0);
        else if (step < NAMES)
            CHECK_EQUAL(os_link("/one", numbered(NAMES + step)), 0);
        step++;
    }
    for (unsigned i = 0; i < NAMES; i++)
        CHECK(seen[i] == 1 || (seen[i] == 0 && i % 2 == 1 && i <= NAMES / 2));
    os_close(directory);
    CHECK_EQUAL(unit_unmount(), 0);
}

// Finds two names that begin differently and have one hash.
static bool find_twins(char first[16], char second[16])
{
    enum { NAMES = 1 << 18 };
    struct tsfs fs = {.hash_seed = 0x0807060504030201};
    uint32_t *table = heap_alloc(NAMES * sizeof(*table)); // by hash: which name has it
    bool found = false;
    for (uint32_t i = 1; i < NAMES && !found && table; i++) {
        int length = snprintf(first, 16, "n%u", i);
        uint32_t hash = tsfs_name_hash(&fs, first, (size_t)length);
        uint32_t *place = &table[hash % NAMES];
        if (*place) {
            length = snprintf(second, 16, "n%u", *place);
            found = tsfs_name_hash(&fs, second, (size_t)length) == hash;
        }
        *place = i;
    }
    heap_free(table);
    return found;
}

static void names_with_one_hash(void)
{
    char names[2][16], path[2][20];
    struct os_entry entry;
    CHECK(find_twins(names[0], names[1]));
    CHECK_EQUAL(unit_format(1024, 0), 0);
    CHECK_EQUAL(unit_mount(), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof(path[i]), "/%s", names[i]);
        CHECK_EQUAL(unit_write_file(path[i], names[i]), 0);
    }
    CHECK_STRING(unit_read_file(path[0]), names[0]);
    CHECK_STRING(unit_read_file(path[1]), names[1]);
    // The first goes while the directory is read, and comes back in its place.
    int directory = os_open("/", OS_READ_ONLY | OS_DIRECTORY);
    CHECK_EQUAL(os_read_directory(directory, &entry), 1);
    CHECK_STRING(entry.name, names[0]);
    CHECK_EQUAL(os_unlink(path[0]), 0);
    CHECK_EQUAL(unit_write_file(path[0], "new"), 0);
    CHECK_EQUAL(os_read_directory(directory, &entry), 1);
    CHECK_STRING(entry.name, names[1]);
    CHECK_EQUAL(os_read_directory(directory, &entry), 0);
    os_close(directory);
    CHECK_EQUAL(os_unlink(path[1]), 0);
    CHECK_STRING(unit_read_file(path[0]), "new");
    CHECK_EQUAL(unit_unmount(), 0);
}

const struct test unit_tests[] = {
    {"does what a model does", does_what_a_model_does},
    {"does it with little room", does_it_with_little_room},
    {"a full disk can be emptied", a_full_disk_can_be_emptied},
    {"inodes can be used up", inodes_can_be_used_up},
    {"a file without a name lives while it is open",
     a_file_without_a_name_lives_while_it_is_open},
    {"a file reaches a tebibyte", a_file_reaches_a_tebibyte},
    {"a file in a thousand pieces", a_file_in_a_thousand_pieces},
    {"names that stay are listed once", names_that_stay_are_listed_once},
    {"names with one hash", names_with_one_hash},
    {0},
};
