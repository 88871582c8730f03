// SPDX-License-Identifier: MIT
//
// Block devices for those who wait: one call, and it is done.
//
//   block_read(device, sector, buffer, size), block_write(), block_flush()
//   block_discard(device, sector, sectors), block_write_zeroes()
//
// Each makes a request on its own stack, submits it, and sleeps until done() wakes it. What
// is more than one request can hold goes in several, one after the other.
// Chapter 15.
#include "block.h"

#include "error.h"
#include "page.h"
#include "smaller.h"
#include "thread.h"

// The thread that waits is the request's context until it has ended.
static void wake_waiter(struct block_request *request)
{
    struct thread *waiter = request->context;
    request->context = NULL;
    thread_wake(waiter, 0);
}

// Not interruptible: the device still uses the request and its memory, which are the
// caller's.
static int submit_and_wait(struct block_device *device, struct block_request *request)
{
    const struct wait_reason reason = {
        .what = "disk", .name = device->name, .external = true, .uninterruptible = true};
    request->done = wake_waiter;
    request->context = thread_current();
    int error = block_submit(device, request);
    if (error)
        return error;
    block_start(device);
    while (request->context)
        thread_block(&reason, MACHINE_NEVER);
    return request->error;
}

static bool is_outside(const struct block_device *device, uint64_t sector, uint64_t sectors)
{
    return sector > device->sectors || sectors > device->sectors - sector;
}

// The most that one request of this device may hold, in whole blocks of it.
static uint64_t whole_blocks(const struct block_device *device, uint64_t sectors_max)
{
    return sectors_max & ~(uint64_t)(device->block_size / SECTOR_SIZE - 1);
}

// A buffer is one segment, so that a large one is a single request with a single piece.
static int transfer(struct block_device *device, enum block_operation operation,
                    uint64_t sector, struct segment buffer)
{
    uint64_t limit = smaller(device->sectors_max, device->segment_size_max / SECTOR_SIZE);
    uint64_t sectors_max = whole_blocks(device, limit);
    if (buffer.size % SECTOR_SIZE != 0 ||
        is_outside(device, sector, buffer.size / SECTOR_SIZE))
        return -EINVAL; // before the first piece: all of it or none

    int error = 0;
    while (buffer.size > 0 && !error) {
        uint64_t sectors = smaller(buffer.size / SECTOR_SIZE, sectors_max);
        struct segment piece = {buffer.data, sectors * SECTOR_SIZE};
        struct block_request request = {.operation = operation,
                                        .sector = sector,
                                        .sectors = sectors,
                                        .segments = &piece,
                                        .segment_count = 1};
        error = submit_and_wait(device, &request);
        sector += sectors;
        buffer.data = (char *)buffer.data + piece.size;
        buffer.size -= piece.size;
    }
    return error;
}

int block_read(struct block_device *device, uint64_t sector, void *buffer, size_t size)
{
    return transfer(device, BLOCK_READ, sector, (struct segment){buffer, size});
}

int block_write(struct block_device *device, uint64_t sector, const void *bytes, size_t size)
{
    return transfer(device, BLOCK_WRITE, sector, (struct segment){(void *)bytes, size});
}

int block_flush(struct block_device *device)
{
    struct block_request request = {.operation = BLOCK_FLUSH};
    int error = submit_and_wait(device, &request);
    return error == -ENOSYS ? 0 : error;
}

// Discarding and zeroing by the device: requests with a range and no data.
static int change_range(struct block_device *device, enum block_operation operation,
                        uint64_t sector, uint64_t sectors)
{
    uint64_t sectors_max =
        whole_blocks(device, operation == BLOCK_DISCARD ? device->discard_sectors_max
                                                        : device->write_zeroes_sectors_max);
    if (is_outside(device, sector, sectors))
        return -EINVAL;
    int error = 0;
    while (sectors > 0 && !error) {
        struct block_request request = {
            .operation = operation,
            .sector = sector,
            .sectors = smaller(sectors, sectors_max ? sectors_max : sectors),
        };
        error = submit_and_wait(device, &request);
        sector += request.sectors;
        sectors -= request.sectors;
    }
    return error;
}

int block_discard(struct block_device *device, uint64_t sector, uint64_t sectors)
{
    return change_range(device, BLOCK_DISCARD, sector, sectors);
}

// Zeros from memory: one page of them, which the device reads again and again.
static int write_zero_pages(struct block_device *device, uint64_t sector, uint64_t sectors)
{
    enum { PIECES = 16, PAGE_SECTORS = PAGE_SIZE / SECTOR_SIZE };
    void *zeros = page_alloc(1);
    if (!zeros)
        return -ENOMEM;
    struct segment pieces[PIECES];
    unsigned pieces_max = (unsigned)smaller(PIECES, device->segments_max);
    uint64_t piece_sectors = smaller(PAGE_SECTORS, device->segment_size_max / SECTOR_SIZE);
    uint64_t sectors_max = smaller(device->sectors_max, pieces_max * piece_sectors);
    int error = 0;
    while (sectors > 0 && !error) {
        uint64_t count = smaller(sectors, whole_blocks(device, sectors_max));
        struct block_request request = {.operation = BLOCK_WRITE,
                                        .sector = sector,
                                        .sectors = count,
                                        .segments = pieces};
        for (uint64_t left = count; left > 0;) {
            uint64_t piece = smaller(left, piece_sectors);
            pieces[request.segment_count++] = (struct segment){zeros, piece * SECTOR_SIZE};
            left -= piece;
        }
        error = submit_and_wait(device, &request);
        sector += count;
        sectors -= count;
    }
    page_free(zeros, 1);
    return error;
}

int block_write_zeroes(struct block_device *device, uint64_t sector, uint64_t sectors)
{
    int error = change_range(device, BLOCK_WRITE_ZEROES, sector, sectors);
    return error == -ENOSYS ? write_zero_pages(device, sector, sectors) : error;
}
