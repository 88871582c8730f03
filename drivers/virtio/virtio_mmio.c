// SPDX-License-Identifier: MIT
//
// virtio over memory-mapped registers (virtio 1.2, 4.2).
//
// A machine has a row of slots, each with registers and an interrupt of its own; an empty
// one says that its device has the number 0. Registers are 32 bits wide; what concerns one
// queue is reached by writing that queue's number to QUEUE_SEL first.
// Chapter 14.
#include "drivers/virtio/virtio_mmio.h"

#include "boot/board.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "irq.h"
#include "machine.h"
#include "print.h"

// virtio 1.2, 4.2.2
enum mmio_register {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC = 0x080, // each of these is two registers, the low half first
    QUEUE_DRIVER = 0x090,
    QUEUE_DEVICE = 0x0a0,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100,
    REGISTERS = 0x200, // bytes: no device of ours has a longer configuration
};

enum {
    MAGIC_VALUE = 0x74726976, // "virt"
    VERSION_LEGACY = 1,
    VERSION_MODERN = 2,
    INTERRUPT_QUEUES = 1,
    INTERRUPT_CONFIG = 2,
};

#define RESET_TIMEOUT_NS 100000000ull

static uint32_t get(const struct virtio_device *device, unsigned which)
{
    return mmio_read32((const char *)device->registers + which);
}

static void put(const struct virtio_device *device, unsigned which, uint32_t value)
{
    mmio_write32((char *)device->registers + which, value);
}

static void put_address(const struct virtio_device *device, unsigned which,
                        const volatile void *memory)
{
    uint64_t address = machine_dma_address(memory);
    put(device, which, (uint32_t)address);
    put(device, which + 4, (uint32_t)(address >> 32));
}

// ---- Status and features ----------------------------------------------------------------
static uint8_t status(struct virtio_device *device)
{
    return (uint8_t)get(device, STATUS);
}

static int set_status(struct virtio_device *device, uint8_t value)
{
    put(device, STATUS, value);
    if (value != 0)
        return 0;
    uint64_t deadline = machine_clock_ns() + RESET_TIMEOUT_NS;
    while (get(device, STATUS) != 0) {
        if (machine_clock_ns() > deadline)
            return -ETIMEDOUT;
    }
    return 0;
}

static uint64_t features(struct virtio_device *device)
{
    put(device, DEVICE_FEATURES_SEL, 1);
    uint64_t high = get(device, DEVICE_FEATURES);
    put(device, DEVICE_FEATURES_SEL, 0);
    return high << 32 | get(device, DEVICE_FEATURES);
}

static void set_features(struct virtio_device *device, uint64_t accepted)
{
    put(device, DRIVER_FEATURES_SEL, 1);
    put(device, DRIVER_FEATURES, (uint32_t)(accepted >> 32));
    put(device, DRIVER_FEATURES_SEL, 0);
    put(device, DRIVER_FEATURES, (uint32_t)accepted);
}

// ---- Queues -----------------------------------------------------------------------------
static uint32_t queue_size_max(struct virtio_device *device, unsigned index)
{
    put(device, QUEUE_SEL, index);
    return get(device, QUEUE_NUM_MAX);
}

// virtio 1.2, 4.2.3.2
static int enable_queue(struct virtio_device *device, const struct virtqueue *queue)
{
    put(device, QUEUE_SEL, queue->index);
    if (get(device, QUEUE_READY) != 0)
        return -EBUSY; // after a reset none is
    put(device, QUEUE_NUM, queue->size);
    put_address(device, QUEUE_DESC, queue->desc);
    put_address(device, QUEUE_DRIVER, queue->avail);
    put_address(device, QUEUE_DEVICE, queue->used);
    put(device, QUEUE_READY, 1);
    return 0;
}

static void notify(struct virtio_device *device, unsigned index)
{
    put(device, QUEUE_NOTIFY, index);
}

// ---- Interrupts -------------------------------------------------------------------------
// Acknowledged first: what the device does after that interrupts again.
static void interrupted(void *context)
{
    struct virtio_device *device = context;
    uint32_t causes = get(device, INTERRUPT_STATUS);
    put(device, INTERRUPT_ACK, causes);
    if (causes & INTERRUPT_QUEUES)
        virtio_queues_interrupt(device);
    if (causes & INTERRUPT_CONFIG)
        virtio_config_interrupt(device);
}

static int connect(struct virtio_device *device)
{
    return irq_connect(device->irq, device->name, interrupted, device);
}

// ---- Configuration ----------------------------------------------------------------------
static uint32_t config_generation(struct virtio_device *device)
{
    return get(device, CONFIG_GENERATION);
}

static uint8_t config_read8(struct virtio_device *device, unsigned offset)
{
    return mmio_read8((const char *)device->registers + CONFIG + offset);
}

static uint16_t config_read16(struct virtio_device *device, unsigned offset)
{
    return mmio_read16((const char *)device->registers + CONFIG + offset);
}

static uint32_t config_read32(struct virtio_device *device, unsigned offset)
{
    return get(device, CONFIG + offset);
}

static const struct virtio_transport mmio_transport = {
    .name = "mmio",
    .status = status,
    .set_status = set_status,
    .features = features,
    .set_features = set_features,
    .queue_size_max = queue_size_max,
    .enable_queue = enable_queue,
    .connect = connect,
    .notify = notify,
    .config_generation = config_generation,
    .config_read8 = config_read8,
    .config_read16 = config_read16,
    .config_read32 = config_read32,
};

// ---- Finding ----------------------------------------------------------------------------
// virtio 1.2, 4.2.3.1.1: in this order. An empty slot is no error.
static bool is_usable(const struct virtio_device *slot, unsigned number)
{
    uint32_t magic = get(slot, MAGIC), version = get(slot, VERSION);
    if (magic != MAGIC_VALUE) {
        log_warning("virtio%u: expected \"virt\" (%#x) in the first register, found %#x",
                    number, MAGIC_VALUE, (unsigned)magic);
        return false;
    }
    if (get(slot, DEVICE_ID) == 0)
        return false;
    if (version == VERSION_LEGACY)
        log_warning("virtio%u: a legacy device (version 1), expected version 2: give QEMU "
                    "-global virtio-mmio.force-legacy=false",
                    number);
    else if (version != VERSION_MODERN)
        log_warning("virtio%u: expected version 2, found %u", number, (unsigned)version);
    return version == VERSION_MODERN;
}

struct virtio_device *virtio_mmio_find(const struct board_device *slot, unsigned number)
{
    struct virtio_device found = {
        .transport = &mmio_transport,
        .registers = machine_map_device(slot->address, slot->size),
        .irq = slot->irq,
    };
    if (!found.registers || slot->size < REGISTERS) {
        log_warning("virtio%u: its %llu bytes of registers at %#llx cannot be reached", number,
                    (unsigned long long)slot->size, (unsigned long long)slot->address);
        return NULL;
    }
    if (!is_usable(&found, number))
        return NULL;

    struct virtio_device *device = heap_alloc(sizeof(*device));
    if (!device) {
        log_warning("virtio%u: no memory for it", number);
        return NULL;
    }
    *device = found;
    device->id = (enum virtio_id)get(device, DEVICE_ID);
    snprintf(device->name, sizeof(device->name), "virtio%u", number);
    return device;
}
