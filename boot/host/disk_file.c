// SPDX-License-Identifier: MIT
//
// The file behind a disk: a read is a pread(), a flush an fdatasync().
//
// With snapshot=on the file is mapped privately: the system copies each page that is
// written, and forgets the copies with the process. A file that is written belongs to one
// process: others are refused, as QEMU refuses them. Chapter 15.
#include "boot/host/disk_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SEGMENTS_AT_ONCE = 1024 }; // IOV_MAX

struct disk_file {
    int descriptor;
    uint64_t size;
    char *memory; // the private copy, or NULL
};

// What the system calls take is what we have.
static_assert(sizeof(struct iovec) == sizeof(struct segment), "data and size, nothing else");
static_assert(offsetof(struct iovec, iov_len) == offsetof(struct segment, size), "in order");

// ---- Opening ------------------------------------------------------------------------

static _Noreturn void refuse(const struct drive *drive, const char *why)
{
    dprintf(STDERR_FILENO, "tsumiki: -drive file=%s: %s\n", drive->file, why);
    exit(1);
}

static void lock(const struct drive *drive, int descriptor)
{
    if (drive->snapshot ||
        flock(descriptor, (drive->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
        return;
    if (errno == EWOULDBLOCK)
        refuse(drive, "another process is using it as a disk; with ,snapshot=on both can have "
                      "it");
}

struct disk_file *disk_file_open(const struct drive *drive)
{
    struct disk_file *disk = calloc(1, sizeof(*disk));
    if (!disk)
        abort();
    bool writes = !drive->read_only && !drive->snapshot;
    disk->descriptor = open(drive->file, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (disk->descriptor < 0)
        refuse(drive, strerror(errno));
    off_t size = lseek(disk->descriptor, 0, SEEK_END); // a block device says it this way only
    if (size < 0)
        refuse(drive, strerror(errno));
    disk->size = (uint64_t)size;
    lock(drive, disk->descriptor);
    if (!drive->snapshot || size == 0)
        return disk;
    disk->memory = mmap(NULL, disk->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                        disk->descriptor, 0);
    if (disk->memory == MAP_FAILED)
        refuse(drive, strerror(errno));
    return disk;
}

uint64_t disk_file_size(const struct disk_file *disk)
{
    return disk->size;
}

// ---- Reading and writing ------------------------------------------------------------

static void copy(const struct disk_file *disk, const struct segment *segments, unsigned count,
                 uint64_t offset, bool write)
{
    for (unsigned i = 0; i < count; i++) {
        char *there = disk->memory + offset, *here = segments[i].data;
        memcpy(write ? there : here, write ? here : there, segments[i].size);
        offset += segments[i].size;
    }
}

// What one system call does of it: bytes, or -1.
static ssize_t try_transfer(struct disk_file *disk, const struct segment *segments,
                            unsigned count, uint64_t offset, bool write)
{
    const struct iovec *vector = (const struct iovec *)segments;
    int length = count < SEGMENTS_AT_ONCE ? (int)count : SEGMENTS_AT_ONCE;
    ssize_t done;
    do {
        done = write ? pwritev(disk->descriptor, vector, length, (off_t)offset)
                     : preadv(disk->descriptor, vector, length, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    return done;
}

// The system may do less than it was asked for, and stop within a segment.
static bool transfer(struct disk_file *disk, const struct segment *segments, unsigned count,
                     uint64_t offset, bool write)
{
    while (count > 0) {
        ssize_t result = try_transfer(disk, segments, count, offset, write);
        if (result <= 0)
            return false; // an error, or the file has become shorter
        size_t done = (size_t)result;
        offset += done;
        for (; count > 0 && done >= segments->size; segments++, count--)
            done -= segments->size;
        if (done == 0)
            continue;
        struct segment rest = {(char *)segments->data + done, segments->size - done};
        if (!transfer(disk, &rest, 1, offset, write))
            return false;
        offset += rest.size;
        segments++, count--;
    }
    return true;
}

bool disk_file_read(struct disk_file *disk, const struct segment *segments, unsigned count,
                    uint64_t offset)
{
    if (!disk->memory)
        return transfer(disk, segments, count, offset, false);
    copy(disk, segments, count, offset, false);
    return true;
}

bool disk_file_write(struct disk_file *disk, const struct segment *segments, unsigned count,
                     uint64_t offset)
{
    if (!disk->memory)
        return transfer(disk, segments, count, offset, true);
    copy(disk, segments, count, offset, true);
    return true;
}

bool disk_file_flush(struct disk_file *disk)
{
    return disk->memory || fdatasync(disk->descriptor) == 0;
}

// ---- Ranges -------------------------------------------------------------------------

static bool write_zeros(struct disk_file *disk, uint64_t offset, uint64_t size)
{
    static char zeros[64 * 1024];
    while (size > 0) {
        struct segment piece = {zeros, size < sizeof zeros ? size : sizeof zeros};
        if (!transfer(disk, &piece, 1, offset, true))
            return false;
        offset += piece.size;
        size -= piece.size;
    }
    return true;
}

bool disk_file_zero(struct disk_file *disk, uint64_t offset, uint64_t size)
{
    if (disk->memory) {
        memset(disk->memory + offset, 0, size);
        return true;
    }
    return fallocate(disk->descriptor, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
                     (off_t)offset, (off_t)size) == 0 ||
           write_zeros(disk, offset, size);
}

// A wish: a file system that cannot do it keeps the bytes.
void disk_file_discard(struct disk_file *disk, uint64_t offset, uint64_t size)
{
    if (disk->memory)
        return;
    int error = fallocate(disk->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                          (off_t)offset, (off_t)size);
    (void)error;
}
