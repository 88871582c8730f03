// SPDX-License-Identifier: MIT
//
// virtio devices: found, brought to life, and given to their drivers (virtio 1.2, 3.1).
//
//   virtio_probe(board, drivers)       once: every device of the board that a driver wants
//   struct virtio_driver               what a driver is: an id, features, start()
//   struct virtio_device               what its start() gets
//
// The life cycle and the negotiation of features are in virtio.c and the same for all
// devices; how the registers are reached is a transport's part (virtio_mmio.c). What a
// device writes is never trusted: virtio_break() gives one up that lies. Chapter 14.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct board;
struct virtio_device;
struct virtqueue;

// Device numbers (virtio 1.2, 5).
enum virtio_id { VIRTIO_NET = 1, VIRTIO_BLK = 2, VIRTIO_CONSOLE = 3, VIRTIO_RNG = 4 };

// Bits of the device status (virtio 1.2, 2.1).
enum virtio_status {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128,
};

// Features of every device (virtio 1.2, 6), as masks. virtio.c asks for these itself; the
// first is required, the others can be switched off: virtio.event_idx=0,
// virtio.indirect_desc=0 on the command line.
#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1     (UINT64_C(1) << 32)

// How the registers of a device are reached. None of these sleeps.
struct virtio_transport {
    const char *name; // "mmio"
    uint8_t (*status)(struct virtio_device *device);
    // 0 is a reset: returns when the device has done it. -ETIMEDOUT: it does not.
    int (*set_status)(struct virtio_device *device, uint8_t status);
    uint64_t (*features)(struct virtio_device *device);
    void (*set_features)(struct virtio_device *device, uint64_t features);
    // How many descriptors a queue may have; 0: there is no such queue.
    uint32_t (*queue_size_max)(struct virtio_device *device, unsigned index);
    // Tells where the parts of a queue lie and enables it. 0 or an error.
    int (*enable_queue)(struct virtio_device *device, const struct virtqueue *queue);
    // From here on the device's interrupts are heard. 0 or an error.
    int (*connect)(struct virtio_device *device);
    void (*notify)(struct virtio_device *device, unsigned index);
    // Changes whenever the configuration does: read before and after.
    uint32_t (*config_generation)(struct virtio_device *device);
    uint8_t (*config_read8)(struct virtio_device *device, unsigned offset);
    uint16_t (*config_read16)(struct virtio_device *device, unsigned offset);
    uint32_t (*config_read32)(struct virtio_device *device, unsigned offset);
};

struct virtio_driver {
    const char *name; // "virtio_blk"
    enum virtio_id id;
    uint64_t required; // features without which it cannot work; VERSION_1 is understood
    uint64_t wanted;   // those that it uses when offered
    // Which of these it takes, where one needs another or the command line has a say: called
    // with those that are offered. NULL: all of them.
    uint64_t (*choose)(uint64_t offered);
    // What the required bits are called and which QEMU option offers them, for the message.
    const char *required_hint;
    // Reads the configuration, creates queues. The device goes live when this returns 0.
    // An error gives it up.
    int (*start)(struct virtio_device *device);
    // It is live: requests may be made. May sleep. NULL: nothing to do.
    void (*ready)(struct virtio_device *device);
    // The configuration has changed. Never sleeps. NULL: not of interest.
    void (*config_changed)(struct virtio_device *device);
    // virtio_break() was called: no queue completes anything any more. Fails what is in
    // flight. Never sleeps. NULL: nothing is ever in flight.
    void (*broken)(struct virtio_device *device);
};

enum { VIRTIO_QUEUES_MAX = 4 };

struct virtio_device {
    const struct virtio_transport *transport;
    const struct virtio_driver *driver;
    void *registers; // the transport's
    unsigned irq;    // the transport's
    char name[16];   // "virtio2": its slot
    enum virtio_id id;
    uint64_t features; // negotiated
    bool live;         // DRIVER_OK: requests may be made
    bool broken;       // it lied, or asked for a reset: nothing of it is used any more
    struct virtqueue *queues[VIRTIO_QUEUES_MAX];
    void *data;      // the driver's, from the heap: freed if the device does not go live
    struct list all; // on the list of all devices that a driver has
};

// Goes over the board's slots by ascending address and starts each device that one of the
// drivers (the table ends with NULL) wants. What fails is said and left out. Returns how
// many were started. Sleeps.
unsigned virtio_probe(const struct board *board, const struct virtio_driver *const *drivers);

static inline bool virtio_has(const struct virtio_device *device, uint64_t feature)
{
    return (device->features & feature) != 0;
}

// The device has broken the rules: says so once, stops it for good, and lets the driver
// fail what it has under way. May be called from anywhere, never sleeps.
void virtio_break(struct virtio_device *device, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A 64-bit field of the configuration, whole even while the device changes it.
uint64_t virtio_config_read64(struct virtio_device *device, unsigned offset);

// The next device after `device` (NULL: the first) that has a driver, or NULL.
struct virtio_device *virtio_next(struct virtio_device *device);

// For transports: takes a device that was found through its life cycle. `device` comes from
// the heap and is virtio.c's from here on. Whether it was started; why not is said. Sleeps.
bool virtio_start(struct virtio_device *device, const struct virtio_driver *const *drivers);
// For transports: the device has used buffers, or its configuration has changed.
void virtio_queues_interrupt(struct virtio_device *device);
void virtio_queue_interrupt(struct virtqueue *queue); // one that has an interrupt of its own
void virtio_config_interrupt(struct virtio_device *device);
