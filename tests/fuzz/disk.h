// SPDX-License-Identifier: MIT
//
// For fuzzers of file systems: a disk in memory that is as it was at the start of every
// input, and a walk over whatever is mounted.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fuzz.h"

struct block_device;

void fuzz_start(const struct boot_info *boot, size_t disk_size); // kernel and disk
struct block_device *fuzz_disk(void);
uint8_t *fuzz_disk_bytes(void);
void fuzz_disk_keep(void);    // as it is now
void fuzz_disk_restore(void); // as it was then

// Some of everything into an empty file system, so that there is something to damage.
void walk_fill(void);
// Lists, reads, follows and changes what is mounted on "/", up to a bound. Errors are fine.
void walk_all(void);
