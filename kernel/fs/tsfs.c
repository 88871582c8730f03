// SPDX-License-Identifier: MIT
//
// tsfs, reading and writing: mounting, syncing, and the table of all that it can do.
// Chapter 18.
#include "error.h"
#include "heap.h"
#include "tsfs_change.h"
#include "wallclock.h"

static void release_replayed(struct tsfs *fs)
{
    for (unsigned i = 0; i < fs->replayed_count; i++)
        cache_release_hold(fs->replayed[i]);
    heap_free(fs->replayed);
}

static void unmount(struct mount *mount)
{
    struct tsfs *fs = tsfs_of(mount);
    if (fs->journal) {
        if (!fs->journal->failed && tsfs_commit(fs) == 0)
            tsfs_checkpoint(fs); // said so, should it fail; then the journal is replayed
        tsfs_journal_close(fs);
    }
    release_replayed(fs);
    tsfs_close(fs);
}

static int prepare_writing(struct tsfs *fs)
{
    if (fs->mount->read_only)
        return 0;
    int error = tsfs_journal_open(fs);
    if (!error)
        tsfs_finish_orphans(fs); // where that fails, it has been said
    return error;
}

static int mount_for_writing(struct mount *mount)
{
    struct tsfs *fs;
    int error = tsfs_open(mount, &fs);
    if (error)
        return error;
    fs->next_inode = TSFS_ROOT_INODE + 1;
    error = tsfs_replay(fs);
    if (!error)
        error = tsfs_open_state(fs);
    if (!error)
        error = prepare_writing(fs);
    if (error) {
        release_replayed(fs);
        tsfs_give_up(fs);
    }
    return error;
}

static int sync(struct mount *mount)
{
    struct tsfs *fs = tsfs_of(mount);
    return fs->journal ? tsfs_commit(fs) : 0;
}

static int sync_inode(struct inode *inode)
{
    return sync(inode->mount);
}

// What is freed and not committed yet is as good as free.
static int statistics(struct mount *mount, struct os_fs_info *info)
{
    struct tsfs *fs = tsfs_of(mount);
    int error = tsfs_statistics(mount, info);
    if (fs->journal)
        info->blocks_free += fs->journal->freed_blocks;
    return error;
}

static int set_times(struct inode *vfs, const uint64_t times_ns[2])
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    int error = tsfs_begin(tsfs_of_inode(inode), 0);
    if (error)
        return error;
    tsfs_touch(inode, false);
    inode->data->accessed_ns = vfs->accessed_ns = times_ns[0];
    inode->data->modified_ns = vfs->modified_ns = times_ns[1];
    return 0;
}

const struct file_system tsfs_file_system = {
    .name = "tsfs",
    .on_device = true,
    .mount = mount_for_writing,
    .unmount = unmount,
    .statistics = statistics,
    .sync = sync,
    .read_inode = tsfs_read_inode,
    .release_inode = tsfs_release_inode,
    .lookup = tsfs_lookup,
    .list = tsfs_list,
    .is_empty = tsfs_is_empty,
    .create = tsfs_create,
    .link = tsfs_link,
    .unlink = tsfs_unlink,
    .rename = tsfs_rename,
    .read = tsfs_read,
    .lend = tsfs_lend,
    .write = tsfs_write,
    .truncate = tsfs_truncate,
    .sync_inode = sync_inode,
    .read_link = tsfs_read_link,
    .set_times = set_times,
    .status = tsfs_status,
};
