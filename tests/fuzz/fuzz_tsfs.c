// SPDX-License-Identifier: MIT
//
// A fuzzer for tsfs and its fsck: an image that works is damaged as the bytes say, mounted,
// walked, read, written to, and checked and repaired. Whatever the damage: an error, never a
// hang, a panic or a wild access. After a repair all is well.
//
// Each 8 bytes are one damage: where (3 bytes: a place in the image, in units of 2), what (a
// byte: how to change it) and 4 bytes to do it with. A block that was changed gets a good
// checksum, unless the damage says otherwise, since bad ones are found at once.
#include "disk.h"

#include "crc32c.h"
#include "error.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "mkfs/fsck.h"
#include "panic.h"
#include "string.h"
#include "thread.h"

enum { BLOCKS = 256, JOURNAL = 60, DAMAGE_SIZE = 8 };

static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};

static void make_image(void)
{
    struct tsfs_make_options options = {.blocks = BLOCKS, .inodes = 150,
                                        .journal_blocks = JOURNAL, .id = "not at random"};
    int error = tsfs_make(fuzz_disk(), &options);
    vfs_init(file_systems);
    error = error ? error : vfs_mount(fuzz_disk()->name, "/", "tsfs", 0);
    ASSERT(error == 0);
    walk_fill();
    error = vfs_unmount("/");
    ASSERT(error == 0);
}

void fuzz_setup(const struct boot_info *boot)
{
    fuzz_start(boot, BLOCKS * TSFS_BLOCK_SIZE);
    make_image();
    fuzz_disk_keep();
}

static void seal(uint32_t number)
{
    const struct tsfs_superblock *s = (const void *)fuzz_disk_bytes();
    uint32_t seed = crc32c(0, s->id, sizeof(s->id)), size = TSFS_BLOCK_SIZE;
    bool is_superblock = number == 0 || number == BLOCKS - 1;
    if (is_superblock || number == 1)
        size = TSFS_SUPERBLOCK_SIZE;
    tsfs_seal(is_superblock ? 0 : seed, fuzz_disk_bytes() + number * TSFS_BLOCK_SIZE, size);
}

static void damage(const uint8_t d[DAMAGE_SIZE])
{
    uint8_t *image = fuzz_disk_bytes();
    uint32_t place = ((uint32_t)d[0] | (uint32_t)d[1] << 8 | (uint32_t)d[2] << 16) * 2;
    place %= BLOCKS * TSFS_BLOCK_SIZE - 4;
    uint32_t number = place / TSFS_BLOCK_SIZE;
    switch (d[3] & 3) {
    case 0: memcpy(image + place, d + 4, 4); break;
    case 1: memcpy(image + place, d + 4, 2); break;
    case 2: image[place] ^= d[4] | 1; break;
    case 3: // another block's contents
        memcpy(image + number * TSFS_BLOCK_SIZE, image + d[4] % BLOCKS * TSFS_BLOCK_SIZE,
               TSFS_BLOCK_SIZE);
    }
    if (!(d[3] & 4))
        seal(number);
}

static void ignore(void *context, const char *sentence)
{
}

// What fsck could repair must be good now, also in the kernel's eyes.
static void check_and_repair(void)
{
    struct fsck_result result;
    struct fsck_options options = {.report = ignore};
    if (fsck_tsfs(fuzz_disk(), &options, &result) != 0)
        return;
    options.repair = true;
    if (fsck_tsfs(fuzz_disk(), &options, &result) != 0 || result.left > 0)
        return;
    options.repair = false;
    int error = fsck_tsfs(fuzz_disk(), &options, &result);
    if (error || result.findings > 0)
        panic("after a repair fsck finds %u faults more", result.findings);
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_disk_restore();
    for (size_t i = 0; i + DAMAGE_SIZE <= size; i += DAMAGE_SIZE)
        damage(bytes + i);
    uint8_t choice = size > 0 ? bytes[size - 1] : 0;
    if (choice & 1)
        check_and_repair();
    if (vfs_mount(fuzz_disk()->name, "/", "tsfs", choice & 2 ? OS_MOUNT_READ_ONLY : 0) == 0) {
        walk_all();
        int error = vfs_unmount("/");
        ASSERT(error == 0);
    }
    if (!(choice & 1))
        check_and_repair();
    thread_yield();
}
