// SPDX-License-Identifier: MIT
//
// virtio over PCI (virtio 1.2, 4.1). Chapter 28.
#pragma once

struct virtio_driver;

// Starts each virtio device on the bus (pci_init() has found them) that one of the drivers
// wants, in the bus's order. What fails is said and left out. Returns how many were started.
// Sleeps.
unsigned virtio_pci_probe(const struct virtio_driver *const *drivers);
