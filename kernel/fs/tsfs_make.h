// SPDX-License-Identifier: MIT
//
// Making a tsfs on a disk: mkfs.tsfs, and tests. Chapter 18.
#pragma once

#include <stdint.h>

#include "tsfs_format.h"

struct block_device;

struct tsfs_make_options {
    uint64_t blocks;         // 0: all of the disk
    uint32_t inodes;         // 0: one for every 8 KiB
    uint32_t journal_blocks; // 0: about a thirty-second of the disk, 16 MiB at most
    uint64_t now_ns;         // since 1970
    uint8_t id[16];          // random
    char label[32];
};

// Where everything lies: fills in the superblock, its header too. 0, or -EINVAL: too small
// for a file system, or for so many inodes.
int tsfs_layout(const struct tsfs_make_options *options, struct tsfs_superblock *superblock);
// Sleeps. 0, -EINVAL as above or an error of the disk; ends with a flush. What was there
// before is gone, though only a small part of the disk is written. Nothing of the disk may
// be in the cache.
int tsfs_make(struct block_device *device, const struct tsfs_make_options *options);

// tsfs_checksum.c: how blocks are sealed. `seed` is crc32c(0, superblock->id, 16).
uint32_t tsfs_checksum(uint32_t seed, const void *block, uint32_t size);
// For the superblock the seed is 0; its size, and that of the journal's head, is a sector.
void tsfs_seal(uint32_t seed, void *block, uint32_t size);
