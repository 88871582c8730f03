// SPDX-License-Identifier: MIT
//
// virtio_blk: disks (virtio 1.2, 5.2). Each becomes a struct block_device, "vda" the one in
// the lowest slot. Chapter 15.
#pragma once

#include "drivers/virtio/virtio.h"

extern const struct virtio_driver virtio_blk_driver;
