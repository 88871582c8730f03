// SPDX-License-Identifier: MIT
//
// tsfs: after a crash, the journal's copies are written home.
//
// Twice over the journal. First: how many transactions are complete, and which blocks do
// they revoke. Then each copy goes home, unless a transaction from its own on has revoked
// it. Doing it again does no harm, so the power may fail here too.
//
// The first transaction that is not complete is the end: the power went while it was
// written, and nobody was promised anything. Unless there is a later one behind it: then
// this one was complete once, and has been damaged.
// Chapter 18.
#include "error.h"
#include "heap.h"
#include "print.h"
#include "string.h"
#include "tsfs_change.h"
#include "tsfs_make.h"

struct revoke {
    uint32_t block;    // 0: a free place
    uint32_t sequence; // of the last transaction that revoked it
};

struct replay {
    struct tsfs *fs;
    uint32_t position, sequence;   // of the next transaction
    uint64_t copies, revoke_count; // in all that are complete
    struct tsfs_transaction *list; // that of the next one
    uint8_t *copy;                 // a block
    struct revoke *revokes;        // by hash
    uint64_t places;               // there: a power of two
};

// Through the cache, which reads ahead of us.
static int read_block(struct replay *replay, uint32_t position, void *buffer)
{
    uint64_t block = (uint64_t)replay->fs->super.journal + position;
    return cache_read(replay->fs->device, block * TSFS_BLOCK_SIZE, buffer, TSFS_BLOCK_SIZE);
}

// Whether what was read from `position` is the list of any transaction there.
static bool is_list(const struct replay *replay, uint32_t position)
{
    const struct tsfs *fs = replay->fs;
    const struct tsfs_transaction *list = replay->list;
    return list->header.magic == TSFS_MAGIC_TRANSACTION &&
           list->header.block == fs->super.journal + position &&
           list->header.checksum == tsfs_checksum(fs->seed, list, TSFS_BLOCK_SIZE) &&
           list->copies <= TSFS_RECORDS_MAX &&
           list->revokes <= TSFS_RECORDS_MAX - list->copies &&
           position + 1 + list->copies <= fs->super.journal_blocks;
}

static bool copy_is_good(const struct replay *replay, const struct tsfs_record *record)
{
    const struct tsfs *fs = replay->fs;
    const struct tsfs_header *header = (const void *)replay->copy;
    return header->checksum == record->checksum && header->block == record->block &&
           header->checksum == tsfs_checksum(fs->seed, replay->copy, TSFS_BLOCK_SIZE) &&
           record->block >= fs->super.state && record->block < fs->super.blocks - 1;
}

// Reads the list of the next transaction. 1: it is the one that should be there; 0: it is
// not.
static int read_list(struct replay *replay)
{
    if (replay->position >= replay->fs->super.journal_blocks)
        return 0;
    int error = read_block(replay, replay->position, replay->list);
    if (error)
        return error;
    return is_list(replay, replay->position) && replay->list->sequence == replay->sequence;
}

static int transaction_is_complete(struct replay *replay)
{
    int result = read_list(replay);
    for (uint32_t i = 0; result > 0 && i < replay->list->copies; i++) {
        int error = read_block(replay, replay->position + 1 + i, replay->copy);
        result = error ? error : copy_is_good(replay, &replay->list->records[i]);
    }
    return result;
}

static void go_on(struct replay *replay)
{
    replay->position += 1 + replay->list->copies;
    replay->sequence++;
}

static void go_back(struct replay *replay, uint32_t sequence)
{
    replay->position = 1;
    replay->sequence = sequence;
}

static int count_transactions(struct replay *replay)
{
    int result;
    while ((result = transaction_is_complete(replay)) > 0) {
        replay->copies += replay->list->copies;
        replay->revoke_count += replay->list->revokes;
        go_on(replay);
    }
    return result;
}

// Whether the transaction at which we stopped had been complete.
static int look_for_later(struct replay *replay)
{
    for (uint32_t i = replay->position; i < replay->fs->super.journal_blocks; i++) {
        int error = read_block(replay, i, replay->list);
        if (error)
            return error;
        if (is_list(replay, i) && (int32_t)(replay->list->sequence - replay->sequence) > 0)
            return tsfs_damaged(replay->fs, "journal: transaction %u is damaged: all since is "
                                "lost", replay->sequence);
    }
    return 0;
}

// ---- Revokes ----------------------------------------------------------------------------
static struct revoke *find_revoke(const struct replay *replay, uint32_t block)
{
    uint64_t place = block * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    for (;; place++) {
        struct revoke *revoke = &replay->revokes[place & (replay->places - 1)];
        if (revoke->block == block || revoke->block == 0)
            return revoke;
    }
}

