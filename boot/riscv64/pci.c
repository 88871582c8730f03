// SPDX-License-Identifier: MIT
//
// Where the PCI bus of this board is, read from the device tree ("pci-host-ecam-generic", as
// the Linux device tree binding "Generic PCI host controller" has it).
//
// "ranges" says which addresses it passes on to the bus, "interrupt-map" which interrupt each
// pin of each slot is (Devicetree Specification 0.4, 2.3.8 and 2.4.3; IEEE 1275-1994, PCI
// Bus Binding 2.1).
// Chapter 28.
#include "boot/boot.h"
#include "boot/riscv64/messages.h"
#include "drivers/pci/pci.h"
#include "fdt.h"
#include "print.h"

enum {
    // An address on the bus has three cells; the first says in which space, and which slot.
    SPACE_SHIFT = 24,
    SPACE_MASK = 3,
    SPACE_CONFIG = 0,
    SLOT_SHIFT = 11,
    RANGE_CELLS = 3 + 2 + 2, // on the bus, for the processor, size
    CHILD_CELLS = 3 + 1,     // of the interrupt map: address, pin
    CELLS_MAX = 4,
};

static struct pci_host host;

static uint32_t cell(const uint8_t *cells, unsigned i)
{
    const uint8_t *at = cells + 4 * (size_t)i;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t two_cells(const uint8_t *cells, unsigned i)
{
    return (uint64_t)cell(cells, i) << 32 | cell(cells, i + 1);
}

static void read_ranges(const struct fdt *tree, fdt_node node)
{
    uint32_t length = 0;
    const uint8_t *cells = fdt_property(tree, node, "ranges", &length);
    for (unsigned i = 0; cells && i + RANGE_CELLS <= length / 4; i += RANGE_CELLS) {
        unsigned space = cell(cells, i) >> SPACE_SHIFT & SPACE_MASK;
        uint64_t start = two_cells(cells, i + 1), size = two_cells(cells, i + 5);
        if (space == SPACE_CONFIG || start + size < start)
            continue;
        host.windows[space - 1] = (struct pci_window){
            .start = start, .size = size, .address = two_cells(cells, i + 3)};
    }
}

// Every slot that differs from the entry's only where the mask does not look.
static void note_irq(uint32_t mask, uint32_t slot_cell, uint32_t pin, uint32_t irq)
{
    if (pin < 1 || pin > PCI_PINS || irq > UINT16_MAX)
        return;
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        if ((slot << SLOT_SHIFT & mask) == (slot_cell & mask))
            host.irqs[slot][pin - 1] = (uint16_t)irq;
    }
}

// An entry: the device's address and pin, the controller's phandle, and there the address and
// the interrupt. How many cells those have, the controller says.
static void read_interrupts(const struct fdt *tree, fdt_node node)
{
    uint32_t length = 0, seen = 0, address = 0, interrupt = 0;
    const uint8_t *cells = fdt_property(tree, node, "interrupt-map", &length);
    uint32_t mask = fdt_cell(tree, node, "interrupt-map-mask", 0, UINT32_MAX);
    for (unsigned i = 0; cells && i + CHILD_CELLS + 1 <= length / 4;) {
        uint32_t phandle = cell(cells, i + CHILD_CELLS);
        if (phandle != seen) { // mostly they are all the same
            fdt_node chip = fdt_find_phandle(tree, phandle);
            address = fdt_cell(tree, chip, "#address-cells", 0, 0);
            interrupt = fdt_cell(tree, chip, "#interrupt-cells", 0, 1);
            seen = phandle;
        }
        unsigned end = i + CHILD_CELLS + 1 + address + interrupt;
        if (address > CELLS_MAX || interrupt < 1 || interrupt > CELLS_MAX || end > length / 4)
            return;
        note_irq(mask, cell(cells, i), cell(cells, i + CHILD_CELLS - 1),
                 cell(cells, i + CHILD_CELLS + 1 + address));
        i = end;
    }
}

// The bus's node or FDT_NONE, and whether interrupts are messages, all in one walk.
static fdt_node find_bus(const struct fdt *tree, bool *by_message)
{
    fdt_node node = FDT_NONE, bus = FDT_NONE;
    uint32_t length;
    int depth = 0;
    while ((node = fdt_next(tree, node, &depth)) != FDT_NONE) {
        const char *list = fdt_property(tree, node, "compatible", &length);
        if (list && fdt_lists(list, length, "riscv,imsics"))
            *by_message = true;
        if (list && bus == FDT_NONE && fdt_lists(list, length, "pci-host-ecam-generic"))
            bus = node;
    }
    return bus;
}

struct pci_host *board_describe_pci(const struct boot_info *boot)
{
    struct fdt tree;
    uint64_t address, size;
    if (fdt_open(&tree, boot->device_tree, FDT_SIZE_MAX) != 0)
        return NULL;
    bool by_message = false;
    fdt_node node = find_bus(&tree, &by_message);
    if (by_message)
        messages_describe(&tree, boot->hart);
    if (node == FDT_NONE)
        return NULL;
    if (!fdt_reg(&tree, node, 0, &address, &size)) {
        log_warning("pci: %s has no usable \"reg\", left out", fdt_name(&tree, node));
        return NULL;
    }
    host = (struct pci_host){
        .bus_first = fdt_cell(&tree, node, "bus-range", 0, 0) & 0xff,
        .bus_last = fdt_cell(&tree, node, "bus-range", 1, 0xff) & 0xff,
    };
    pci_ecam_init(&host, address, size);
    read_ranges(&tree, node);
    read_interrupts(&tree, node);
    return &host;
}
