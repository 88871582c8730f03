// SPDX-License-Identifier: MIT
//
// What tsfs costs. tests/bench/run.py boots this image with an empty disk of 768 MiB, of
// which the first 512 become a file system, and the rest is for the raw disk it is
// measured against.
//
// Every line is "name, what: figure", the mean over many rounds. With `rates=1` on the command
// line only times are taken, which make sense without -icount.
#include "block.h"
#include "cache.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "format.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "measure.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "terminal.h"
#include "user/os.h"

enum { MIB = 1 << 20, FILE_MIB = 256, FS_MIB = 512, RATE_ROUNDS = 5, NAMES = 10000 };

static uint8_t *buffer; // a MiB

static int check(int result)
{
    if (result < 0)
        panic("fs bench: %s", error_text(result));
    return result;
}

static void report(const char *name, const char *what, uint64_t total, unsigned rounds)
{
    print("%s, %s: %llu.%02llu\n", name, what, (unsigned long long)(total / rounds),
          (unsigned long long)(total * 100 / rounds % 100));
}

// ---- Instructions ------------------------------------------------------------------------
static const char *numbered(const char *folder, unsigned i)
{
    static char path[64];
    snprintf(path, sizeof(path), "%s/file%06u", folder, i);
    return path;
}

static void create(const char *path, size_t size)
{
    int file = check(os_open(path, OS_WRITE_ONLY | OS_CREATE | OS_EXCLUSIVE));
    if (size > 0)
        check(os_write(file, buffer, size));
    os_close(file);
}

static void measure_create_unlink(const char *name, size_t size, unsigned rounds)
{
    uint64_t start = spent();
    for (unsigned i = 0; i < rounds; i++) {
        create("/small/file", size);
        check(os_unlink("/small/file"));
    }
    report(name, COUNTER_UNIT, spent() - start, rounds);
}

static void look_up(const char *folder, unsigned count, unsigned step)
{
    struct os_status status;
    for (unsigned i = 0; i < count; i += step)
        check(os_stat(numbered(folder, i), &status));
}

// What lookup, create and unlink cost in a directory that has so many names already.
static void measure_names(const char *folder, unsigned names, const char *name)
{
    enum { ROUNDS = 100 };
    uint64_t start = spent();
    look_up(folder, names, names / ROUNDS);
    report(name, "lookup", spent() - start, ROUNDS);
    start = spent();
    for (unsigned i = 0; i < ROUNDS; i++)
        check(os_link("/small/one", numbered(folder, 900000 + i * 7)));
    report(name, "create", spent() - start, ROUNDS);
    start = spent();
    for (unsigned i = 0; i < ROUNDS; i++)
        check(os_unlink(numbered(folder, 900000 + i * 7)));
    report(name, "unlink", spent() - start, ROUNDS);
}

static void fill(const char *folder, unsigned names)
{
    check(os_mkdir(folder));
    for (unsigned i = 0; i < names; i++) {
        if (i % 50000 == 0) { // a file has so many links at most
            check(os_unlink("/small/one"));
            create("/small/one", 0);
        }
        check(os_link("/small/one", numbered(folder, i)));
    }
}

// 10,000 files in one directory, in parts of 100.
static void measure_many(void)
{
    uint64_t first = 0, last = 0;
    check(os_mkdir("/many"));
    for (unsigned i = 0; i < NAMES; i += 100) {
        uint64_t start = spent();
        for (unsigned j = i; j < i + 100; j++)
            create(numbered("/many", j), 0);
        last = spent() - start;
        if (i == 0)
            first = last;
    }
    report("10,000 files", "the first 100", first, 100);
    report("10,000 files", "the last 100", last, 100);
    check(os_sync());
}

static void measure_small_io(void)
{
    enum { SIZE = 4096, BLOCKS = 64, ROUNDS = 4096 };
    create("/small/read", BLOCKS * SIZE);
    int file = check(os_open("/small/read", OS_READ_WRITE));
    for (unsigned i = 0; i < BLOCKS; i++)
        check(os_read_at(file, i * SIZE, buffer, SIZE));
    uint64_t start = spent();
    for (unsigned i = 0; i < ROUNDS; i++)
        check(os_read_at(file, i * 37 % BLOCKS * SIZE, buffer, SIZE));
    report("4 KiB read, cached", COUNTER_UNIT, spent() - start, ROUNDS);
    start = spent();
    for (unsigned i = 0; i < ROUNDS; i++)
        check(os_write_at(file, i * 37 % BLOCKS * SIZE, buffer, SIZE));
    report("4 KiB overwritten, cached", COUNTER_UNIT, spent() - start, ROUNDS);
    start = spent();
    for (unsigned i = 0; i < 64; i++) {
        check(os_write_at(file, 0, buffer, SIZE));
        check(os_fsync(file));
    }
    report("4 KiB written + fsync", COUNTER_UNIT, spent() - start, 64);
    os_close(file);
}

