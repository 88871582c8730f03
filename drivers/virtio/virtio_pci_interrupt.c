// SPDX-License-Identifier: MIT
//
// Interrupts of a virtio device on PCI (virtio 1.2, 4.1.5.1.2 and 4.1.5.3).
//
// By messages where the machine takes them: one for the device, one for each queue. Else all
// of the device shares a wire with other devices, and says in a register what it was.
// Chapter 28.
#include "drivers/virtio/virtio_pci_parts.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "irq.h"
#include "machine.h"

enum { ISR_QUEUES = 1, ISR_CONFIG = 2 };

// By wire. Reading the status is the acknowledgement: what comes after interrupts again.
static void wire_interrupted(void *context)
{
    struct virtio_device *device = context;
    uint8_t causes = mmio_read8(pci_of(device)->parts[PART_ISR].at);
    if (causes & ISR_QUEUES)
        virtio_queues_interrupt(device);
    if (causes & ISR_CONFIG)
        virtio_config_interrupt(device);
}

// By message: the first is for the configuration, and for queues that have none of their own.
static void device_interrupted(void *context)
{
    struct virtio_device *device = context;
    virtio_queues_interrupt(device);
    virtio_config_interrupt(device);
}

static void queue_interrupted(void *context)
{
    virtio_queue_interrupt(context);
}

// A source for an entry of the table, unless there are no more.
static bool prepare_message(struct virtio_pci *pci, unsigned entry, unsigned entries)
{
    struct irq_message message;
    int source = entry < entries ? irq_message_alloc(&message) : -EBUSY;
    if (source < 0)
        return false;
    pci->sources[entry] = (unsigned)source;
    pci_msix_set(pci->function, entry, &message);
    return true;
}

// The device may refuse a message (4.1.5.1.2.2): then it reads back as NO_VECTOR.
static bool set_vector(struct virtio_pci *pci, unsigned offset, uint16_t vector)
{
    volatile uint8_t *at = pci->parts[PART_COMMON].at + offset;
    mmio_write16(at, vector);
    return mmio_read16(at) == vector;
}

static bool prepare_messages(struct virtio_pci *pci, unsigned entries)
{
    if (!prepare_message(pci, 0, entries) || !set_vector(pci, CONFIG_VECTOR, 0))
        return false;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        const struct virtqueue *queue = pci->device.queues[i];
        if (!queue)
            continue;
        bool own = queue->completed && prepare_message(pci, 1 + i, entries);
        uint16_t vector = !queue->completed ? NO_VECTOR : own ? (uint16_t)(1 + i) : 0;
        mmio_write16(pci->parts[PART_COMMON].at + QUEUE_SELECT, (uint16_t)i);
        if (!set_vector(pci, QUEUE_VECTOR, vector))
            return false;
    }
    return true;
}

static void connect_messages(struct virtio_pci *pci)
{
    for (unsigned entry = 0; entry < VECTORS; entry++) {
        unsigned source = pci->sources[entry];
        if (source == 0)
            continue;
        void *context = entry == 0 ? (void *)&pci->device : pci->device.queues[entry - 1];
        irq_connect(source, pci->device.name,
                    entry == 0 ? device_interrupted : queue_interrupted, context);
        pci_msix_unmask(pci->function, entry);
        pci->function->messages++;
    }
}

static void forget_messages(struct virtio_pci *pci)
{
    for (unsigned entry = 0; entry < VECTORS; entry++) {
        if (pci->sources[entry] != 0)
            irq_message_free(pci->sources[entry]);
        pci->sources[entry] = 0;
    }
    pci_msix_stop(pci->function);
}

int virtio_pci_connect(struct virtio_device *device)
{
    struct virtio_pci *pci = pci_of(device);
    int error = 0;
    if (prepare_messages(pci, pci_msix_start(pci->function))) {
        connect_messages(pci);
    } else {
        forget_messages(pci);
        error = pci_connect(pci->function, wire_interrupted, device);
    }
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX && !error; i++) {
        if (!device->queues[i])
            continue;
        mmio_write16(common(device) + QUEUE_SELECT, (uint16_t)i);
        mmio_write16(common(device) + QUEUE_ENABLE, 1);
    }
    return error;
}
