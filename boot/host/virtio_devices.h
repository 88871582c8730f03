// SPDX-License-Identifier: MIT
//
// The virtio devices that a process can play, for its board and for unit tests:
//
//   virtio_model_plug(virtio_blk_model(&drive), slot, &board)
//
// Chapter 14.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct board;
struct virtio_model;

// The console's is behind the drives.
enum virtio_slot { VIRTIO_SLOT_RNG, VIRTIO_SLOT_DRIVES, VIRTIO_SLOT_NICS = 26 };

struct virtio_model *virtio_rng_model(void); // virtio_rng_model.c

// Bytes go to `output` and come from `input`: descriptors that do not block, or -1.
struct virtio_model *virtio_console_model(int input, int output); // virtio_console_model.c

// A disk over a file (virtio_blk_model.c, chapter 15).
struct drive {
    char file[4096]; // its path
    bool read_only;
    bool snapshot;       // what is written is forgotten at the end
    bool no_discard;     // neither discard nor write zeroes is offered
    uint32_t block_size; // that the driver is told of; 0: 512
};
// Ends the process when there is no such file, saying so.
struct virtio_model *virtio_blk_model(const struct drive *drive);

// A network card (virtio_net_model.c, chapter 20). Ends the process when there is no such
// network.
struct nic;
struct virtio_model *virtio_net_model(const struct nic *nic);

// For board.c's table: what the options ask for goes into the board.
void virtio_rng_model_plug(struct board *board);
void virtio_console_model_plug(struct board *board);
void virtio_blk_model_plug(struct board *board);
void virtio_net_model_plug(struct board *board);
