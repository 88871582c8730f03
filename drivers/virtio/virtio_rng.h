// SPDX-License-Identifier: MIT
//
// The entropy device (virtio 1.2, 5.4). Chapter 14.
#pragma once

struct virtio_driver;

extern const struct virtio_driver virtio_rng_driver;
