// SPDX-License-Identifier: MIT
//
// Block devices: disks, behind one small struct.
//
//   block_submit(device, request)      asynchronous; request->done() is called at its end
//   block_start(device)                once for many: the device is told
//   block_read(device, sector, buffer, size), block_write(), block_flush()     sleep
//   block_find("vda"), block_next(device)
//
// A sector is 512 bytes, whatever the disk's own blocks are. Requests may end in any
// order; a write is on the disk for good only after a later flush has ended.
// Chapter 15.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "segment.h"

enum { SECTOR_SIZE = 512, BLOCK_NAME_SIZE = 16 };
#define BLOCK_SECTORS_MAX (INT64_MAX / SECTOR_SIZE) // of a disk: its bytes can be counted

enum block_operation {
    BLOCK_READ,
    BLOCK_WRITE,
    BLOCK_FLUSH,        // every write that ended before is on the disk for good
    BLOCK_DISCARD,      // nobody needs these sectors' contents any more
    BLOCK_WRITE_ZEROES, // they read as zeros afterwards
    BLOCK_OPERATIONS,
};

struct block_request {
    // Set by the caller, who keeps all of it, the memory too, until done() is called:
    enum block_operation operation;
    uint64_t sector, sectors; // sectors is 0 for BLOCK_FLUSH
    // For reading and writing: pieces of memory, together sectors * SECTOR_SIZE bytes, each
    // a multiple of SECTOR_SIZE.
    const struct segment *segments;
    unsigned segment_count;
    void (*done)(struct block_request *request); // between threads; must not sleep
    void *context;                               // the caller's
    // The outcome, for done(): 0; -EIO, which is in the log by then; -ENXIO: the device is
    // gone; -ENOSYS: it cannot discard or write zeroes after all.
    int error;
    // The block layer's and the driver's, while it is under way:
    struct list link;
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;         // what a driver puts before the data
    struct {
        uint64_t sector;
        uint32_t sectors, flags;
    } range;          // for discard and write zeroes
    uint8_t status;   // and what the device answers with
};

struct block_device;

struct block_operations {
    // Takes the request over. Never sleeps. 0; -EBUSY: no room now, it is offered again
    // after a completion; any other error: the request has failed with it.
    int (*submit)(struct block_device *device, struct block_request *request);
    void (*start)(struct block_device *device); // tells the device of all that was submitted
};

struct block_counters {
    uint64_t requests[BLOCK_OPERATIONS], sectors[BLOCK_OPERATIONS];
    uint64_t errors;
    unsigned in_flight, in_flight_most;
};

struct block_device {
    // Set by the driver, before block_add():
    const struct block_operations *operations;
    char name[BLOCK_NAME_SIZE]; // "": block_add() gives one, "vda", "vdb" ...
    uint64_t sectors;
    uint32_t block_size; // what it reads and writes at once: SECTOR_SIZE or a multiple
    bool read_only, can_flush, can_discard, can_write_zeroes;
    unsigned segments_max;   // of one request
    uint64_t sectors_max;    // of one request that reads or writes
    uint64_t segment_size_max;
    uint64_t discard_sectors_max, write_zeroes_sectors_max;
    void *data; // the driver's
    // The block layer's:
    struct list all;
    struct list waiting; // requests that the device had no room for
    bool gone;
    struct block_counters counters; // of what has ended; errors are in no other
    const char *used_by; // who has it for itself ("tsfs on /"), or NULL; see block_claim()
    void *cache;         // cache.c's
};

// ---- For drivers ------------------------------------------------------------------------
// 0; -EINVAL: what it says of itself makes no sense, or its name is taken. It stays for ever.
int block_add(struct block_device *device);
// A request has ended: calls done(), and offers those that wait for room. What is submitted
// on the way the driver starts, once for all that it completes together.
void block_complete(struct block_device *device, struct block_request *request, int error);
// The device will answer nothing any more: everything that waits, and all that is
// submitted later, fails with -ENXIO. What is in flight the driver completes itself.
void block_device_gone(struct block_device *device);

// ---- For everybody ----------------------------------------------------------------------
struct block_device *block_find(const char *name); // "vda" or "/dev/vda"; or NULL
struct block_device *block_next(struct block_device *device); // after it (NULL: the first)

// Never sleeps. 0: done() will be called, perhaps before this returns. Otherwise it will
// not be: -EINVAL: outside of the disk, not whole sectors, more than the limits of the
// device; -EROFS; -ENXIO; -ENOSYS: the device cannot. Inside of done() no block_start() is
// needed.
int block_submit(struct block_device *device, struct block_request *request);
void block_start(struct block_device *device);

// These sleep, split what is more than one request can hold, and cannot be interrupted
// (kernel/block_wait.c).
// `size` is in bytes, a multiple of SECTOR_SIZE. 0 or an error as above, -EIO among them;
// then some of it may have been done.
int block_read(struct block_device *device, uint64_t sector, void *buffer, size_t size);
int block_write(struct block_device *device, uint64_t sector, const void *bytes, size_t size);
int block_flush(struct block_device *device); // 0 at once where the device has no cache
int block_discard(struct block_device *device, uint64_t sector, uint64_t sectors);
// Writes zeros itself where the device cannot.
int block_write_zeroes(struct block_device *device, uint64_t sector, uint64_t sectors);

// One user at a time: a mounted file system. `who` is not copied. 0, or -EBUSY (then
// device->used_by says who has it).
int block_claim(struct block_device *device, const char *who);
void block_release(struct block_device *device);
