// SPDX-License-Identifier: MIT
//
// Checking a tsfs, and repairing it.
//
//   fsck_tsfs(device, options, &result)
//
// What it finds is told in sentences that name the structure and its place. Whatever is on
// the disk, it comes to an end.
#pragma once

#include <stdbool.h>

struct block_device;

struct fsck_options {
    bool repair;
    void (*report)(void *context, const char *sentence); // findings, and what is normal
    void *context;
};

struct fsck_result {
    unsigned findings; // what is not as it should be
    unsigned left;     // of them, so many are not repaired
    unsigned replayed; // transactions of the journal; after a crash that is normal
    unsigned orphans;  // files without a name that the next mount will free; as normal
    unsigned io_errors;
};

// The device must not be mounted, and nothing of it in the cache. For files that have lost
// their names it is mounted on "/", where nothing may be then. Sleeps. 0: *result holds;
// -EINVAL: it is no tsfs, or none that we know; -ENOMEM, -EIO.
int fsck_tsfs(struct block_device *device, const struct fsck_options *options,
              struct fsck_result *result);
