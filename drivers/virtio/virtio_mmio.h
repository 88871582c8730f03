// SPDX-License-Identifier: MIT
//
// virtio over memory-mapped registers (virtio 1.2, 4.2). Chapter 14.
#pragma once

struct board_device;
struct virtio_device;

// Looks at the board's slot with this number: a device from the heap, with its transport,
// name and id; or NULL when none is plugged in, or none that we can use, which is said.
struct virtio_device *virtio_mmio_find(const struct board_device *slot, unsigned number);
