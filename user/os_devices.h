// SPDX-License-Identifier: MIT
//
// The application interface, continued: what devices do, for those who look. Programs
// include os.h, which includes this. Chapters 14 to 16, 28.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Random bytes -----------------------------------------------------------------------
// That nobody can guess, as soon as there is an entropy device; at once.
void os_random(void *buffer, size_t size);

// ---- virtqueues -------------------------------------------------------------------------
struct os_queue_info {
    char device[16], driver[16], name[16]; // "virtio2", "virtio_blk", "requests"
    unsigned size;                         // descriptors
    unsigned free, in_flight;              // descriptors; requests
    bool event_idx, indirect, broken;
    uint64_t requests, completions, descriptors, notifications, interrupts;
    uint16_t avail_index, used_index, last_used; // of the rings, as they count
};
bool os_queue_next(unsigned i, struct os_queue_info *info); // the i-th; false: no more
struct os_queue_descriptor {
    uint64_t address;
    uint32_t length;
    bool next, write, indirect; // its flags
    uint16_t next_index;
    bool head, in_flight; // a request of the device's begins here; it has this one
};
// Descriptor `index` of the i-th queue. False: there is none.
bool os_queue_descriptor(unsigned i, unsigned index, struct os_queue_descriptor *descriptor);

// ---- PCI --------------------------------------------------------------------------------
struct os_pci_bar { // a range of registers; size 0: there is none
    uint64_t address, size;
    bool placed; // it has that address
    bool ports, prefetchable;
};
struct os_pci_info {
    char name[8], behind[8]; // "00:02.0"; the bridge that it is behind, or ""
    uint16_t vendor, device;
    uint32_t class;               // 24 bits
    unsigned first_bus, last_bus; // of a bridge, otherwise 0: the buses behind it
    unsigned interrupt, messages; // its wire, 0: not in use; how many it has of its own
    struct os_pci_bar bars[6];
};
bool os_pci_next(unsigned i, struct os_pci_info *info); // the i-th; false: no more

// ---- Disks ------------------------------------------------------------------------------
struct os_disk_info {
    char name[16]; // "vda"
    uint64_t sectors;
    bool read_only, can_discard, can_write_zeroes;
    uint64_t reads, writes, read_sectors, written_sectors, flushes, errors;
    unsigned in_flight, in_flight_most;
};
bool os_disk_next(unsigned i, struct os_disk_info *info);

// ---- The block cache --------------------------------------------------------------------
struct os_cache_info {
    uint64_t lookups, hits;
    uint64_t reads, read_blocks, read_ahead_blocks, read_ahead_used;
    uint64_t writes, written_blocks, direct_read_blocks, direct_written_blocks;
    size_t blocks, blocks_max, dirty, held, block_bytes;
};
void os_cache(struct os_cache_info *info);