static void note_revokes(struct replay *replay)
{
    const struct tsfs_transaction *list = replay->list;
    for (uint32_t i = 0; i < list->revokes; i++) {
        uint32_t block = list->records[list->copies + i].block;
        *find_revoke(replay, block) = (struct revoke){block, list->sequence};
    }
}

static int collect_revokes(struct replay *replay, uint32_t end)
{
    replay->places = 2;
    while (replay->places < 2 * (replay->revoke_count + 1))
        replay->places *= 2;
    replay->revokes = heap_alloc((size_t)replay->places * sizeof(*replay->revokes));
    if (!replay->revokes)
        return -ENOMEM;
    while (replay->sequence != end) {
        int result = read_list(replay);
        if (result <= 0)
            return result < 0 ? result : -EIO;
        note_revokes(replay);
        go_on(replay);
    }
    return 0;
}

// ---- Home -------------------------------------------------------------------------------
// Into the cache, which writes it; on a disk that is not to be written it stays there.
static int put_home(struct replay *replay, uint32_t number)
{
    struct tsfs *fs = replay->fs;
    struct cache_block *block;
    int error = cache_get_new(fs->device, number, &block);
    if (error)
        return error;
    memcpy(block->data, replay->copy, TSFS_BLOCK_SIZE);
    block->owner = NULL; // to be looked at as if it came from there
    if (fs->mount->read_only) {
        cache_hold(block);
        fs->replayed[fs->replayed_count++] = block;
    } else {
        cache_mark_dirty(block);
    }
    cache_put(block);
    return 0;
}

static int put_transaction_home(struct replay *replay)
{
    int result = read_list(replay);
    if (result == 0)
        result = -EIO;
    for (uint32_t i = 0; result > 0 && i < replay->list->copies; i++) {
        uint32_t number = replay->list->records[i].block;
        const struct revoke *revoke = find_revoke(replay, number);
        if (revoke->block && (int32_t)(revoke->sequence - replay->sequence) >= 0)
            continue;
        int error = read_block(replay, replay->position + 1 + i, replay->copy);
        error = error ? error : put_home(replay, number);
        if (error)
            result = error;
    }
    if (result > 0)
        go_on(replay);
    return result;
}

static int put_all_home(struct replay *replay, uint32_t end)
{
    int result = 1;
    while (result > 0 && replay->sequence != end)
        result = put_transaction_home(replay);
    return result < 0 ? result : 0;
}

// The number of the torn transaction is not used again: parts of it may be there still.
static int finish(struct tsfs *fs, uint32_t end)
{
    cache_forget(fs->device, fs->super.journal, fs->super.journal_blocks);
    if (fs->mount->read_only)
        return 0;
    fs->sequence = end + 1;
    int error = cache_sync(fs->device);
    return error ? error : tsfs_log_write_head(fs, fs->sequence);
}

static int run(struct replay *replay)
{
    struct tsfs *fs = replay->fs;
    uint32_t start = fs->sequence;
    go_back(replay, start);
    int error = count_transactions(replay);
    uint32_t end = replay->sequence;
    if (!error)
        look_for_later(replay); // what is complete is good all the same
    if (!error && fs->mount->read_only) {
        fs->replayed = heap_alloc((size_t)(replay->copies + 1) * sizeof(*fs->replayed));
        error = fs->replayed ? 0 : -ENOMEM;
    }
    go_back(replay, start);
    error = error ? error : collect_revokes(replay, end);
    go_back(replay, start);
    error = error ? error : put_all_home(replay, end);
    error = error ? error : finish(fs, end);
    if (!error)
        log_info("tsfs: %s: was not unmounted: %u transaction%s of the journal %s",
                 fs->device->name, end - start, end - start == 1 ? "" : "s",
                 fs->mount->read_only ? "used from memory" : "written home");
    return error;
}

int tsfs_replay(struct tsfs *fs)
{
    struct replay replay = {.fs = fs};
    bool used;
    int error = tsfs_journal_look(fs, &used);
    if (error == -EIO && fs->mount->read_only)
        return 0; // without the head, what is at home has to do
    if (error || !used)
        return error;
    replay.list = heap_alloc(TSFS_BLOCK_SIZE);
    replay.copy = heap_alloc(TSFS_BLOCK_SIZE);
    error = replay.list && replay.copy ? run(&replay) : -ENOMEM;
    heap_free(replay.revokes);
    heap_free(replay.copy);
    heap_free(replay.list);
    if (error)
        log_error("tsfs: %s: the journal cannot be replayed: %s", fs->device->name,
                  error_text(error));
    return error;
}
