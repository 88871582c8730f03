// SPDX-License-Identifier: MIT
//
// A second console (virtio 1.2, 5.3): gets what the kernel prints, and gives keys. When
// nobody reads at the other end, what does not fit is dropped, and counted there once there
// is room again. Chapter 14.
#pragma once

struct virtio_driver;

extern const struct virtio_driver virtio_console_driver;
