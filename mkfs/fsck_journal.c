// SPDX-License-Identifier: MIT
//
// fsck: the journal. What it holds has been promised, so it is carried out first: on the
// disk, or, when nothing may be written, in memory. Transactions lie behind each other from
// the journal's block 1 on; the first that is not whole ends them.
#include "error.h"
#include "fsck_parts.h"
#include "heap.h"
#include "string.h"

// Reads block `index` of the journal itself.
static bool read_journal(struct fsck *f, uint32_t index, void *block)
{
    return index < f->fs.super.journal_blocks &&
           fsck_read(f, f->fs.super.journal + index, block) == 0;
}

static bool is_whole(const struct fsck *f, const void *block)
{
    const struct tsfs_header *header = block;
    return header->checksum == tsfs_checksum(f->fs.seed, block, TSFS_BLOCK_SIZE);
}

// Whether a list of copies begins at `index`, in f->block.
static bool read_list(struct fsck *f, uint32_t index, uint32_t sequence)
{
    const struct tsfs_transaction *list = (void *)f->block;
    if (!read_journal(f, index, f->block) || list->header.magic != TSFS_MAGIC_TRANSACTION ||
        list->header.block != f->fs.super.journal + index || list->sequence != sequence ||
        !is_whole(f, f->block))
        return false;
    return list->copies <= TSFS_RECORDS_MAX && list->revokes <= TSFS_RECORDS_MAX &&
           list->copies + list->revokes <= TSFS_RECORDS_MAX &&
           list->copies < f->fs.super.journal_blocks - index;
}

static void drop_copy(struct fsck *f, uint32_t number)
{
    for (size_t i = 0; i < f->copy_count; i++) {
        if (f->copies[i].number != number)
            continue;
        heap_free(f->copies[i].data);
        f->copies[i--] = f->copies[--f->copy_count];
    }
}

static void add_copy(struct fsck *f, uint32_t number, uint8_t *data)
{
    drop_copy(f, number);
    void *list = f->copies;
    if (fsck_grow(f, &list, &f->copy_room, f->copy_count, sizeof(*f->copies))) {
        f->copies = list;
        f->copies[f->copy_count++] = (struct fsck_copy){number, data};
    } else {
        heap_free(data);
    }
}

// The copies behind the list at `index`, when each is what the list says. All or nothing.
static bool take_transaction(struct fsck *f, uint32_t index)
{
    const struct tsfs_transaction *list = (void *)f->block;
    uint8_t **blocks = heap_alloc((list->copies + 1) * sizeof(*blocks));
    uint32_t count = 0;
    bool whole = blocks != NULL;
    for (; whole && count < list->copies; count++) {
        const struct tsfs_record *record = &list->records[count];
        blocks[count] = heap_alloc(TSFS_BLOCK_SIZE);
        const struct tsfs_header *header = (void *)blocks[count];
        whole = blocks[count] && read_journal(f, index + 1 + count, blocks[count]) &&
                header->checksum == record->checksum && header->block == record->block &&
                record->block < f->fs.super.blocks && is_whole(f, blocks[count]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (whole)
            add_copy(f, list->records[i].block, blocks[i]);
        else
            heap_free(blocks[i]);
    }
    for (uint32_t i = 0; whole && i < list->revokes; i++)
        drop_copy(f, list->records[list->copies + i].block);
    heap_free(blocks);
    return whole;
}

// An empty one: no transaction has this number, whatever lies behind.
static void write_head(struct fsck *f, uint32_t sequence)
{
    uint64_t sector = (uint64_t)f->fs.super.journal * CACHE_BLOCK_SECTORS;
    struct tsfs_journal_head *head = memset(f->block, 0, TSFS_BLOCK_SIZE);
    head->header.magic = TSFS_MAGIC_JOURNAL;
    head->header.block = f->fs.super.journal;
    head->sequence = sequence;
    tsfs_seal(f->fs.seed, head, sizeof(*head));
    int error = block_write(f->fs.device, sector, f->block, SECTOR_SIZE);
    if (!error)
        error = block_flush(f->fs.device);
    if (error)
        f->error = error;
}

// A head that cannot be read says no number: then there is no transaction either.
static void repair_head(struct fsck *f)
{
    memset(f->block, 0, TSFS_BLOCK_SIZE);
    uint64_t sector = (f->fs.super.journal + 1) * (uint64_t)CACHE_BLOCK_SECTORS;
    f->error = block_write(f->fs.device, sector, f->block, TSFS_BLOCK_SIZE);
    if (!f->error)
        write_head(f, 1);
}

// Everything to its place; only then the journal may forget it.
static void carry_out(struct fsck *f, uint32_t sequence)
{
    for (size_t i = 0; i < f->copy_count && !f->error; i++) {
        uint64_t sector = (uint64_t)f->copies[i].number * CACHE_BLOCK_SECTORS;
        f->error = block_write(f->fs.device, sector, f->copies[i].data, TSFS_BLOCK_SIZE);
    }
    if (!f->error)
        f->error = block_flush(f->fs.device);
    if (!f->error)
        write_head(f, sequence);
    while (f->copy_count > 0)
        heap_free(f->copies[--f->copy_count].data);
}

void fsck_journal(struct fsck *f)
{
    const struct tsfs_journal_head *head = (void *)f->block;
    const char *fault = NULL;
    if (!read_journal(f, 0, f->block))
        fault = "it cannot be read";
    else if (head->header.magic != TSFS_MAGIC_JOURNAL)
        fault = "it is something else";
    else if (head->header.checksum != tsfs_checksum(f->fs.seed, head, sizeof(*head)))
        fault = "its checksum is wrong";
    if (fault) {
        if (fsck_find(f, "emptied", "block %u, the journal's head: %s", f->fs.super.journal,
                      fault))
            repair_head(f);
        return;
    }
    uint32_t sequence = head->sequence, index = 1;
    while (!f->error && read_list(f, index, sequence)) {
        uint32_t copies = ((struct tsfs_transaction *)(void *)f->block)->copies;
        if (!take_transaction(f, index))
            break;
        sequence++;
        index += 1 + copies;
        f->result.replayed++;
    }
    if (!f->result.replayed)
        return;
    bool repair = f->options->repair;
    fsck_tell(f, "the journal holds %u transaction%s%s", f->result.replayed,
              f->result.replayed == 1 ? "" : "s",
              repair ? ": carried out" : ", which the next mount will carry out");
    if (repair && !f->error)
        carry_out(f, sequence);
}
