// SPDX-License-Identifier: MIT
//
// What a power cut may leave: states of a disk that follow from its record.
#pragma once

#include "disk_model.h"

// A moment, and what is on the disk then.
struct crash_state {
    unsigned event;     // all before it has happened
    unsigned variant;   // which of those that are possible then; for messages
    unsigned promised;  // operations before this number must be there in full
    unsigned begun;     // those from this number on cannot have left a trace
    const uint8_t *contents; // of the whole disk
};

// Calls check() for about `limit` states, chosen at random; all when there are fewer. Stops
// at the first that returns false. Returns how many there were; *failed is set.
unsigned states_check(struct disk_model *disk, unsigned limit, uint64_t *random,
                      const bool *promises, // by operation: is it fsync or sync
                      bool (*check)(const struct crash_state *state), bool *failed);
