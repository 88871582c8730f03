// SPDX-License-Identifier: MIT
//
// virtio over PCI (virtio 1.2, 4.1): the same registers as elsewhere, in other places.
//
//   virtio_pci_probe(drivers)     once: every device on the bus that a driver wants
//
// Capabilities of the device say where they are: the common registers, the place to notify
// queues at, the interrupt's status, and the configuration of its kind. Each names a bar, an
// offset in it and a length; none of that is trusted.
// Chapter 28.
#include "drivers/virtio/virtio_pci.h"

#include "drivers/virtio/virtio_pci_parts.h"
#include "heap.h"
#include "print.h"
#include "string.h"

enum {
    VENDOR = 0x1af4,
    DEVICE_FIRST = 0x1000,  // to 0x103f: those that can do as before the standard
    DEVICE_MODERN = 0x1040, // and the number of what it is
    DEVICE_END = 0x1080,
};

// Of a capability (4.1.4).
enum {
    CAP_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_LENGTH = 12,
    CAP_END = 16,
    CAP_MULTIPLIER = 16, // of PART_NOTIFY alone
    CAP_NOTIFY_END = 20,
};

static const struct {
    const char *name;
    uint32_t least, unit; // bytes: at least so many, at a multiple of that
} parts[PARTS] = {
    [PART_COMMON] = {"common registers", COMMON_SIZE, sizeof(uint32_t)},
    [PART_NOTIFY] = {"place to notify queues at", sizeof(uint16_t), sizeof(uint16_t)},
    [PART_ISR] = {"interrupt status", sizeof(uint8_t), sizeof(uint8_t)},
    [PART_CONFIG] = {"configuration", 1, sizeof(uint32_t)},
};

// The first of its kind that can be used counts: a device may offer another way to the same.
static void try_part(struct virtio_pci *pci, unsigned at)
{
    const struct pci_function *function = pci->function;
    unsigned type = pci_read8(function, at + CAP_TYPE), bar = pci_read8(function, at + CAP_BAR);
    uint32_t offset = pci_read32(function, at + CAP_OFFSET);
    uint32_t length = pci_read32(function, at + CAP_LENGTH);
    if (type < PART_COMMON || type >= PARTS || pci->parts[type].at || bar >= PCI_BARS_MAX ||
        function->bars[bar].space == PCI_IO || offset % parts[type].unit != 0 ||
        length < parts[type].least)
        return;
    if (type == PART_NOTIFY) {
        if (at + CAP_NOTIFY_END > PCI_CONFIG_END)
            return;
        pci->multiplier = pci_read32(function, at + CAP_MULTIPLIER);
        if (pci->multiplier % sizeof(uint16_t) != 0)
            return;
    }
    pci->parts[type].at = pci_map(function, bar, offset, length);
    pci->parts[type].size = pci->parts[type].at ? length : 0;
}

// False, with the reason: it cannot be used.
static bool find_parts(struct virtio_pci *pci)
{
    const struct pci_function *function = pci->function;
    unsigned at;
    for (unsigned n = 0; (at = pci_capability(function, PCI_CAP_VENDOR, n)) != 0; n++) {
        if (at + CAP_END <= PCI_CONFIG_END)
            try_part(pci, at);
    }
    if (!pci->parts[PART_COMMON].at && function->device < DEVICE_MODERN) {
        log_warning("%s: a legacy device, expected a modern one: give QEMU disable-modern=off "
                    "behind its -device",
                    function->name);
        return false;
    }
    for (unsigned part = PART_COMMON; part < PART_CONFIG; part++) {
        if (!pci->parts[part].at) {
            log_warning("%s: no usable %s, which every virtio device has (virtio 1.2, 4.1.4)",
                        function->name, parts[part].name);
            return false;
        }
    }
    return true;
}

// What kind of device: in its number, or where those from before the standard have it.
static enum virtio_id id_of(const struct pci_function *function)
{
    return (enum virtio_id)(function->device >= DEVICE_MODERN
                                ? function->device - DEVICE_MODERN
                                : pci_read16(function, PCI_SUBSYSTEM));
}

// From the heap, or NULL: none that we can use, which is said.
static struct virtio_device *find(struct pci_function *function)
{
    struct virtio_pci *pci = heap_alloc(sizeof(*pci));
    if (!pci) {
        log_warning("%s: no memory for it", function->name);
        return NULL;
    }
    pci->function = function;
    pci->device.transport = &virtio_pci_transport;
    pci->device.id = id_of(function);
    strlcpy(pci->device.name, function->name, sizeof(pci->device.name));
    if (find_parts(pci))
        return &pci->device;
    heap_free(pci);
    return NULL;
}

unsigned virtio_pci_probe(const struct virtio_driver *const *drivers)
{
    unsigned started = 0;
    struct pci_function *function = NULL;
    while ((function = pci_next(function))) {
        if (function->vendor != VENDOR || function->device < DEVICE_FIRST ||
            function->device >= DEVICE_END)
            continue;
        struct virtio_device *device = find(function);
        if (!device)
            continue;
        pci_enable(function);
        if (virtio_start(device, drivers))
            started++;
    }
    return started;
}
