// SPDX-License-Identifier: MIT
//
// Uses the disks that a process has and tells how it went, for
// tests/system/test_host_devices.py: the first byte of each is read, then written=CHARACTER
// goes into the first block, and a flush; reads=NUMBER reads it so often.
#include "block.h"
#include "bring_up.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "machine.h"
#include "print.h"
#include "string.h"

enum { BLOCK_SIZE = 4096 };

static char bytes[BLOCK_SIZE];

static void use(struct block_device *disk)
{
    char character[8] = "";
    uint32_t size = disk->block_size;
    print("%s: %llu sectors, blocks of %u%s%s\n", disk->name, (unsigned long long)disk->sectors,
          size, disk->read_only ? ", read-only" : "", disk->can_discard ? ", discards" : "");
    if (disk->sectors == 0)
        return;
    int error = block_read(disk, 0, bytes, size);
    print("read: %s, %c\n", error_text(error), error ? '-' : bytes[0]);
    if (cmdline_value("written", character, sizeof(character)) < 0)
        return;
    memset(bytes, character[0], size);
    print("write: %s\n", error_text(block_write(disk, 0, bytes, size)));
    print("zero: %s\n",
          error_text(block_write_zeroes(disk, size / SECTOR_SIZE, size / SECTOR_SIZE)));
    print("flush: %s\n", error_text(block_flush(disk)));
}

// How many of many reads failed, which with faults depends on their seed alone.
static void read_often(struct block_device *disk, uint64_t times)
{
    unsigned failed = 0;
    for (uint64_t i = 0; i < times; i++)
        failed += block_read(disk, 0, bytes, disk->block_size) != 0;
    print("%llu reads, %u failed\n", (unsigned long long)times, failed);
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    const struct board *board = bring_up(boot);
    print("%u disks\n", virtio_probe(board, drivers));
    for (struct block_device *disk = NULL; (disk = block_next(disk));) {
        use(disk);
        read_often(disk, cmdline_number("reads", 0));
    }
    return 0;
}
