// SPDX-License-Identifier: MIT
//
// A block device that is none: it keeps requests until a test ends them, has room for few,
// refuses when told to, and goes away.
#pragma once

#include "block.h"
#include "error.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

enum { DISK_SECTORS = 1024, ROOM_MAX = 8 };

// What the fake holds of requests, in the order they came.
static struct {
    struct block_device device;
    struct block_request *taken[ROOM_MAX];
    unsigned count, room; // room 0: each request ends before submit() returns
    int refusal;          // what submit() answers, if not 0
    unsigned starts;
    unsigned submits;
    uint64_t sector; // of the last request
    uint8_t bytes[DISK_SECTORS * SECTOR_SIZE];
} fake;

// Does what the request wants; the fake's bytes are the disk.
static inline void fake_carry_out(struct block_request *request)
{
    uint8_t *place = fake.bytes + request->sector * SECTOR_SIZE;
    fake.sector = request->sector;
    if (request->operation == BLOCK_WRITE_ZEROES)
        memset(place, 0, request->sectors * SECTOR_SIZE);
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *piece = &request->segments[i];
        if (request->operation == BLOCK_READ)
            memcpy(piece->data, place, piece->size);
        else
            memcpy(place, piece->data, piece->size);
        place += piece->size;
    }
}

static inline int fake_submit(struct block_device *device, struct block_request *request)
{
    fake.submits++;
    if (fake.refusal)
        return fake.refusal;
    if (fake.room == 0) {
        fake_carry_out(request);
        block_complete(device, request, 0);
        return 0;
    }
    if (fake.count == fake.room)
        return -EBUSY;
    fake.taken[fake.count++] = request;
    return 0;
}

static inline void fake_start(struct block_device *device)
{
    fake.starts++;
}

// Ends the i-th of those that it has.
static inline void fake_end(unsigned i, int error)
{
    struct block_request *request = fake.taken[i];
    memmove(&fake.taken[i], &fake.taken[i + 1], (--fake.count - i) * sizeof(fake.taken[0]));
    if (!error)
        fake_carry_out(request);
    block_complete(&fake.device, request, error);
}

static const struct block_operations fake_operations = {
    .submit = fake_submit,
    .start = fake_start,
};

static inline void fake_create(void)
{
    fake.device = (struct block_device){
        .operations = &fake_operations,
        .sectors = DISK_SECTORS,
        .block_size = SECTOR_SIZE,
        .can_flush = true,
        .segments_max = 4,
        .sectors_max = 64,
        .segment_size_max = 32 * SECTOR_SIZE,
    };
    block_add(&fake.device);
}

// As it was in the beginning, with room for so many requests.
static inline void fake_reset(unsigned room)
{
    fake.count = fake.starts = fake.submits = 0;
    fake.refusal = 0;
    fake.room = room;
    fake.device.gone = fake.device.read_only = false;
    fake.device.can_discard = fake.device.can_write_zeroes = false;
    fake.device.block_size = SECTOR_SIZE;
    fake.device.counters = (struct block_counters){0};
}

static uint8_t buffer[DISK_SECTORS * SECTOR_SIZE]; // a test's
