// SPDX-License-Identifier: MIT
//
// A function's configuration space: its registers, and the capabilities that they list.
//
// Capabilities form a list behind the header: each names its kind and where the next one is
// (6.7). What a device has written there may lead in circles or nowhere.
// Chapter 28.
#include "drivers/pci/pci.h"

#include "panic.h"

enum {
    STATUS_HAS_CAPABILITIES = 1 << 4,
    POINTER_MASK = 0xfc, // the lowest two bits are reserved
    CAPABILITIES_MAX = (PCI_CONFIG_END - PCI_HEADER_END) / PCI_CAPABILITY_SIZE,
};

// As an ECAM has its registers; ports take the same numbers apart.
static uint32_t where(const struct pci_function *function, unsigned offset)
{
    return (uint32_t)function->bus << 20 | (uint32_t)function->slot << 15 |
           (uint32_t)function->number << 12 | offset;
}

static uint32_t read(const struct pci_function *function, unsigned offset, unsigned width)
{
    ASSERT(offset + width <= PCI_CONFIG_END && offset % width == 0);
    return function->host->read(function->host, where(function, offset), width);
}

static void write(const struct pci_function *function, unsigned offset, unsigned width,
                  uint32_t value)
{
    ASSERT(offset + width <= PCI_CONFIG_END && offset % width == 0);
    function->host->write(function->host, where(function, offset), width, value);
}

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
    return (uint8_t)read(function, offset, 1);
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
    return (uint16_t)read(function, offset, 2);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
    return read(function, offset, 4);
}

void pci_write8(const struct pci_function *function, unsigned offset, uint8_t value)
{
    write(function, offset, 1, value);
}

void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
    write(function, offset, 2, value);
}

void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value)
{
    write(function, offset, 4, value);
}

// The list ends with 0. A pointer into the header ends it too, and so does its length: one
// that is longer than there is room for goes in circles. A bridge to CardBus has its list
// elsewhere, and nothing in it for us.
unsigned pci_capability(const struct pci_function *function, enum pci_capability_id id,
                        unsigned n)
{
    if (!(pci_read16(function, PCI_STATUS) & STATUS_HAS_CAPABILITIES) ||
        (pci_read8(function, PCI_HEADER_TYPE) & PCI_HEADER_LAYOUT) == PCI_HEADER_CARDBUS)
        return 0;

    unsigned at = pci_read8(function, PCI_CAPABILITIES) & POINTER_MASK;
    for (unsigned i = 0; i < CAPABILITIES_MAX && at >= PCI_HEADER_END; i++) {
        if (pci_read8(function, at) == id && n-- == 0)
            return at;
        at = pci_read8(function, at + 1) & POINTER_MASK;
    }
    return 0;
}
