// SPDX-License-Identifier: MIT
//
// tsfs: transactions, so that a power cut finds all of an operation or nothing.
//
// Operations change blocks of metadata in the cache, where they are held: none of them is
// written. The blocks that many operations have changed make up one transaction. A commit
// writes copies of them into the journal, with a list and checksums; when that has reached
// the disk, the blocks may be written home, at any time. After a crash the copies are
// written home again.
//
//   1  contents are written home: what metadata will point at is there before it    (flush)
//   2  list and copies are written into the journal                                 (flush)
//   3  holds are released; the cache writes the blocks when it likes
//   4  is there no room for another transaction, all goes home, and the journal is empty
//
// Blocks that the transaction frees are still needed by the disk's state, up to the commit:
// they are noted, and become free in step 2. A freed block of metadata may have a copy in
// the journal that must not be written over what the block is used for next: the list
// revokes it.
// Chapter 18.
#include "error.h"
#include "heap.h"
#include "panic.h"
#include "string.h"
#include "tsfs_change.h"
#include "tsfs_make.h"

enum { LIMIT_MIN = TSFS_JOURNAL_MIN - 2 }; // the head, and the list

// A transaction must fit into the journal, better several times, and its blocks into the
// cache.
static unsigned choose_limit(const struct tsfs *fs)
{
    struct cache_statistics cache;
    cache_statistics(&cache);
    uint64_t limit = fs->super.journal_blocks / 3;
    if (limit > cache.blocks_max / 4)
        limit = cache.blocks_max / 4;
    if (limit < LIMIT_MIN)
        return LIMIT_MIN;
    return limit > TSFS_RECORDS_MAX ? TSFS_RECORDS_MAX : (unsigned)limit;
}

int tsfs_journal_open(struct tsfs *fs)
{
    struct tsfs_journal *journal = heap_alloc(sizeof(*journal));
    struct tsfs_transaction *list = heap_alloc(sizeof(*list));
    if (!journal || !list) {
        heap_free(list);
        heap_free(journal);
        return -ENOMEM;
    }
    journal->list = list;
    journal->limit = choose_limit(fs);
    journal->position = 1;
    fs->journal = journal;
    return 0;
}

static bool is_changed(const struct tsfs_journal *journal, const struct cache_block *block)
{
    uintptr_t place = (uintptr_t)block->owner;
    return place - (uintptr_t)journal->blocks < sizeof(journal->blocks);
}

// Takes a block out of the transaction. The last one moves to its place.
static void leave(struct tsfs_journal *journal, struct cache_block *block)
{
    struct cache_block **place = block->owner;
    struct cache_block *last = journal->blocks[--journal->count];
    *place = last;
    last->owner = place;
    tsfs_mark_checked(block);
    cache_release_hold(block);
}

void tsfs_journal_close(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    while (journal->count > 0) { // it has failed: what is here must not be written
        struct cache_block *block = journal->blocks[journal->count - 1];
        cache_forget(fs->device, block->number, 1);
        leave(journal, block);
    }
    heap_free(journal->list);
    heap_free(journal);
    fs->journal = NULL;
}

int tsfs_half_done(struct tsfs *fs, int error)
{
    if (!fs->journal->failed)
        vfs_make_read_only(fs->mount, "an operation failed half-way: %s", error_text(error));
    fs->journal->failed = true;
    return error;
}

void tsfs_change(struct tsfs *fs, struct cache_block *block)
{
    struct tsfs_journal *journal = fs->journal;
    if (is_changed(journal, block))
        return;
    ASSERT(journal->count + journal->revoke_count < TSFS_RECORDS_MAX);
    cache_prepare(block);
    cache_hold(block);
    cache_mark_dirty(block);
    if (journal->count + journal->revoke_count == 0)
        tsfs_commit_later(fs);
    block->owner = &journal->blocks[journal->count];
    journal->blocks[journal->count++] = block;
}

int tsfs_get_new(struct tsfs *fs, uint32_t number, struct tsfs_kind kind,
                 struct cache_block **block)
{
    int error = cache_get_new(fs->device, number, block);
    if (error)
        return error;
    struct tsfs_header *header = (void *)(*block)->data;
    tsfs_mark_checked(*block);
    tsfs_change(fs, *block);
    header->magic = kind.magic;
    header->block = number;
    header->owner = kind.owner;
    return 0;
}

