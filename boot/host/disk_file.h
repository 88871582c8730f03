// SPDX-License-Identifier: MIT
//
// The file behind a disk. Chapter 15.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot/host/virtio_devices.h"
#include "kernel/segment.h"

struct disk_file;

// Ends the process when the file cannot be had, saying why.
struct disk_file *disk_file_open(const struct drive *drive);
uint64_t disk_file_size(const struct disk_file *disk); // bytes

// Offsets and sizes in bytes, within the disk. False: the system reports an error.
bool disk_file_read(struct disk_file *disk, const struct segment *segments, unsigned count,
                    uint64_t offset);
bool disk_file_write(struct disk_file *disk, const struct segment *segments, unsigned count,
                     uint64_t offset);
bool disk_file_flush(struct disk_file *disk); // what was written is there for good
bool disk_file_zero(struct disk_file *disk, uint64_t offset, uint64_t size);
void disk_file_discard(struct disk_file *disk, uint64_t offset, uint64_t size);
