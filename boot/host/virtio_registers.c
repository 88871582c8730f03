// SPDX-License-Identifier: MIT
//
// The registers of a virtio device, seen from its own side (virtio 1.2, 4.2.2).
//
// What is written changes the device's state at once. Which registers there are, how wide
// an access has to be and when a queue may be set up is checked: real devices are not as
// patient as QEMU.
// Chapter 14.
#include <stdlib.h>

#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"

enum {
    MAGIC = 0x74726976, // "virt"
    VERSION = 2,
    VENDOR = 0x6b696d74, // "tmik"
};

// Offsets of the registers (virtio 1.2, 4.2.2).
enum {
    AT_MAGIC = 0x0,
    AT_VERSION = 0x4,
    AT_DEVICE_ID = 0x8,
    AT_VENDOR_ID = 0xc,
    AT_DEVICE_FEATURES = 0x10,
    AT_DEVICE_FEATURES_SELECT = 0x14,
    AT_DRIVER_FEATURES = 0x20,
    AT_DRIVER_FEATURES_SELECT = 0x24,
    AT_QUEUE_SELECT = 0x30,
    AT_QUEUE_SIZE_MAX = 0x34,
    AT_QUEUE_SIZE = 0x38,
    AT_QUEUE_READY = 0x44,
    AT_QUEUE_NOTIFY = 0x50,
    AT_INTERRUPT_STATUS = 0x60,
    AT_INTERRUPT_ACK = 0x64,
    AT_STATUS = 0x70,
    AT_QUEUE_DESCRIPTORS = 0x80,
    AT_QUEUE_AVAILABLE = 0x90,
    AT_QUEUE_USED = 0xa0,
    HIGH_HALF = 4, // of the three above
    AT_CONFIG_GENERATION = 0xfc,
    AT_CONFIG = 0x100,
};

// ---- Queues -------------------------------------------------------------------------

static bool selected_exists(const struct virtio_model *model)
{
    return model->selected < model->kind->queues;
}

// The selected queue, for a register that sets it up.
static struct virtio_ring *selected(struct virtio_model *model)
{
    if (!selected_exists(model))
        virtio_model_blame(model, "4.2.3.2", "sets up queue %u, and there are %u",
                           model->selected, model->kind->queues);
    if (!(model->status & VIRTIO_FEATURES_OK) || (model->status & VIRTIO_DRIVER_OK))
        virtio_model_blame(model, "3.1.1",
                           "sets up queue %u at the status %#x: expected FEATURES_OK and "
                           "not yet DRIVER_OK",
                           model->selected, model->status);
    struct virtio_ring *ring = &model->rings[model->selected];
    if (ring->ready)
        virtio_model_blame(model, "4.2.3.2", "sets up queue %u, which is in use",
                           model->selected);
    return ring;
}

static void write_queue_size(struct virtio_model *model, uint32_t size)
{
    struct virtio_ring *ring = selected(model);
    if (size == 0 || size > model->queue_size || (size & (size - 1)) != 0)
        virtio_model_blame(model, "2.7",
                           "wants %u descriptors in queue %u: expected a power of two, at "
                           "most %u",
                           size, model->selected, model->queue_size);
    ring->size = size;
}

static void write_queue_ready(struct virtio_model *model, uint32_t ready)
{
    struct virtio_ring *ring = selected(model);
    if (ready != 1)
        virtio_model_blame(model, "4.2.2.2", "wrote %u to QueueReady: expected 1, or a reset",
                           ready);
    if (ring->size == 0)
        virtio_model_blame(model, "4.2.3.2", "enabled queue %u without a size",
                           model->selected);
    virtio_ring_start(model, model->selected);
    ring->owner = calloc(ring->size, sizeof(*ring->owner));
    if (!ring->owner)
        abort();
    ring->event_idx = virtio_model_has(model, VIRTIO_F_EVENT_IDX);
    ring->indirect = virtio_model_has(model, VIRTIO_F_INDIRECT_DESC);
    ring->ready = true;
}

