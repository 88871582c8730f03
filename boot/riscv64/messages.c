// SPDX-License-Identifier: MIT
//
// A board without a PLIC, whose interrupts are messages: which parts it has for that.
//
// In the device tree there is an "imsics" for each privilege mode, with a page for each hart,
// and an "aplic" that turns wires into messages to it. Ours are those of supervisor mode.
// (Linux device tree bindings riscv,imsics and riscv,aplic.)
// Chapter 28.
#include "boot/riscv64/messages.h"

#include "boot/board.h"
#include "boot/riscv64/imsic.h"
#include "boot/riscv64/interrupts.h"
#include "drivers/irqchip/aplic.h"
#include "error.h"
#include "fdt.h"
#include "machine.h"

enum {
    SUPERVISOR_EXTERNAL = 9, // a hart's own number for our kind of interrupt
    INDEX_BITS_MAX = 7,      // of the pages that guests have, for each hart
};

static struct {
    uint64_t page; // where our hart gets messages; 0: the board has none of this
    unsigned last; // the highest number that can be sent
    unsigned hart_index;
    struct board_device aplic;
    unsigned wires;
} messages;

// The phandle of a hart's own interrupt controller, or 0.
static uint32_t phandle_of_hart(const struct fdt *tree, uint64_t hart)
{
    uint64_t number, size;
    fdt_node cpu = fdt_child(tree, fdt_find(tree, "/cpus"));
    while (cpu != FDT_NONE && !(fdt_reg(tree, cpu, 0, &number, &size) && number == hart &&
                                fdt_property(tree, cpu, "device_type", NULL)))
        cpu = fdt_sibling(tree, cpu);

    fdt_node node = cpu == FDT_NONE ? FDT_NONE : fdt_child(tree, cpu);
    while (node != FDT_NONE && !fdt_property(tree, node, "interrupt-controller", NULL))
        node = fdt_sibling(tree, node);
    return node == FDT_NONE ? 0 : fdt_cell(tree, node, "phandle", 0, 0);
}

// Which of the controller's pages is our hart's in supervisor mode, or -1.
static int find_index(const struct fdt *tree, fdt_node node, uint32_t hart)
{
    static const char name[] = "interrupts-extended";
    uint32_t length = 0;
    fdt_property(tree, node, name, &length);
    for (unsigned i = 0; hart != 0 && i < length / 8; i++) {
        if (fdt_cell(tree, node, name, 2 * i, 0) == hart &&
            fdt_cell(tree, node, name, 2 * i + 1, 0) == SUPERVISOR_EXTERNAL)
            return (int)i;
    }
    return -1;
}

// The phandle of the controller that was found, or 0.
static uint32_t find_imsic(const struct fdt *tree, uint32_t hart)
{
    static const char name[] = "riscv,imsics";
    uint64_t address, size;
    fdt_node node = FDT_NONE;
    while ((node = fdt_find_compatible(tree, node, name)) != FDT_NONE) {
        int index = find_index(tree, node, hart);
        uint32_t bits = fdt_cell(tree, node, "riscv,guest-index-bits", 0, 0);
        if (index < 0 || bits > INDEX_BITS_MAX || !fdt_reg(tree, node, 0, &address, &size))
            continue;
        uint64_t offset = (uint64_t)index * PAGE_SIZE << bits;
        if (size < PAGE_SIZE || offset > size - PAGE_SIZE)
            continue;
        messages.page = address + offset;
        messages.hart_index = (unsigned)index;
        messages.last = fdt_cell(tree, node, "riscv,num-ids", 0, 0);
        return fdt_cell(tree, node, "phandle", 0, 0);
    }
    return 0;
}

void messages_describe(const struct fdt *tree, uint64_t hart)
{
    uint32_t imsic = find_imsic(tree, phandle_of_hart(tree, hart));
    fdt_node node = FDT_NONE;
    while (imsic != 0 &&
           (node = fdt_find_compatible(tree, node, "riscv,aplic")) != FDT_NONE) {
        struct board_device *aplic = &messages.aplic;
        if (fdt_cell(tree, node, "msi-parent", 0, 0) == imsic &&
            fdt_reg(tree, node, 0, &aplic->address, &aplic->size))
            messages.wires = fdt_cell(tree, node, "riscv,num-sources", 0, 0);
    }
}

int board_start_messages(const struct board *board)
{
    if (messages.page == 0 || messages.wires == 0)
        return -ENODEV;
    int error = aplic_start(messages.aplic.address, messages.aplic.size, messages.hart_index,
                            messages.wires);
    if (error)
        return error;
    imsic_start(messages.page, messages.wires, messages.last);
    return interrupts_connect_uart(board, messages.wires);
}
