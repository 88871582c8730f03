// SPDX-License-Identifier: MIT
//
// The devices that the process can play, as the build finds them in the chapters' lists: for
// boot/host/virtio_NAME_model.c, the function virtio_NAME_model_plug(). Chapter 05.
#pragma once

#include "boot/board.h"

// Each puts what the options ask for into the board. Ends with NULL.
extern void (*const host_plugs[])(struct board *board);
