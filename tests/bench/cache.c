// SPDX-License-Identifier: MIT
//
// What the block cache costs. tests/bench/run.py boots this image with a disk of 64 MiB and
// prints its lines beside the bars.
//
// Every line is "name: figure", the mean over many blocks.
#include "cache.h"

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "measure.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum { MIB = 1024 * 1024, BLOCKS = 256, SIZE = CACHE_BLOCK_SIZE };

static uint8_t buffer[4 * MIB], piece[SIZE];

static void report(const char *name, uint64_t start, unsigned rounds)
{
    uint64_t total = spent() - start;
    print("%s: %llu.%llu %s\n", name, (unsigned long long)(total / rounds),
          (unsigned long long)(total * 10 / rounds % 10), COUNTER_UNIT);
}

static void check(int error)
{
    if (error)
        panic("cache bench: %s", error_text(error));
}

static void read_blocks(struct block_device *disk, uint64_t first, unsigned count)
{
    for (uint64_t i = first; i < first + count; i++)
        check(cache_read(disk, i * SIZE, piece, SIZE));
}

static void measure_small(struct block_device *disk)
{
    uint64_t start = spent();
    for (unsigned i = 0; i < BLOCKS; i++)
        memcpy(buffer + i * SIZE, piece, SIZE);
    report("4 KiB, the copy alone", start, BLOCKS);
    read_blocks(disk, 0, BLOCKS);
    start = spent();
    read_blocks(disk, 0, BLOCKS);
    report("4 KiB, hit", start, BLOCKS);
    start = spent();
    read_blocks(disk, 2 * BLOCKS, 4 * BLOCKS);
    report("4 KiB, sequential miss", start, 4 * BLOCKS);
    read_blocks(disk, 6 * BLOCKS, 6 * BLOCKS); // now something has to leave for each
    start = spent();
    read_blocks(disk, 12 * BLOCKS, 4 * BLOCKS);
    report("4 KiB, sequential miss when full", start, 4 * BLOCKS);
    start = spent();
    for (unsigned i = 0; i < BLOCKS; i++)
        check(cache_write(disk, (8ull * BLOCKS + i) * SIZE, piece, SIZE));
    check(cache_sync(disk));
    report("4 KiB written, and synced", start, BLOCKS);
}

static void measure_large(struct block_device *disk)
{
    uint64_t offset = 32 * MIB;
    check(block_read(disk, offset / SECTOR_SIZE, buffer, MIB));
    uint64_t start = spent();
    for (unsigned i = 0; i < 4; i++)
        check(block_read(disk, (offset + i * MIB) / SECTOR_SIZE, buffer + i * MIB, MIB));
    report("MiB read without it", start, 4);
    start = spent();
    for (unsigned i = 0; i < 4; i++)
        check(cache_read(disk, offset + i * MIB, buffer + i * MIB, MIB));
    report("MiB read past it", start, 4);
    start = spent();
    for (unsigned i = 0; i < 4; i++)
        check(cache_write(disk, offset + i * MIB, buffer + i * MIB, MIB));
    report("MiB written past it", start, 4);
}

int kernel_main(const struct boot_info *boot)
{
    const struct board *board = bring_up(boot);

    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    if (virtio_probe(board, drivers) == 0)
        panic("no disk: start with DISK=image, of 64 MiB");
    uint64_t start = spent();
    cache_init(8 * MIB);
    report("cache_init()", start, 1);
    measure_small(block_next(NULL));
    measure_large(block_next(NULL));
    return 0;
}
