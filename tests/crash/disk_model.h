// SPDX-License-Identifier: MIT
//
// A disk in memory that remembers what was done to it, and in which order: so that it can
// say what a power cut at any moment may leave.
//
//   disk_model_reset(disk)          nothing recorded yet; its contents are the start
//   disk_model_note(disk, op, end)  an operation of the file system begins, or has ended
//
// Requests end some time after they were submitted, in any order, as a real disk's do. What
// was written before a flush was submitted, and had ended, is there for good once the flush
// has ended; everything else that was submitted may be there, or not, or some sectors of it.
#pragma once

#include "block.h"

enum disk_event_kind {
    EVENT_WRITE,      // submitted
    EVENT_WRITTEN,    // ended
    EVENT_FLUSH,
    EVENT_FLUSHED,
    EVENT_BEGIN,      // an operation
    EVENT_END,
};

struct disk_event {
    enum disk_event_kind kind;
    unsigned number; // of the write, flush or operation
};

struct disk_write {
    uint64_t sector;
    uint32_t sectors;
    uint8_t *data;
    unsigned ended;   // which event that was; 0: it has not
    bool on_disk;     // for states.c
};

struct disk_flush {
    unsigned submitted; // which event that was
};

struct disk_model {
    struct block_device device;
    uint8_t *start, *now; // contents
    size_t size;
    bool recording;
    bool forgets;         // flushes do nothing: for seeing that a test can fail
    uint64_t random;      // for the order of completions
    const char *fault;    // what the kernel did wrong, or NULL
    struct disk_event *events;
    struct disk_write *writes;
    struct disk_flush *flushes;
    unsigned event_count, write_count, flush_count;
    size_t event_room, write_room, flush_room;
};

struct disk_model *disk_model_new(size_t size); // added to the block devices
void disk_model_reset(struct disk_model *disk);
void disk_model_note(struct disk_model *disk, unsigned operation, bool end);
