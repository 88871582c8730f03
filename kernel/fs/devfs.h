// SPDX-License-Identifier: MIT
//
// devfs: the devices as files, for /dev. Chapter 17.
#pragma once

#include "fs/vfs.h"

struct block_device;

extern const struct file_system devfs_file_system;

// A file that is the whole of a disk. -EROFS; -EBUSY: a file system is mounted from it, and
// it is to be written. (devfs_disk.c)
int devfs_open_disk(struct block_device *device, unsigned flags, struct file **file);
