// SPDX-License-Identifier: MIT
//
// ramfs: the entries of directories.
//
// A hash table finds a name; it grows with the directory, so that a lookup costs the same
// among ten entries and ten thousand. A list keeps the order of arrival, in which
// listing goes on from the last entry it gave, whatever has come and gone. Chapter 17.
#include "error.h"
#include "fs/ramfs.h"
#include "heap.h"
#include "string.h"

enum { BUCKETS_AT_FIRST = 8 };

// FNV-1a, 32 bits.
static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619;
    return hash;
}

static struct ramfs_entry **bucket_of(const struct ramfs_directory *directory, uint32_t hash)
{
    return &directory->buckets[hash & (directory->bucket_count - 1)];
}

struct ramfs_entry *ramfs_find_entry(struct ramfs_node *node, const char *name, size_t length)
{
    const struct ramfs_directory *directory = &node->directory;
    if (directory->count == 0)
        return NULL;
    uint32_t hash = hash_of(name, length);
    struct ramfs_entry *entry = *bucket_of(directory, hash);
    while (entry && (entry->hash != hash || entry->length != length ||
                     memcmp(entry->name, name, length) != 0))
        entry = entry->hash_next;
    return entry;
}

static void add_to_bucket(struct ramfs_directory *directory, struct ramfs_entry *entry)
{
    struct ramfs_entry **bucket = bucket_of(directory, entry->hash);
    entry->hash_next = *bucket;
    *bucket = entry;
}

// Twice as many buckets. With no memory for more, the old ones get fuller.
static int grow(struct ramfs_node *node)
{
    struct ramfs_directory *directory = &node->directory;
    size_t old = directory->bucket_count, count = old ? 2 * old : BUCKETS_AT_FIRST;
    size_t size = count * sizeof(directory->buckets[0]);
    if (ramfs_charge(node->ramfs, size))
        return old ? 0 : -ENOSPC;
    struct ramfs_entry **buckets = heap_alloc(size);
    if (!buckets) {
        ramfs_refund(node->ramfs, size);
        return old ? 0 : -ENOSPC;
    }
    heap_free(directory->buckets);
    ramfs_refund(node->ramfs, old * sizeof(directory->buckets[0]));
    directory->buckets = buckets;
    directory->bucket_count = count;
    list_for_each (struct ramfs_entry, entry, &directory->entries, order)
        add_to_bucket(directory, entry);
    return 0;
}

int ramfs_add_entry(struct ramfs_node *node, const char *name, size_t length,
                    struct ramfs_node *target)
{
    struct ramfs_directory *directory = &node->directory;
    size_t size = sizeof(struct ramfs_entry) + length;
    if (directory->count == directory->bucket_count && grow(node))
        return -ENOSPC;
    if (ramfs_charge(node->ramfs, size))
        return -ENOSPC;
    struct ramfs_entry *entry = heap_alloc(size);
    if (!entry) {
        ramfs_refund(node->ramfs, size);
        return -ENOSPC;
    }
    entry->node = target;
    entry->position = ++directory->last_position;
    entry->hash = hash_of(name, length);
    entry->length = length;
    memcpy(entry->name, name, length);
    add_to_bucket(directory, entry);
    list_append(&directory->entries, &entry->order);
    directory->count++;
    return 0;
}

static struct ramfs_entry *entry_before(struct ramfs_directory *directory,
                                        struct ramfs_entry *entry)
{
    struct list *before = entry->order.previous;
    if (before == &directory->entries)
        return NULL;
    return container_of(before, struct ramfs_entry, order);
}

void ramfs_remove_entry(struct ramfs_node *node, struct ramfs_entry *entry)
{
    struct ramfs_directory *directory = &node->directory;
    struct ramfs_entry **place = bucket_of(directory, entry->hash);
    while (*place != entry)
        place = &(*place)->hash_next;
    *place = entry->hash_next;
    if (directory->cursor == entry)
        directory->cursor = entry_before(directory, entry);
    list_remove(&entry->order);
    directory->count--;
    ramfs_refund(node->ramfs, sizeof(*entry) + entry->length);
    heap_free(entry);
}

// The first entry behind a position. Usually that is the one behind the cursor.
static struct ramfs_entry *entry_after(struct ramfs_directory *directory, uint64_t position)
{
    struct list *link = directory->entries.next;
    if (directory->cursor && directory->cursor->position <= position)
        link = &directory->cursor->order;
    for (; link != &directory->entries; link = link->next) {
        struct ramfs_entry *entry = container_of(link, struct ramfs_entry, order);
        if (entry->position > position)
            return entry;
    }
    return NULL;
}

int ramfs_list(struct inode *inode, uint64_t *position, struct os_entry *out)
{
    struct ramfs_directory *directory = &ramfs_node_of(inode)->directory;
    struct ramfs_entry *entry = entry_after(directory, *position);
    if (!entry)
        return 0;
    directory->cursor = entry;
    *position = entry->position;
    out->number = (uintptr_t)entry->node;
    out->type = entry->node->inode.type;
    memcpy(out->name, entry->name, entry->length);
    out->name[entry->length] = 0;
    return 1;
}

void ramfs_free_entries(struct ramfs_node *node)
{
    struct ramfs_directory *directory = &node->directory;
    while (!list_is_empty(&directory->entries)) {
        struct list *first = directory->entries.next;
        ramfs_remove_entry(node, container_of(first, struct ramfs_entry, order));
    }
    ramfs_refund(node->ramfs, directory->bucket_count * sizeof(directory->buckets[0]));
    heap_free(directory->buckets);
}