static void write_half(uint64_t *address, bool high, uint32_t value)
{
    unsigned shift = high ? 32 : 0;
    *address = (*address & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift;
}

static void write_notify(struct virtio_model *model, uint32_t queue)
{
    if (queue >= model->kind->queues || !model->rings[queue].ready)
        virtio_model_blame(model, "4.2.3.3", "notified queue %u, which it has not enabled",
                           queue);
    if (!(model->status & VIRTIO_DRIVER_OK))
        virtio_model_blame(model, "3.1.1", "notified queue %u before DRIVER_OK", queue);
    virtio_model_notified(model, queue);
}

// ---- Registers ----------------------------------------------------------------------

static uint32_t offered_half(const struct virtio_model *model)
{
    switch (model->device_features_half) {
    case 0: return (uint32_t)model->offered;
    case 1: return (uint32_t)(model->offered >> 32);
    default: return 0;
    }
}

static uint32_t read_config(const struct virtio_model *model, uint64_t offset, unsigned width)
{
    uint32_t value = 0;
    if (width > sizeof value || offset % width != 0 || offset + width > model->config_size)
        virtio_model_blame(model, "4.2.2.2",
                           "read %u bytes at offset %llu of a configuration of %u", width,
                           (unsigned long long)offset, model->config_size);
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)model->config[offset + i] << 8 * i;
    return value;
}

static void check_access(const struct virtio_model *model, uint64_t offset, unsigned width)
{
    if (width != 4 || offset % 4 != 0)
        virtio_model_blame(model, "4.2.2.2",
                           "accessed %u bytes of registers at %#llx: they have 4 each", width,
                           (unsigned long long)offset);
}

uint64_t virtio_register_read(struct host_device *device, uint64_t offset, unsigned width)
{
    struct virtio_model *model = (struct virtio_model *)device; // its first member
    if (model->gone)
        return UINT64_MAX >> (64 - 8 * width);
    if (offset >= AT_CONFIG)
        return read_config(model, offset - AT_CONFIG, width);

    check_access(model, offset, width);
    switch (offset) {
    case AT_MAGIC: return MAGIC;
    case AT_VERSION: return VERSION;
    case AT_DEVICE_ID: return model->kind->id;
    case AT_VENDOR_ID: return VENDOR;
    case AT_DEVICE_FEATURES: return offered_half(model);
    case AT_QUEUE_SIZE_MAX: return selected_exists(model) ? model->queue_size : 0;
    case AT_QUEUE_READY: return selected_exists(model) && model->rings[model->selected].ready;
    case AT_INTERRUPT_STATUS: return model->interrupts;
    case AT_STATUS: return model->status;
    case AT_CONFIG_GENERATION: return model->config_generation;
    default:
        virtio_model_blame(model, "4.2.2", "read the register at %#llx: there is none to read",
                           (unsigned long long)offset);
    }
}

void virtio_register_write(struct host_device *device, uint64_t offset, unsigned width,
                           uint64_t wide)
{
    struct virtio_model *model = (struct virtio_model *)device;
    uint32_t value = (uint32_t)wide;
    if (model->gone) {
        model->interrupts = 0;
        virtio_model_interrupt(model, 0); // its line is quiet, too, once somebody has looked
        return;
    }
    check_access(model, offset, width);
    switch (offset) {
    case AT_DEVICE_FEATURES_SELECT: model->device_features_half = value; break;
    case AT_DRIVER_FEATURES: virtio_model_set_features(model, value); break;
    case AT_DRIVER_FEATURES_SELECT: model->driver_features_half = value; break;
    case AT_QUEUE_SELECT: model->selected = value; break;
    case AT_QUEUE_SIZE: write_queue_size(model, value); break;
    case AT_QUEUE_READY: write_queue_ready(model, value); break;
    case AT_QUEUE_NOTIFY: write_notify(model, value); break;
    case AT_INTERRUPT_ACK:
        model->interrupts &= (uint8_t)~value;
        virtio_model_interrupt(model, 0);
        break;
    case AT_STATUS: virtio_model_set_status(model, value); break;
    case AT_QUEUE_DESCRIPTORS:
    case AT_QUEUE_DESCRIPTORS + HIGH_HALF:
        write_half(&selected(model)->descriptors, offset % 8 != 0, value);
        break;
    case AT_QUEUE_AVAILABLE:
    case AT_QUEUE_AVAILABLE + HIGH_HALF:
        write_half(&selected(model)->available, offset % 8 != 0, value);
        break;
    case AT_QUEUE_USED:
    case AT_QUEUE_USED + HIGH_HALF:
        write_half(&selected(model)->used, offset % 8 != 0, value);
        break;
    default:
        virtio_model_blame(model, "4.2.2",
                           "wrote the register at %#llx: there is none to write",
                           (unsigned long long)offset);
    }
}
