// SPDX-License-Identifier: MIT
//
// What the files of virtio over PCI share, and with nobody else. Chapter 28.
#pragma once

#include <stdint.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "list.h"

// What a capability can lead to (virtio 1.2, 4.1.4).
enum virtio_pci_part { PART_COMMON = 1, PART_NOTIFY = 2, PART_ISR = 3, PART_CONFIG = 4, PARTS };

// The common registers (virtio 1.2, 4.1.4.3).
enum virtio_pci_register {
    DEVICE_FEATURE_SELECT = 0x00,
    DEVICE_FEATURE = 0x04,
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    CONFIG_VECTOR = 0x10,
    NUM_QUEUES = 0x12,
    DEVICE_STATUS = 0x14,
    CONFIG_GENERATION = 0x15,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_VECTOR = 0x1a,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY_OFFSET = 0x1e,
    QUEUE_DESC = 0x20, // each of these is two registers, the low half first
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30,
    COMMON_SIZE = 0x38,
};

// The first message is the device's, the others are its queues'.
enum { VECTORS = 1 + VIRTIO_QUEUES_MAX, NO_VECTOR = 0xffff };

// virtio.c knows the first field alone, and gives all of it back with that.
struct virtio_pci {
    struct virtio_device device;
    struct pci_function *function;
    struct {
        volatile uint8_t *at; // NULL: the device has no such part
        uint32_t size;
    } parts[PARTS];
    uint32_t multiplier;                            // bytes between two places to notify at
    volatile uint8_t *notify_at[VIRTIO_QUEUES_MAX]; // by queue
    unsigned sources[VECTORS];                      // 0: not in use
};

static inline struct virtio_pci *pci_of(struct virtio_device *device)
{
    return container_of(device, struct virtio_pci, device);
}

static inline volatile uint8_t *common(struct virtio_device *device)
{
    return pci_of(device)->parts[PART_COMMON].at;
}

extern const struct virtio_transport virtio_pci_transport; // virtio_pci_transport.c

// The transport's connect(): by messages, or by the wire (virtio_pci_interrupt.c).
int virtio_pci_connect(struct virtio_device *device);