// Whoever sleeps next must not find it among what the cache may write.
void tsfs_revoke(struct tsfs *fs, uint32_t number)
{
    struct tsfs_journal *journal = fs->journal;
    for (unsigned i = 0; i < journal->count; i++) {
        if (journal->blocks[i]->number == number) {
            leave(journal, journal->blocks[i]);
            cache_forget(fs->device, number, 1);
            break;
        }
    }
    ASSERT(journal->count + journal->revoke_count < TSFS_RECORDS_MAX);
    journal->revokes[journal->revoke_count++] = number;
}

int tsfs_begin(struct tsfs *fs, uint32_t blocks)
{
    struct tsfs_journal *journal = fs->journal;
    if (!journal || journal->failed)
        return -EROFS;
    int error = 0;
    if (journal->count + journal->revoke_count + TSFS_OPERATION_BLOCKS > journal->limit ||
        journal->freed_count + TSFS_OPERATION_BLOCKS > TSFS_FREED_MAX)
        error = tsfs_commit(fs);
    if (!error && fs->state->free_blocks < blocks && journal->freed_count > 0)
        error = tsfs_commit(fs);
    if (error)
        return error;
    return fs->state->free_blocks < blocks ? -ENOSPC : 0;
}

// The list of what follows it in the journal; seals everything.
static void write_list(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    struct tsfs_transaction *list = memset(journal->list, 0, sizeof(*journal->list));
    for (unsigned i = 0; i < journal->count; i++) {
        struct cache_block *block = journal->blocks[i];
        struct tsfs_header *header = (void *)block->data;
        tsfs_seal(fs->seed, block->data, TSFS_BLOCK_SIZE);
        list->records[i] = (struct tsfs_record){(uint32_t)block->number, header->checksum};
    }
    for (unsigned i = 0; i < journal->revoke_count; i++)
        list->records[journal->count + i].block = journal->revokes[i];
    list->header.magic = TSFS_MAGIC_TRANSACTION;
    list->header.block = fs->super.journal + journal->position;
    list->sequence = fs->sequence;
    list->copies = journal->count;
    list->revokes = journal->revoke_count;
    tsfs_seal(fs->seed, list, TSFS_BLOCK_SIZE);
}

static int flush(struct tsfs *fs)
{
    int error = block_flush(fs->device);
    if (!error)
        fs->journal->data_written = false;
    return error;
}

// Step 2. From here on an error is the end of writing: what the disk has got is not known.
static int write_transaction(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    int error = journal->data_written ? flush(fs) : 0;
    if (!error)
        error = tsfs_apply_freed(fs);
    if (!error) {
        write_list(fs);
        error = tsfs_log_write(fs, journal->position, journal->blocks, journal->count);
    }
    if (!error)
        error = flush(fs);
    if (error) {
        journal->failed = true;
        vfs_make_read_only(fs->mount, "the journal cannot be written: %s", error_text(error));
    }
    return error;
}

static void finish_transaction(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    journal->position += 1 + journal->count;
    fs->sequence++;
    while (journal->count > 0)
        leave(journal, journal->blocks[journal->count - 1]);
    journal->revoke_count = 0;
}

int tsfs_checkpoint(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    if (journal->position == 1)
        return 0;
    int error = cache_write_back(fs->device);
    if (!error)
        error = tsfs_log_write_head(fs, fs->sequence);
    if (error) {
        journal->failed = true;
        vfs_make_read_only(fs->mount, "the journal cannot be emptied: %s", error_text(error));
        return error;
    }
    journal->position = 1;
    return 0;
}

int tsfs_commit(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    if (journal->failed)
        return -EIO;
    bool changed = journal->count + journal->revoke_count > 0;
    if (!changed && !journal->data_written)
        return 0;
    // Step 1, and what earlier transactions have left in the cache. What does not get to the
    // disk stays dirty, and the transaction open.
    int error = cache_write_back(fs->device);
    if (error)
        return error;
    if (!changed)
        return flush(fs);
    error = write_transaction(fs);
    if (error)
        return error;
    finish_transaction(fs);
    if (fs->super.journal_blocks - journal->position < journal->limit + 1)
        return tsfs_checkpoint(fs);
    return 0;
}
