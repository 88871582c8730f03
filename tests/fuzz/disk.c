// SPDX-License-Identifier: MIT
//
// A disk in memory for fuzzers. Requests end at once. See disk.h.
#include "disk.h"

#include "block.h"
#include "cache.h"
#include "panic.h"
#include "string.h"
#include "tests/unit/threads.h"

static struct {
    struct block_device device;
    uint8_t *bytes, *kept;
    size_t size;
} disk;

static int submit(struct block_device *device, struct block_request *request)
{
    uint8_t *place = disk.bytes + request->sector * SECTOR_SIZE;
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *segment = &request->segments[i];
        if (request->operation == BLOCK_READ)
            memcpy(segment->data, place, segment->size);
        else
            memcpy(place, segment->data, segment->size);
        place += segment->size;
    }
    block_complete(device, request, 0);
    return 0;
}

static void start(struct block_device *device)
{
}

void fuzz_start(const struct boot_info *boot, size_t disk_size)
{
    static const struct block_operations operations = {submit, start};
    unit_start_time(boot);
    cache_init(0);
    disk.bytes = heap_alloc(disk_size);
    disk.kept = heap_alloc(disk_size);
    disk.size = disk_size;
    ASSERT(disk.bytes && disk.kept);
    disk.device = (struct block_device){
        .operations = &operations,
        .sectors = disk_size / SECTOR_SIZE,
        .block_size = SECTOR_SIZE,
        .segments_max = 64,
        .sectors_max = 1024,
        .segment_size_max = 1 << 20,
    };
    int error = block_add(&disk.device);
    ASSERT(error == 0);
}

struct block_device *fuzz_disk(void)
{
    return &disk.device;
}

uint8_t *fuzz_disk_bytes(void)
{
    return disk.bytes;
}

void fuzz_disk_keep(void)
{
    memcpy(disk.kept, disk.bytes, disk.size);
}

void fuzz_disk_restore(void)
{
    memcpy(disk.bytes, disk.kept, disk.size);
}
