// SPDX-License-Identifier: MIT
//
// Past the block cache: large pieces between the device and the caller's memory.
//
//   cache_direct_run(disk, operation, number, count)     how many blocks may go that way
//   cache_direct(disk, operation, number, memory, count)
//
// A copy costs more than the device does, and who moves a lot at once will hardly want it
// again soon. The two ways must agree, though. A direct read takes only blocks that the
// cache does not have, so that none is missed that is newer there. A direct write drops
// those that the cache has and nobody uses, and until it has ended none of its blocks can
// enter the cache: what would be read from the disk might be what was there before.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "machine.h"
#include "smaller.h"

enum {
    RUN_LEAST = CACHE_DIRECT_LEAST / CACHE_BLOCK_SIZE, // fewer are worth keeping
    PIECES = 8,                                        // requests in flight
    PIECE_BYTES = 1024 * 1024,
};

static struct {
    uint64_t read_blocks, written_blocks;
} direct;

// ---- Keeping out of each other's way ----------------------------------------------------

bool cache_is_blocked(const struct cache_disk *disk, uint64_t number)
{
    list_for_each(struct cache_range, range, &disk->direct, link) {
        if (number - range->first < range->count)
            return true;
    }
    return false;
}

void cache_wait_while_blocked(struct cache_disk *disk, uint64_t number)
{
    const struct wait_reason reason = cache_wait_reason(disk->device);
    while (cache_is_blocked(disk, number))
        wait_queue_wait(&disk->direct_waiters, &reason, MACHINE_NEVER);
}

static bool may_go(const struct cache_disk *disk, enum block_operation operation,
                   uint64_t number)
{
    const struct cache_block *block = cache_find(disk->device, number);
    if (!block)
        return true;
    return operation == BLOCK_WRITE && !block->busy && block->references == 0;
}

uint64_t cache_direct_run(const struct cache_disk *disk, enum block_operation operation,
                          uint64_t number, uint64_t count)
{
    uint64_t run = 0;
    if (count < RUN_LEAST)
        return 0;
    while (run < count && may_go(disk, operation, number + run))
        run++;
    return run >= RUN_LEAST ? run : 0;
}

// ---- Requests -----------------------------------------------------------------------------

struct piece {
    struct block_request request;
    struct segment segment;
    bool under_way;
};

struct move {
    struct cache_disk *disk;
    enum block_operation operation;
    uint64_t sector, sectors; // what is left
    uint8_t *memory;
    int error; // the first
    struct wait_queue waiters;
    struct piece pieces[PIECES];
};

static void finish_piece(struct block_request *request)
{
    struct move *move = request->context;
    container_of(request, struct piece, request)->under_way = false;
    if (!move->error)
        move->error = request->error;
    wait_queue_wake_all(&move->waiters, 0);
}

static void wait_for_piece(struct move *move, const struct piece *piece)
{
    const struct wait_reason reason = cache_wait_reason(move->disk->device);
    while (piece->under_way)
        wait_queue_wait(&move->waiters, &reason, MACHINE_NEVER);
}

// The most sectors that one piece may have: one segment, whole blocks of the device.
static uint64_t piece_sectors(const struct block_device *device)
{
    uint64_t bytes = smaller(PIECE_BYTES, device->segment_size_max);
    uint64_t sectors = smaller(bytes / SECTOR_SIZE, device->sectors_max);
    uint64_t of_block = device->block_size / SECTOR_SIZE;
    return sectors / of_block * of_block;
}

static void start_piece(struct move *move, struct piece *piece, uint64_t sectors)
{
    piece->segment = (struct segment){move->memory, sectors * SECTOR_SIZE};
    piece->request = (struct block_request){.operation = move->operation,
                                            .sector = move->sector,
                                            .sectors = sectors,
                                            .segments = &piece->segment,
                                            .segment_count = 1,
                                            .done = finish_piece,
                                            .context = move};
    move->sector += sectors;
    move->sectors -= sectors;
    move->memory += piece->segment.size;
    piece->under_way = true;
    int error = block_submit(move->disk->device, &piece->request);
    if (error) {
        piece->request.error = error;
        finish_piece(&piece->request);
    }
}

// All pieces in turn: each waits for the one before that had its place. The device is told
// before anybody waits.
static int run(struct move *move)
{
    struct block_device *device = move->disk->device;
    uint64_t most = piece_sectors(device);
    for (unsigned i = 0; move->sectors > 0 && !move->error; i = (i + 1) % PIECES) {
        if (move->pieces[i].under_way) {
            block_start(device);
            wait_for_piece(move, &move->pieces[i]);
        }
        start_piece(move, &move->pieces[i], smaller(most, move->sectors));
    }
    block_start(device);
    for (unsigned i = 0; i < PIECES; i++)
        wait_for_piece(move, &move->pieces[i]);
    return move->error;
}

// What the cache has of these blocks is out of date. cache_direct_run() has seen to it that
// nobody uses them, and nothing has slept since.
static int write_past(struct move *move, uint64_t number, uint64_t count)
{
    struct cache_disk *disk = move->disk;
    struct cache_range range = {.first = number, .count = count};
    cache_forget(disk->device, number, count);
    list_append(&disk->direct, &range.link);
    int error = run(move);
    list_remove(&range.link);
    wait_queue_wake_all(&disk->direct_waiters, 0);
    return error;
}

int cache_direct(struct cache_disk *disk, enum block_operation operation, uint64_t number,
                 void *memory, uint64_t count)
{
    struct move move = {.disk = disk,
                        .operation = operation,
                        .sector = number * CACHE_BLOCK_SECTORS,
                        .sectors = count * CACHE_BLOCK_SECTORS,
                        .memory = memory};
    wait_queue_init(&move.waiters);
    if (operation == BLOCK_WRITE) {
        direct.written_blocks += count;
        return write_past(&move, number, count);
    }
    direct.read_blocks += count;
    return run(&move);
}

void cache_direct_statistics(struct cache_statistics *statistics)
{
    statistics->direct_read_blocks = direct.read_blocks;
    statistics->direct_written_blocks = direct.written_blocks;
}
