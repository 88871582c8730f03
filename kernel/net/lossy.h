// SPDX-License-Identifier: MIT
//
// A bad link, for tests and for watching TCP at work: it delays, loses, repeats, reorders and
// damages packets, as a seed says; and it leads to ourselves.
//
//   lossy_init(&terms)       the device "lossy0", 10.9.0.1, and a neighbour, 10.9.0.2
//   lossy_set(&terms)        from now on
//
// Whoever talks to the neighbour talks to us: on the way the two addresses change places. A
// connection to 10.9.0.2 arrives, from 10.9.0.2, at whoever listens at 10.9.0.1. Checksums are
// sums over both addresses, so they stay right. Chapter 24.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct lossy_terms {
    uint64_t seed;            // not 0: what happens to the first, the second ... packet
    // How many packets of a thousand:
    unsigned loss, repeat, reorder, damage;
    uint64_t delay_ns;        // of a packet, one way
    uint64_t detour_ns;       // how much longer some packets take: those that are reordered
    uint32_t bytes_per_second; // of the line, each way. 0: any number
    uint32_t queue_bytes;     // that wait for the line; what does not fit is lost
};

struct lossy_counters {
    uint64_t packets, lost, overflowed, repeated, reordered, damaged;
    size_t under_way;
};

// Once, after ip_init(). 0, -ENOMEM.
int lossy_init(const struct lossy_terms *terms);
void lossy_set(const struct lossy_terms *terms); // counts from 0 again
void lossy_counters(struct lossy_counters *counters);
struct os_address lossy_address(uint16_t port);   // ours: to listen at
struct os_address lossy_neighbour(uint16_t port); // to connect to
