// SPDX-License-Identifier: MIT
//
// Open files and directories of file systems: an inode, and a position in it.
//
//   vfs_open_inode(inode, flags, &file)     then file.h's calls
//
// Every call is the same: may the handle do that; then the mount's mutex, and the file
// system. The caller's memory is handed down as it is: what is asked for at once reaches
// the file system at once. Chapter 17.
#include "error.h"
#include "fs/vfs_path.h"
#include "heap.h"

struct open_file {
    struct file file;
    struct inode *inode; // a reference
    unsigned flags;      // OS_READ_ONLY ...
    uint64_t position;   // where the next read or write begins; a directory's: list()'s
};

static struct open_file *open_file_of(struct file *file)
{
    return container_of(file, struct open_file, file);
}

// ---- Reading and writing: the mount's mutex is held --------------------------------------
static int read_from(struct inode *inode, uint64_t offset, void *buffer, size_t size)
{
    if (offset >= inode->size || size == 0)
        return 0;
    return inode->mount->file_system->read(inode, offset, buffer, size);
}

// A file ends at INT64_MAX at the latest: what lies before that is written.
static int write_to(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
{
    const struct file_system *file_system = inode->mount->file_system;
    if (inode->mount->read_only || !file_system->write)
        return -EROFS;
    if (size == 0)
        return 0;
    if (offset >= INT64_MAX)
        return -EFBIG;
    if (size > INT64_MAX - offset)
        size = (size_t)(INT64_MAX - offset);
    return file_system->write(inode, offset, bytes, size);
}

// 0 when the handle is open for `access`, to something that has bytes.
static int check(const struct open_file *open, unsigned access)
{
    if (!(open->flags & access))
        return -EBADF;
    return open->inode->type == OS_TYPE_DIRECTORY ? -EISDIR : 0;
}

static int vfs_read(struct file *file, void *buffer, size_t size)
{
    struct open_file *open = open_file_of(file);
    struct mutex *mutex = &open->inode->mount->mutex;
    int count = check(open, OS_READ_ONLY);
    if (count)
        return count;
    mutex_lock_always(mutex);
    count = read_from(open->inode, open->position, buffer, size);
    if (count > 0)
        open->position += (uint64_t)count;
    mutex_unlock(mutex);
    return count;
}

static int vfs_write(struct file *file, const void *bytes, size_t size)
{
    struct open_file *open = open_file_of(file);
    struct mutex *mutex = &open->inode->mount->mutex;
    int count = check(open, OS_WRITE_ONLY);
    if (count)
        return count;
    mutex_lock_always(mutex);
    if (open->flags & OS_APPEND)
        open->position = open->inode->size;
    count = write_to(open->inode, open->position, bytes, size);
    if (count > 0)
        open->position += (uint64_t)count;
    mutex_unlock(mutex);
    return count;
}

static int vfs_read_at(struct file *file, uint64_t offset, void *buffer, size_t size)
{
    struct open_file *open = open_file_of(file);
    struct mutex *mutex = &open->inode->mount->mutex;
    int count = check(open, OS_READ_ONLY);
    if (count)
        return count;
    mutex_lock_always(mutex);
    count = read_from(open->inode, offset, buffer, size);
    mutex_unlock(mutex);
    return count;
}

static int vfs_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    struct open_file *open = open_file_of(file);
    struct mutex *mutex = &open->inode->mount->mutex;
    int count = check(open, OS_WRITE_ONLY);
    if (count)
        return count;
    mutex_lock_always(mutex);
    count = write_to(open->inode, offset, bytes, size);
    mutex_unlock(mutex);
    return count;
}

static int vfs_lend(struct file *file, uint64_t offset, struct file_loan *loans, unsigned count)
{
    struct inode *inode = open_file_of(file)->inode;
    struct mount *mount = inode->mount;
    int lent = check(open_file_of(file), OS_READ_ONLY);
    if (!lent && !mount->file_system->lend)
        lent = -EOPNOTSUPP;
    if (lent)
        return lent;
    mutex_lock_always(&mount->mutex);
    if (offset < inode->size)
        lent = mount->file_system->lend(inode, offset, loans, count);
    mutex_unlock(&mount->mutex);
    return lent;
}

