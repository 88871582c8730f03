// SPDX-License-Identifier: MIT
//
// tsfs, as far as it can be read: what `ls` and `cat` need.
//
// A journal that still holds something has to be replayed before anything else is read;
// that is writing, and chapter 18's.
// Chapter 17.
#include "error.h"
#include "print.h"
#include "tsfs.h"

static int refuse_used_journal(struct tsfs *fs)
{
    bool used;
    int error = tsfs_journal_look(fs, &used);
    if (error || !used)
        return error;
    log_error("tsfs: %s: it was not unmounted, and its journal is not empty: mount it once "
              "with a system that can write, or run fsck.tsfs -y", fs->device->name);
    return -EINVAL;
}

static int mount_for_reading(struct mount *mount)
{
    struct tsfs *fs;
    mount->read_only = true;
    int error = tsfs_open(mount, &fs);
    if (error)
        return error;
    error = refuse_used_journal(fs);
    if (!error)
        error = tsfs_open_state(fs);
    if (error)
        tsfs_give_up(fs);
    return error;
}

static void unmount(struct mount *mount)
{
    tsfs_close(tsfs_of(mount));
}

static void release_inode(struct inode *inode)
{
    tsfs_drop_inode(tsfs_inode_of(inode));
}

const struct file_system tsfs_reading_file_system = {
    .name = "tsfs",
    .on_device = true,
    .mount = mount_for_reading,
    .unmount = unmount,
    .statistics = tsfs_statistics,
    .read_inode = tsfs_read_inode,
    .release_inode = release_inode,
    .lookup = tsfs_lookup,
    .list = tsfs_list,
    .is_empty = tsfs_is_empty,
    .read = tsfs_read,
    .lend = tsfs_lend,
    .read_link = tsfs_read_link,
    .status = tsfs_status,
};