// ---- A MiB after the other ---------------------------------------------------------------
static void transfer_raw(struct block_device *disk, bool write, unsigned mib)
{
    for (uint64_t i = 0; i < mib; i++) {
        uint64_t sector = (FS_MIB + i) * (MIB / SECTOR_SIZE);
        check(write ? block_write(disk, sector, buffer, MIB)
                    : block_read(disk, sector, buffer, MIB));
    }
    if (write)
        check(block_flush(disk));
}

static void transfer_file(bool write, unsigned mib)
{
    int file = check(os_open("/large", write ? OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE
                                             : OS_READ_ONLY));
    for (unsigned i = 0; i < mib; i++)
        check(write ? os_write(file, buffer, MIB) : os_read(file, buffer, MIB));
    if (write)
        check(os_fsync(file));
    os_close(file);
}

static void measure_sequence(struct block_device *disk)
{
    enum { COUNTED_MIB = 64 };
    for (unsigned i = 0; i < 4; i++) {
        bool write = i < 2, raw = i % 2;
        uint64_t start = spent();
        if (raw)
            transfer_raw(disk, write, COUNTED_MIB);
        else
            transfer_file(write, COUNTED_MIB);
        uint64_t cost = spent() - start;
        report(raw ? (write ? "MiB written, raw" : "MiB read, raw")
                   : (write ? "MiB written, file" : "MiB read, file"),
               COUNTER_UNIT, cost, COUNTED_MIB);
    }
}

// ---- All of it ---------------------------------------------------------------------------
static void measure_instructions(struct block_device *disk)
{
    measure_sequence(disk);
    check(os_mkdir("/small"));
    create("/small/one", 0);
    measure_create_unlink("create + unlink, empty", 0, 2000);
    measure_create_unlink("create + unlink, 1 KiB", 1024, 2000);
    measure_small_io();
    measure_many();
    fill("/hundred", 100);
    measure_names("/hundred", 100, "100 names");
    fill("/huge", 100000);
    measure_names("/huge", 100000, "100,000 names");
}

// ---- Rates -------------------------------------------------------------------------------
// Raw disk and file take turns. A first round, which is not shown, gives the image's pages
// to the host's file.
static void measure_rates(struct block_device *disk)
{
    transfer_raw(disk, true, FILE_MIB);
    transfer_file(true, FILE_MIB);
    for (unsigned i = 0; i < 2 * RATE_ROUNDS; i++) {
        bool write = i < RATE_ROUNDS;
        uint64_t start = machine_clock_ns();
        transfer_raw(disk, write, FILE_MIB);
        uint64_t raw = machine_clock_ns() - start;
        if (write)
            check(os_unlink("/large"));
        start = machine_clock_ns();
        transfer_file(write, FILE_MIB);
        uint64_t file = machine_clock_ns() - start;
        report(write ? "write" : "read", "file against raw", raw / 1000,
               (unsigned)(file / 1000));
    }
}

static struct block_device *start_files(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};
    const struct board *board = bring_up(boot);
    terminal_init();
    process_init();
    if (virtio_probe(board, drivers) == 0)
        panic("no disk to measure: start with one");
    cache_init(0);
    vfs_init(file_systems);
    return block_next(NULL);
}

int kernel_main(const struct boot_info *boot)
{
    struct block_device *disk = start_files(boot);
    struct tsfs_make_options options = {.blocks = (uint64_t)FS_MIB * MIB / TSFS_BLOCK_SIZE};
    buffer = page_alloc(MIB / PAGE_SIZE);
    check(tsfs_make(disk, &options));
    check(vfs_mount(disk->name, "/", "tsfs", 0));
    if (cmdline_number("rates", 0))
        measure_rates(disk);
    else
        measure_instructions(disk);
    check(vfs_sync());
    return 0;
}
