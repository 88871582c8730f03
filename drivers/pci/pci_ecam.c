// SPDX-License-Identifier: MIT
//
// The configuration space in memory: a page of registers for each function, 8 functions for
// each slot, 32 slots for each bus (PCI Express Base Specification 2.0, 7.2.2: ECAM).
// Chapter 28.
#include "drivers/pci/pci.h"

#include "machine.h"

enum { BUS_SHIFT = 20 };

// NULL: beyond what there is.
static volatile uint8_t *place(const struct pci_host *host, uint32_t where)
{
    uint64_t offset = where - ((uint64_t)host->bus_first << BUS_SHIFT);
    return host->config && offset < host->config_size ? host->config + offset : NULL;
}

static uint32_t ecam_read(const struct pci_host *host, uint32_t where, unsigned width)
{
    const volatile uint8_t *at = place(host, where);
    if (!at)
        return UINT32_MAX;
    return width == 1 ? mmio_read8(at) : width == 2 ? mmio_read16(at) : mmio_read32(at);
}

static void ecam_write(const struct pci_host *host, uint32_t where, unsigned width,
                       uint32_t value)
{
    volatile uint8_t *at = place(host, where);
    if (!at)
        return;
    if (width == 1)
        mmio_write8(at, (uint8_t)value);
    else if (width == 2)
        mmio_write16(at, (uint16_t)value);
    else
        mmio_write32(at, value);
}

void pci_ecam_init(struct pci_host *host, uint64_t address, uint64_t size)
{
    uint64_t buses = size >> BUS_SHIFT;
    host->config_address = address;
    host->config_size = size;
    host->read = ecam_read;
    host->write = ecam_write;
    if (buses > 0 && host->bus_first + buses - 1 < host->bus_last)
        host->bus_last = (unsigned)(host->bus_first + buses - 1);
}
