// SPDX-License-Identifier: MIT
//
// Reading for the block cache: what was asked for, and what will be.
//
//   cache_fetch(disk, number, reach)      a block that is not there, and some behind it
//   cache_read_on(disk, block, reach)     the reader has come to a mark
//
// A disk serves one large request faster than many small ones, and while the reader is busy
// with what it has. So who reads in sequence gets more than was asked for: a window of
// blocks, twice as large each time. The first block of what was not asked for carries a
// mark; when the reader comes to it, the next window is read, and is there in time.
//
// Sequence shows when a block is read where somebody left off. For that a few streams are
// remembered for each disk; a read that continues none takes the place of one, in turn.
// Nothing of this costs a reader whose blocks are there.
// Chapter 16.
#include "cache_parts.h"

#include "machine.h"
#include "smaller.h"

enum { WINDOW_FIRST = 4, WINDOW_MOST = CACHE_TRANSFER_BLOCKS };

static struct {
    uint64_t blocks; // that nobody had asked for
} read_ahead;

// The stream that a read of this block continues, or NULL.
static struct cache_stream *find_stream(struct cache_disk *disk, uint64_t number)
{
    for (unsigned i = 0; i < CACHE_STREAMS; i++) {
        struct cache_stream *stream = &disk->streams[i];
        if (number - stream->start <= stream->end - stream->start && stream->end > 0)
            return stream;
    }
    return NULL;
}

static struct cache_stream *replace_stream(struct cache_disk *disk)
{
    struct cache_stream *stream = &disk->streams[disk->next_stream];
    disk->next_stream = (disk->next_stream + 1) % CACHE_STREAMS;
    *stream = (struct cache_stream){0};
    return stream;
}

// A larger window, as far as the cache has room for many.
static unsigned next_window(const struct cache_stream *stream)
{
    unsigned window = stream->window ? 2 * stream->window : WINDOW_FIRST;
    return (unsigned)smaller(window, smaller(WINDOW_MOST, cache_blocks_max() / 8));
}

// Where reading several together failed, they are read one by one.
static bool is_suspect(const struct cache_disk *disk, uint64_t number)
{
    return number - disk->suspect_first < disk->suspect_count;
}

// Whether a read that begins with `first` may have this block as well.
static bool may_join(const struct cache_disk *disk, uint64_t first, uint64_t number)
{
    if (number > first && (is_suspect(disk, first) || is_suspect(disk, number)))
        return false;
    return !cache_find(disk->device, number) && !cache_is_blocked(disk, number);
}

// Puts blocks that are not in the cache into a read, up to `count`. Returns how many.
static uint64_t fill(struct cache_transfer *transfer, struct cache_disk *disk,
                     uint64_t number, uint64_t count)
{
    cache_transfer_begin(transfer, disk, BLOCK_READ, number);
    for (uint64_t i = 0; i < count; i++) {
        struct cache_block *block =
            may_join(disk, number, number + i) ? cache_add(disk, number + i) : NULL;
        if (!block)
            return i;
        if (!cache_transfer_add(transfer, block)) {
            cache_remove(block);
            return i;
        }
    }
    return count;
}

// Those from `first` on were not asked for.
static void mark_ahead(struct cache_disk *disk, uint64_t first, uint64_t end)
{
    for (uint64_t number = first; number < end; number++) {
        struct cache_block *block = cache_find(disk->device, number);
        block->read_ahead = true;
        block->is_mark = number == first;
        read_ahead.blocks++;
    }
}

// Blocks behind the end of the stream that are here already: what the reader will miss lies
// behind them.
static void skip_cached(const struct cache_disk *disk, struct cache_stream *stream,
                        uint64_t limit)
{
    while (stream->end < limit && cache_find(disk->device, stream->end))
        stream->end++;
}

int cache_fetch(struct cache_disk *disk, uint64_t number, const struct cache_reach *reach,
                struct cache_block **block)
{
    struct cache_transfer *transfer = cache_transfer_get();
    if (!may_join(disk, number, number)) {
        cache_transfer_put(transfer); // something has happened while we slept
        return 0;
    }
    uint64_t left = cache_device_blocks(disk->device) - number;
    uint64_t wanted = smaller(reach->wanted, left), count = wanted;
    struct cache_stream *stream = find_stream(disk, number);
    bool in_sequence = stream || reach->sequential;
    if (!stream)
        stream = replace_stream(disk);
    stream->start = number;
    if (in_sequence && reach->ahead > wanted) {
        stream->window = next_window(stream);
        count = smaller(wanted + stream->window, smaller(reach->ahead, left));
    }
    stream->end = number + fill(transfer, disk, number, count);
    if (stream->end == number) {
        cache_transfer_put(transfer);
        return cache_make_room();
    }
    mark_ahead(disk, number + wanted, stream->end);
    *block = cache_find(disk->device, number);
    (*block)->references++; // before the end of the request, which may come at once
    cache_transfer_start(transfer);
    skip_cached(disk, stream, number + count);
    return 0;
}

void cache_read_on(struct cache_disk *disk, struct cache_block *block,
                   const struct cache_reach *reach)
{
    struct cache_stream *stream = find_stream(disk, block->number);
    block->is_mark = false;
    if (!stream)
        return; // others have taken its place
    uint64_t left = cache_device_blocks(disk->device) - block->number;
    uint64_t limit = block->number + smaller(reach->ahead, left);
    stream->start = block->number;
    skip_cached(disk, stream, limit);
    struct cache_transfer *transfer = stream->end < limit ? cache_transfer_try() : NULL;
    if (!transfer)
        return;
    stream->window = next_window(stream);
    uint64_t first = stream->end;
    uint64_t count = fill(transfer, disk, first, smaller(stream->window, limit - first));
    if (count == 0) {
        cache_transfer_put(transfer);
        return;
    }
    stream->end = first + count;
    mark_ahead(disk, first, stream->end);
    cache_transfer_start(transfer);
}

void cache_ahead_statistics(struct cache_statistics *statistics)
{
    statistics->read_ahead_blocks = read_ahead.blocks;
}
