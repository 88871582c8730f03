// SPDX-License-Identifier: MIT
//
// FAT: the file system that every other system reads. 12, 16 and 32, with long names.
//
//   vfs_init((const struct file_system *const[]){&fat_file_system, NULL});
//   mount -t fat /dev/vdb /mnt
//
// Names are found whatever their case, and keep the one they were made with. There are no
// links, and dates end in 2107. Chapter 19.
#pragma once

#include "fs/vfs.h"

extern const struct file_system fat_file_system;