// ---- Everything else --------------------------------------------------------------------
// A directory's position is its file system's secret: it can only go back to the start.
static int64_t vfs_seek(struct file *file, int64_t offset, int whence)
{
    struct open_file *open = open_file_of(file);
    if (open->inode->type == OS_TYPE_DIRECTORY && (offset != 0 || whence != OS_SEEK_SET))
        return -EINVAL;
    return file_move(&open->position, open->inode->size, offset, whence);
}

// Also what OS_TRUNCATE does. The mount's mutex is held.
static int truncate_to(struct inode *inode, uint64_t size)
{
    const struct file_system *file_system = inode->mount->file_system;
    if (inode->mount->read_only || !file_system->truncate)
        return -EROFS;
    return size > INT64_MAX ? -EFBIG : file_system->truncate(inode, size);
}

static int vfs_truncate(struct file *file, uint64_t size)
{
    struct open_file *open = open_file_of(file);
    struct mutex *mutex = &open->inode->mount->mutex;
    int error = check(open, OS_WRITE_ONLY);
    if (error)
        return error;
    mutex_lock_always(mutex);
    error = truncate_to(open->inode, size);
    mutex_unlock(mutex);
    return error;
}

static int vfs_sync_file(struct file *file)
{
    struct inode *inode = open_file_of(file)->inode;
    struct mount *mount = inode->mount;
    const struct file_system *file_system = mount->file_system;
    int error = 0;
    mutex_lock_always(&mount->mutex);
    if (file_system->sync_inode)
        error = file_system->sync_inode(inode);
    else if (file_system->sync)
        error = file_system->sync(mount);
    mutex_unlock(&mount->mutex);
    return error;
}

static int vfs_status(struct file *file, struct os_status *status)
{
    vfs_fill_status(open_file_of(file)->inode, status);
    return 0;
}

// A directory that has been removed has no entries any more.
static int vfs_list(struct file *file, struct os_entry *entry)
{
    struct open_file *open = open_file_of(file);
    struct inode *inode = open->inode;
    if (inode->type != OS_TYPE_DIRECTORY)
        return -ENOTDIR;
    mutex_lock_always(&inode->mount->mutex);
    int found = 0;
    if (inode->links > 0)
        found = inode->mount->file_system->list(inode, &open->position, entry);
    mutex_unlock(&inode->mount->mutex);
    return found;
}

static void vfs_release(struct file *file)
{
    struct open_file *open = open_file_of(file);
    inode_put(open->inode);
    heap_free(open);
}

static const struct file_operations operations = {
    .kind = "file",
    .read = vfs_read,
    .write = vfs_write,
    .release = vfs_release,
    .seek = vfs_seek,
    .read_at = vfs_read_at,
    .write_at = vfs_write_at,
    .lend = vfs_lend,
    .truncate = vfs_truncate,
    .sync = vfs_sync_file,
    .status = vfs_status,
    .list = vfs_list,
};

// ---- From the inode and back ------------------------------------------------------------
// A device's file is of the device's own kind, and is not held up by the mutex later.
int vfs_open_inode(struct inode *inode, unsigned flags, struct file **file)
{
    const struct file_system *file_system = inode->mount->file_system;
    if (file_system->open && inode->type != OS_TYPE_DIRECTORY)
        return file_system->open(inode, flags, file);
    struct open_file *open = heap_alloc(sizeof(*open));
    int error = open ? 0 : -ENOMEM; // before anything is cut
    if (!error && (flags & OS_TRUNCATE))
        error = truncate_to(inode, 0);
    if (error) {
        heap_free(open);
        return error;
    }
    file_init(&open->file, &operations);
    open->inode = inode_get(inode);
    open->flags = flags;
    *file = &open->file;
    return 0;
}

struct inode *vfs_inode_of(struct file *file)
{
    return file->operations == &operations ? open_file_of(file)->inode : NULL;
}

void vfs_fill_status(struct inode *inode, struct os_status *status)
{
    struct mount *mount = inode->mount;
    *status = (struct os_status){
        .type = inode->type,
        .links = inode->links,
        .device = mount->id,
        .number = inode->number,
        .size = inode->size,
        .blocks = (inode->size + 511) / 512,
        .block_size = 4096,
        .accessed_ns = inode->accessed_ns,
        .modified_ns = inode->modified_ns,
        .changed_ns = inode->changed_ns,
    };
    if (!mount->file_system->status)
        return;
    mutex_lock_always(&mount->mutex);
    mount->file_system->status(inode, status);
    mutex_unlock(&mount->mutex);
}
