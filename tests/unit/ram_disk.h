// SPDX-License-Identifier: MIT
//
// A disk in memory for tests: it ends requests when it is told to, or some time later, in
// any order; it counts them, and can fail.
#pragma once

#include "block.h"
#include "error.h"
#include "heap.h"
#include "panic.h"
#include "string.h"
#include "timer.h"
#include "unit.h"

enum { RAM_DISK_IN_FLIGHT = 32 };

struct ram_disk {
    struct block_device device;
    uint8_t *bytes;
    // How it behaves:
    uint64_t delay_ns;    // of each request; 0: until ram_disk_finish()
    bool in_any_order;    // a random one of those in flight ends first
    uint64_t fail_first, fail_count; // requests that touch these sectors fail
    enum block_operation fail_operation;
    // What it saw:
    unsigned requests[BLOCK_OPERATIONS];
    uint64_t last_sector, last_sectors;
    unsigned most_sectors, torn;
    // Requests in flight, and what the bytes of those that write were at their start:
    struct block_request *in_flight[RAM_DISK_IN_FLIGHT];
    uint64_t sums[RAM_DISK_IN_FLIGHT];
    unsigned count;
    uint64_t random;
    struct timer timer;
};

static inline uint64_t ram_disk_sum(const struct block_request *request)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < request->segment_count; i++) {
        const uint8_t *bytes = request->segments[i].data;
        for (size_t j = 0; j < request->segments[i].size; j += sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, bytes + j, sizeof(word)); // wherever the caller's memory begins
            sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        }
    }
    return sum;
}

static inline void ram_disk_copy(struct ram_disk *disk, const struct block_request *request)
{
    uint8_t *place = disk->bytes + request->sector * SECTOR_SIZE;
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *segment = &request->segments[i];
        if (request->operation == BLOCK_READ)
            memcpy(segment->data, place, segment->size);
        else
            memcpy(place, segment->data, segment->size);
        place += segment->size;
    }
}

static inline bool ram_disk_fails(const struct ram_disk *disk,
                                  const struct block_request *request)
{
    return request->operation == disk->fail_operation &&
           request->sector < disk->fail_first + disk->fail_count &&
           disk->fail_first < request->sector + request->sectors;
}

// Ends one request. False: none is in flight.
static inline bool ram_disk_finish(struct ram_disk *disk)
{
    if (disk->count == 0)
        return false;
    unsigned i = disk->in_any_order ? (unsigned)(unit_random(&disk->random) % disk->count) : 0;
    struct block_request *request = disk->in_flight[i];
    if (request->operation == BLOCK_WRITE && ram_disk_sum(request) != disk->sums[i])
        disk->torn++; // somebody has changed it on its way
    disk->count--;
    for (; i < disk->count; i++) {
        disk->in_flight[i] = disk->in_flight[i + 1];
        disk->sums[i] = disk->sums[i + 1];
    }
    bool fails = ram_disk_fails(disk, request);
    if (!fails && !disk->device.gone)
        ram_disk_copy(disk, request);
    block_complete(&disk->device, request, disk->device.gone ? -ENXIO : fails ? -EIO : 0);
    return true;
}

static inline void ram_disk_finish_late(struct timer *timer)
{
    struct ram_disk *disk = container_of(timer, struct ram_disk, timer);
    ram_disk_finish(disk);
    if (disk->count > 0)
        timer_start(timer, machine_clock_ns() + disk->delay_ns, ram_disk_finish_late);
}

static inline int ram_disk_submit(struct block_device *device, struct block_request *request)
{
    struct ram_disk *disk = device->data;
    if (disk->count == RAM_DISK_IN_FLIGHT)
        return -EBUSY;
    disk->requests[request->operation]++;
    if (request->operation != BLOCK_FLUSH) {
        disk->last_sector = request->sector;
        disk->last_sectors = request->sectors;
    }
    if (disk->most_sectors < request->sectors)
        disk->most_sectors = (unsigned)request->sectors;
    disk->sums[disk->count] = request->operation == BLOCK_WRITE ? ram_disk_sum(request) : 0;
    disk->in_flight[disk->count++] = request;
    return 0;
}

static inline void ram_disk_start(struct block_device *device)
{
    struct ram_disk *disk = device->data;
    if (disk->delay_ns > 0 && disk->count > 0 && !timer_is_running(&disk->timer))
        timer_start(&disk->timer, machine_clock_ns() + disk->delay_ns, ram_disk_finish_late);
}

static const struct block_operations ram_disk_operations = {
    .submit = ram_disk_submit,
    .start = ram_disk_start,
};

// Every byte says where it is, so that what is read can be told from its neighbours.
static inline uint8_t ram_disk_byte(uint64_t offset)
{
    return (uint8_t)(offset * 7 + offset / SECTOR_SIZE * 13 + 1);
}

// A disk that answers after a microsecond. It stays for ever, as block devices do.
static inline struct ram_disk *ram_disk_create(uint64_t sectors)
{
    struct ram_disk *disk = heap_alloc(sizeof(*disk));
    ASSERT(disk);
    disk->bytes = heap_alloc(sectors * SECTOR_SIZE);
    ASSERT(disk->bytes);
    for (uint64_t i = 0; i < sectors * SECTOR_SIZE; i++)
        disk->bytes[i] = ram_disk_byte(i);
    disk->device = (struct block_device){.operations = &ram_disk_operations,
                                         .sectors = sectors,
                                         .block_size = SECTOR_SIZE,
                                         .can_flush = true,
                                         .segments_max = 64,
                                         .sectors_max = UINT32_MAX,
                                         .segment_size_max = UINT32_MAX,
                                         .data = disk};
    disk->delay_ns = 1000;
    disk->random = 1;
    int error = block_add(&disk->device);
    ASSERT(!error);
    return disk;
}
