// SPDX-License-Identifier: MIT
//
// Inodes in memory: one for each file that somebody uses.
//
//   inode_get_number(mount, number, &inode)     found here, or read by its file system
//   inode_get(inode), inode_put(inode)          shared by counting
//
// Who holds the mount's mutex is alone with the file system, so a number is never read
// twice at once. The last reference is given up under the mutex, too: whoever finds the
// inode meanwhile has it before it can go, or finds nothing. Chapter 17.
#include "fs/vfs.h"

#include "panic.h"

enum { BUCKETS = 64 }; // a power of two: inodes in use are few

static struct {
    struct list buckets[BUCKETS]; // by mount and number
} inodes;

// Numbers may be small and dense, or addresses: all their bits take part.
static struct list *bucket_of(const struct mount *mount, uint64_t number)
{
    uint64_t mixed = (number + mount->id) * 0x9e3779b97f4a7c15;
    return &inodes.buckets[mixed >> 58];
}
_Static_assert(BUCKETS == 1 << (64 - 58), "the upper bits of the product choose");

void inode_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&inodes.buckets[i]);
}

struct inode *inode_find(struct mount *mount, uint64_t number)
{
    list_for_each (struct inode, inode, bucket_of(mount, number), hash_link) {
        if (inode->number == number && inode->mount == mount)
            return inode;
    }
    return NULL;
}

int inode_get_number(struct mount *mount, uint64_t number, struct inode **inode)
{
    ASSERT(mount->mutex.owner == thread_current());

    *inode = inode_find(mount, number);
    if (*inode) {
        inode_get(*inode);
        return 0;
    }
    int error = mount->file_system->read_inode(mount, number, inode);
    if (error)
        return error;
    (*inode)->mount = mount;
    (*inode)->number = number;
    (*inode)->references = 1;
    (*inode)->covered_by = NULL;
    list_append(bucket_of(mount, number), &(*inode)->hash_link);
    mount->inodes++;
    return 0;
}

struct inode *inode_get(struct inode *inode)
{
    ASSERT(inode->references > 0);
    inode->references++;
    return inode;
}

void inode_put_locked(struct inode *inode)
{
    struct mount *mount = inode->mount;
    ASSERT(inode->references > 0 && mount->mutex.owner == thread_current());

    if (--inode->references > 0)
        return;
    list_remove(&inode->hash_link);
    mount->inodes--;
    mount->file_system->release_inode(inode);
}

// Our reference keeps the inode, and with it the mount, until we have the mutex.
void inode_put(struct inode *inode)
{
    if (!inode)
        return;
    if (inode->references > 1) {
        inode->references--;
        return;
    }
    struct mount *mount = inode->mount;
    mutex_lock_always(&mount->mutex);
    inode_put_locked(inode);
    mutex_unlock(&mount->mutex);
}

void inode_renumber(struct inode *inode, uint64_t number)
{
    list_remove(&inode->hash_link);
    inode->number = number;
    list_append(bucket_of(inode->mount, number), &inode->hash_link);
}
