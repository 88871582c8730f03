// SPDX-License-Identifier: MIT
//
// The registers of a virtio device on PCI (virtio 1.2, 4.1.4): the same as those of
// virtio_mmio.c, but in several places, and each as wide as it needs to be.
// Chapter 28.
#include "drivers/virtio/virtio_pci_parts.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "machine.h"
#include "print.h"

#define RESET_TIMEOUT_NS 100000000ull

// ---- Status and features ----------------------------------------------------------------
static uint8_t status(struct virtio_device *device)
{
    return mmio_read8(common(device) + DEVICE_STATUS);
}

static int set_status(struct virtio_device *device, uint8_t value)
{
    mmio_write8(common(device) + DEVICE_STATUS, value);
    if (value != 0)
        return 0;
    uint64_t deadline = machine_clock_ns() + RESET_TIMEOUT_NS;
    while (status(device) != 0) {
        if (machine_clock_ns() > deadline)
            return -ETIMEDOUT;
    }
    return 0;
}

static uint64_t features(struct virtio_device *device)
{
    uint64_t offered = 0;
    for (unsigned half = 0; half < 2; half++) {
        mmio_write32(common(device) + DEVICE_FEATURE_SELECT, half);
        offered |= (uint64_t)mmio_read32(common(device) + DEVICE_FEATURE) << 32 * half;
    }
    return offered;
}

static void set_features(struct virtio_device *device, uint64_t accepted)
{
    for (unsigned half = 0; half < 2; half++) {
        mmio_write32(common(device) + DRIVER_FEATURE_SELECT, half);
        mmio_write32(common(device) + DRIVER_FEATURE, (uint32_t)(accepted >> 32 * half));
    }
}

// ---- Queues -----------------------------------------------------------------------------
static uint32_t queue_size_max(struct virtio_device *device, unsigned index)
{
    if (index >= mmio_read16(common(device) + NUM_QUEUES))
        return 0;
    mmio_write16(common(device) + QUEUE_SELECT, (uint16_t)index);
    return mmio_read16(common(device) + QUEUE_SIZE);
}

static void put_address(struct virtio_device *device, unsigned which,
                        const volatile void *memory)
{
    uint64_t address = machine_dma_address(memory);
    mmio_write32(common(device) + which, (uint32_t)address);
    mmio_write32(common(device) + which + 4, (uint32_t)(address >> 32));
}

// 4.1.5.1.3, all but the last step: virtio_pci_connect() knows the
// interrupts, and they come before.
static int enable_queue(struct virtio_device *device, const struct virtqueue *queue)
{
    struct virtio_pci *pci = pci_of(device);
    mmio_write16(common(device) + QUEUE_SELECT, (uint16_t)queue->index);
    if (mmio_read16(common(device) + QUEUE_ENABLE) != 0)
        return -EBUSY; // after a reset none is

    uint64_t offset = (uint64_t)pci->multiplier *
                      mmio_read16(common(device) + QUEUE_NOTIFY_OFFSET);
    if (offset + sizeof(uint16_t) > pci->parts[PART_NOTIFY].size) {
        log_warning("%s: queue \"%s\" is to be notified at %#llx, outside of the %u bytes "
                    "for that",
                    device->name, queue->name, (unsigned long long)offset,
                    (unsigned)pci->parts[PART_NOTIFY].size);
        return -EINVAL;
    }
    pci->notify_at[queue->index] = pci->parts[PART_NOTIFY].at + offset;
    mmio_write16(common(device) + QUEUE_SIZE, queue->size);
    put_address(device, QUEUE_DESC, queue->desc);
    put_address(device, QUEUE_DRIVER, queue->avail);
    put_address(device, QUEUE_DEVICE, queue->used);
    return 0;
}

static void notify(struct virtio_device *device, unsigned index)
{
    mmio_write16(pci_of(device)->notify_at[index], (uint16_t)index);
}

// ---- Configuration ----------------------------------------------------------------------
static uint32_t config_generation(struct virtio_device *device)
{
    return mmio_read8(common(device) + CONFIG_GENERATION);
}

// NULL: the device's configuration is not so long.
static volatile uint8_t *config_at(struct virtio_device *device, unsigned offset,
                                   unsigned width)
{
    const struct virtio_pci *pci = pci_of(device);
    uint32_t size = pci->parts[PART_CONFIG].size;
    bool inside = width <= size && offset <= size - width;
    return inside ? pci->parts[PART_CONFIG].at + offset : NULL;
}

static uint8_t config_read8(struct virtio_device *device, unsigned offset)
{
    volatile uint8_t *at = config_at(device, offset, 1);
    return at ? mmio_read8(at) : 0;
}

static uint16_t config_read16(struct virtio_device *device, unsigned offset)
{
    volatile uint8_t *at = config_at(device, offset, 2);
    return at ? mmio_read16(at) : 0;
}

static uint32_t config_read32(struct virtio_device *device, unsigned offset)
{
    volatile uint8_t *at = config_at(device, offset, 4);
    return at ? mmio_read32(at) : 0;
}

const struct virtio_transport virtio_pci_transport = {
    .name = "pci",
    .status = status,
    .set_status = set_status,
    .features = features,
    .set_features = set_features,
    .queue_size_max = queue_size_max,
    .enable_queue = enable_queue,
    .connect = virtio_pci_connect,
    .notify = notify,
    .config_generation = config_generation,
    .config_read8 = config_read8,
    .config_read16 = config_read16,
    .config_read32 = config_read32,
};
