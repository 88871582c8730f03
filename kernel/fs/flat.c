// SPDX-License-Identifier: MIT
//
// Flat file systems: one directory of files that do something instead of lying somewhere.
//
//   flat_mount(mount, &flat)      the rest is for the table of functions
//
// The directory is number 1, and the i-th file number i + 2: nothing has to be kept.
// Chapter 17.
#include "fs/flat.h"

#include "error.h"
#include "heap.h"
#include "string.h"
#include "wallclock.h"

enum { ROOT_NUMBER = 1, FIRST_NUMBER = 2 };

static const struct flat *flat_of(const struct mount *mount)
{
    return mount->data;
}

int flat_mount(struct mount *mount, const struct flat *flat)
{
    mount->data = (void *)(uintptr_t)flat; // never written to
    mount->root_number = ROOT_NUMBER;
    return 0;
}

int flat_lookup(struct inode *directory, const char *name, size_t length, uint64_t *number)
{
    struct flat_entry entry;
    *number = ROOT_NUMBER;
    if (length == 2 && memcmp(name, "..", 2) == 0)
        return 0;
    for (unsigned i = 0; flat_of(directory->mount)->entry(i, &entry); i++) {
        if (strlen(entry.name) != length || memcmp(entry.name, name, length) != 0)
            continue;
        *number = FIRST_NUMBER + i;
        return 0;
    }
    return -ENOENT;
}

int flat_list(struct inode *directory, uint64_t *position, struct os_entry *out)
{
    struct flat_entry entry;
    unsigned i = (unsigned)*position;
    if (!flat_of(directory->mount)->entry(i, &entry))
        return 0;
    out->number = FIRST_NUMBER + i;
    out->type = entry.type;
    strlcpy(out->name, entry.name, sizeof(out->name));
    ++*position;
    return 1;
}

int flat_is_empty(struct inode *directory)
{
    return 0;
}

int flat_read_inode(struct mount *mount, uint64_t number, struct inode **inode)
{
    struct flat_entry entry = {.type = OS_TYPE_DIRECTORY};
    if (number != ROOT_NUMBER &&
        !flat_of(mount)->entry((unsigned)(number - FIRST_NUMBER), &entry))
        return -ENOENT;
    *inode = heap_alloc(sizeof(**inode));
    if (!*inode)
        return -ENOMEM;
    uint64_t now_ns = wallclock_now_ns();
    **inode = (struct inode){
        .type = entry.type,
        .links = number == ROOT_NUMBER ? 2 : 1,
        .size = entry.size,
        .accessed_ns = now_ns,
        .modified_ns = now_ns,
        .changed_ns = now_ns,
    };
    return 0;
}

void flat_release_inode(struct inode *inode)
{
    heap_free(inode);
}

int flat_open(struct inode *inode, unsigned flags, struct file **file)
{
    unsigned i = (unsigned)(inode->number - FIRST_NUMBER);
    return flat_of(inode->mount)->open(i, flags, file);
}
