// SPDX-License-Identifier: MIT
//
// Checking a tsfs: the order of the passes, and what they have in common: findings, and
// blocks as they will be once the journal has been carried out.
#include <stdarg.h>

#include "error.h"
#include "format.h"
#include "fsck_parts.h"
#include "heap.h"
#include "string.h"

enum {
    LINE_SIZE = 200,
    ROUNDS_MAX = 3, // files that got names in one round are looked at again in the next
    TELL_MAX = 500, // more sentences than that nobody reads
};

// ---- Findings ---------------------------------------------------------------------------
void fsck_tell(struct fsck *f, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    f->options->report(f->options->context, line);
}

bool fsck_find(struct fsck *f, const char *cure, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    bool cured = f->options->repair && cure;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);

    f->result.findings++;
    f->result.left += !cured;
    if (f->result.findings <= TELL_MAX)
        fsck_tell(f, "%s%s%s", line, cured ? ": " : "", cured ? cure : "");
    if (f->result.findings == TELL_MAX)
        fsck_tell(f, "what else is wrong is only counted");
    return cured;
}

// ---- Blocks -----------------------------------------------------------------------------
static struct fsck_copy *find_copy(struct fsck *f, uint32_t number)
{
    for (size_t i = f->copy_count; i-- > 0;) {
        if (f->copies[i].number == number)
            return &f->copies[i];
    }
    return NULL;
}

int fsck_read(struct fsck *f, uint32_t number, void *block)
{
    const struct fsck_copy *copy = find_copy(f, number);
    if (copy) {
        memcpy(block, copy->data, TSFS_BLOCK_SIZE);
        return 0;
    }
    int error = block_read(f->fs.device, (uint64_t)number * CACHE_BLOCK_SECTORS, block,
                           TSFS_BLOCK_SIZE);
    if (error) {
        f->result.io_errors++;
        memset(block, 0, TSFS_BLOCK_SIZE);
    }
    return error;
}

void fsck_write(struct fsck *f, uint32_t number, void *block)
{
    struct tsfs_header *header = block;
    header->block = number;
    tsfs_seal(f->fs.seed, block, TSFS_BLOCK_SIZE);
    int error = block_write(f->fs.device, (uint64_t)number * CACHE_BLOCK_SECTORS, block,
                            TSFS_BLOCK_SIZE);
    if (!error)
        return;
    f->result.io_errors++;
    f->error = error;
}

const char *fsck_get(struct fsck *f, uint32_t number, struct tsfs_kind kind, void *block,
                     bool *sealed)
{
    const struct tsfs_header *header = block;
    if (fsck_read(f, number, block) < 0)
        return "it cannot be read";
    *sealed = header->checksum == tsfs_checksum(f->fs.seed, block, TSFS_BLOCK_SIZE);
    if (header->magic != kind.magic)
        return "it is something else";
    if (header->block != number)
        return "it belongs to another place";
    if (header->owner != kind.owner)
        return "it belongs to another inode";
    return NULL;
}

bool fsck_grow(struct fsck *f, void **list, size_t *room, size_t count, size_t item_size)
{
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 64;
    void *grown = heap_resize(*list, more * item_size);
    if (!grown) {
        f->error = -ENOMEM;
        return false;
    }
    *list = grown;
    *room = more;
    return true;
}

// ---- The passes -------------------------------------------------------------------------
static void free_copies(struct fsck *f)
{
    for (size_t i = 0; i < f->copy_count; i++)
        heap_free(f->copies[i].data);
    heap_free(f->copies);
    f->copies = NULL;
    f->copy_count = f->copy_room = 0;
}

static void free_tables(struct fsck *f)
{
    heap_free(f->owners);
    heap_free(f->inodes);
    heap_free(f->leaves);
    f->owners = NULL;
    f->inodes = NULL;
    f->leaves = NULL;
    f->leaf_count = f->leaf_room = 0;
    f->lost = 0;
}

// The areas before the data, and the superblock's copy, are nobody's files'.
static bool make_tables(struct fsck *f)
{
    const struct tsfs_superblock *s = &f->fs.super;
    f->owners = heap_alloc((size_t)s->blocks * sizeof(*f->owners));
    if (!f->owners) {
        f->error = -ENOMEM;
        return false;
    }
    for (uint32_t i = 0; i < s->data; i++)
        f->owners[i] = FSCK_SYSTEM;
    f->owners[s->blocks - 1] = FSCK_SYSTEM;
    return true;
}

static void check_once(struct fsck *f)
{
    static void (*const passes[])(struct fsck *) = {fsck_inodes, fsck_names, fsck_links,
                                                    fsck_maps};
    if (!make_tables(f))
        return;
    for (unsigned i = 0; i < sizeof passes / sizeof passes[0] && !f->error; i++)
        passes[i](f);
}

static void check(struct fsck *f)
{
    f->error = fsck_super(f);
    if (!f->error)
        fsck_journal(f);
    for (int round = 0; round < ROUNDS_MAX && !f->error; round++) {
        check_once(f);
        bool again = !f->error && f->lost && f->options->repair;
        int error = again ? fsck_lost(f) : 0;
        free_tables(f);
        if (error)
            fsck_find(f, NULL, "files without names stay so: %s", error_text(error));
        if (!again || error)
            break;
    }
    free_tables(f);
    free_copies(f);
    if (!f->error && f->options->repair && f->result.findings)
        f->error = block_flush(f->fs.device);
}

int fsck_tsfs(struct block_device *device, const struct fsck_options *options,
              struct fsck_result *result)
{
    struct fsck *f = heap_alloc(sizeof(*f));
    if (!f)
        return -ENOMEM;
    f->options = options;
    f->fs.device = device;
    check(f);
    *result = f->result;
    int error = f->error;
    heap_free(f);
    return error;
}
