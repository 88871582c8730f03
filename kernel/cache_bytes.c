// SPDX-License-Identifier: MIT
//
// Bytes of a disk, through the block cache.
//
//   cache_read(device, offset, buffer, size)
//   cache_write(device, offset, bytes, size)
//
// Any bytes, wherever blocks begin and end: copied once, between the cache and the caller.
// Long rows of whole blocks take the way past the cache.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "string.h"

// Bytes still to be moved.
struct span {
    uint64_t offset;
    uint8_t *memory;
    size_t size;
};

static void advance(struct span *span, size_t bytes)
{
    span->offset += bytes;
    span->memory += bytes;
    span->size -= bytes;
}

// What of it lies in the block that it begins in.
static size_t part_in_block(const struct span *span)
{
    size_t room = CACHE_BLOCK_SIZE - span->offset % CACHE_BLOCK_SIZE;
    return span->size < room ? span->size : room;
}

static uint64_t number_of(const struct span *span)
{
    return span->offset / CACHE_BLOCK_SIZE;
}

// Moves what can go past the cache, from here on. 1: something did; 0: nothing can.
static int move_past(struct cache_disk *disk, enum block_operation operation,
                     struct span *span)
{
    if (span->offset % CACHE_BLOCK_SIZE != 0)
        return 0;
    uint64_t count = cache_direct_run(disk, operation, number_of(span),
                                      span->size / CACHE_BLOCK_SIZE);
    if (count == 0)
        return 0;
    int error = cache_direct(disk, operation, number_of(span), span->memory, count);
    advance(span, count * CACHE_BLOCK_SIZE);
    return error ? error : 1;
}

static bool is_outside(const struct block_device *device, const struct span *span)
{
    uint64_t bytes = cache_device_bytes(device);
    return span->offset > bytes || span->size > bytes - span->offset;
}

// ---- Reading --------------------------------------------------------------------------

// Copies from the block that the span begins in.
static void copy_out(const struct cache_block *block, struct span *span)
{
    size_t part = part_in_block(span);
    memcpy(span->memory, block->data + span->offset % CACHE_BLOCK_SIZE, part);
    advance(span, part);
}

// The bytes of one block that is not simply there. `ahead`: bytes from here on that may be
// read ahead.
static int read_part(struct cache_disk *disk, struct cache_block *block, struct span *span,
                     uint64_t ahead, bool sequential)
{
    size_t within = span->offset % CACHE_BLOCK_SIZE;
    const struct cache_reach reach = {
        .wanted = (within + span->size - 1) / CACHE_BLOCK_SIZE + 1,
        .ahead = (within + ahead) / CACHE_BLOCK_SIZE,
        .sequential = sequential,
    };
    int error = cache_obtain(disk, number_of(span), CACHE_READ, &reach, &block);
    if (error)
        return error;
    copy_out(block, span);
    cache_put(block);
    return 0;
}

static int read_span(struct block_device *device, struct span span, uint64_t ahead,
                     bool sequential)
{
    struct cache_disk *disk;
    int result = is_outside(device, &span) ? -EINVAL : cache_disk_of(device, &disk);
    uint64_t end = span.offset + ahead;
    while (span.size > 0 && result >= 0) {
        if (span.size >= CACHE_DIRECT_LEAST) {
            result = move_past(disk, BLOCK_READ, &span);
            if (result != 0)
                continue;
        }
        struct cache_block *block = cache_look_up(device, number_of(&span));
        if (block && block->valid && !block->is_mark)
            copy_out(block, &span); // also while it is being written
        else
            result = read_part(disk, block, &span, end - span.offset, sequential);
    }
    return result < 0 ? result : 0;
}

int cache_read(struct block_device *device, uint64_t offset, void *buffer, size_t size)
{
    return read_span(device, (struct span){offset, buffer, size},
                     cache_device_bytes(device) - offset, false);
}

int cache_read_sequential(struct block_device *device, uint64_t offset, void *buffer,
                          size_t size, uint64_t ahead)
{
    return read_span(device, (struct span){offset, buffer, size}, ahead, true);
}

// ---- Writing --------------------------------------------------------------------------

// The bytes of one block, which has to be read first when they are not all of it.
static int write_part(struct cache_disk *disk, struct span *span)
{
    static const struct cache_reach only_this = {.wanted = 1};
    size_t within = span->offset % CACHE_BLOCK_SIZE, part = part_in_block(span);
    enum cache_need need = part < CACHE_BLOCK_SIZE ? CACHE_READ : CACHE_OVERWRITE;
    struct cache_block *block = cache_look_up(disk->device, number_of(span));
    int error = cache_obtain(disk, number_of(span), need, &only_this, &block);
    if (error)
        return error;
    memcpy(block->data + within, span->memory, part);
    cache_mark_dirty(block);
    cache_put(block);
    advance(span, part);
    return cache_writer_throttle(disk);
}

int cache_write(struct block_device *device, uint64_t offset, const void *bytes, size_t size)
{
    struct span span = {offset, (uint8_t *)bytes, size};
    struct cache_disk *disk;
    if (device->read_only || device->gone)
        return device->gone ? -ENXIO : -EROFS;
    int result = is_outside(device, &span) ? -EINVAL : cache_disk_of(device, &disk);
    while (span.size > 0 && result >= 0) {
        result = move_past(disk, BLOCK_WRITE, &span);
        if (result == 0)
            result = write_part(disk, &span);
    }
    return result < 0 ? result : 0;
}
