// SPDX-License-Identifier: MIT
//
// What the tests of the block cache have in common: a small cache over disks in memory.
#pragma once

#include "cache.h"
#include "ram_disk.h"
#include "string.h"
#include "thread.h"
#include "timer.h"

enum {
    LIMIT = 64,        // blocks of the cache
    DISK_BLOCKS = 512, // of each disk
    DISK_SECTORS = DISK_BLOCKS * CACHE_BLOCK_SECTORS,
};

static uint8_t buffer[LIMIT * CACHE_BLOCK_SIZE];

static inline unsigned reads_of(const struct ram_disk *disk)
{
    return disk->requests[BLOCK_READ];
}

static inline unsigned writes_of(const struct ram_disk *disk)
{
    return disk->requests[BLOCK_WRITE];
}

static inline struct cache_statistics now(void)
{
    struct cache_statistics statistics;
    cache_statistics(&statistics);
    return statistics;
}

// Whether the bytes are what a new disk has there.
static inline bool is_original(const uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != ram_disk_byte(offset + i))
            return false;
    return true;
}

static inline bool is_filled(const uint8_t *bytes, uint8_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

// Writes the first blocks of the disk, one by one.
static inline void fill(struct ram_disk *disk, unsigned blocks, uint8_t value)
{
    memset(buffer, value, sizeof(buffer));
    for (unsigned i = 0; i < blocks; i++)
        cache_write(&disk->device, i * CACHE_BLOCK_SIZE, buffer, CACHE_BLOCK_SIZE);
}

// A thread that does it.
static inline void sync_disk(void *device)
{
    thread_exit(cache_sync(device));
}

// Ends requests by hand until a thread has ended. Its result.
static inline int finish_until_end(struct ram_disk *disk, struct thread *thread)
{
    int result;
    do {
        ram_disk_finish(disk);
    } while (thread_join(thread, &result, machine_clock_ns() + 10000) == -ETIMEDOUT);
    return result;
}
