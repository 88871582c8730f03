// SPDX-License-Identifier: MIT
//
// The parts of this board, read from the device tree that the firmware hands over.
//
// Drivers are not chosen here: a part is only found and noted. One pass over the tree looks
// at every node; a table says which node is which part.
// Chapter 05.
#include "boot/board.h"

#include "boot/riscv64/memory.h"
#include "cmdline.h"
#include "fdt.h"
#include "image.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum {
    DEFAULT_TIMEBASE_HZ = 10000000, // QEMU virt
    SUPERVISOR_EXTERNAL = 9,        // a hart's own number for our kind of interrupt
};

static struct board board;

// A node may be there and say that it is not to be used.
static bool is_enabled(const struct fdt *tree, fdt_node node)
{
    const char *status = fdt_string(tree, node, "status");
    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static bool has_string(const struct fdt *tree, fdt_node node, const char *name,
                       const char *value)
{
    const char *found = fdt_string(tree, node, name);
    return found && strcmp(found, value) == 0;
}

// Registers and interrupt of a node, or false with a warning.
static bool read_device(const struct fdt *tree, fdt_node node, struct board_device *device)
{
    uint64_t address, size;

    if (!fdt_reg(tree, node, 0, &address, &size) || size == 0 || address + size < address) {
        log_warning("board: %s has no usable \"reg\", left out", fdt_name(tree, node));
        return false;
    }
    if (memory_overlaps(&board, address, size)) {
        log_warning("board: %s lies in memory, left out", fdt_name(tree, node));
        return false;
    }
    *device = (struct board_device){address, size, fdt_cell(tree, node, "interrupts", 0, 0)};
    return true;
}

static void found_uart(const struct fdt *tree, fdt_node node, uint64_t hart)
{
    uint32_t shift = fdt_cell(tree, node, "reg-shift", 0, 0);

    if (board.uart.size != 0)
        return; // the first is the console
    if (shift > 3)
        log_warning("board: %s has a bad \"reg-shift\", left out", fdt_name(tree, node));
    else if (read_device(tree, node, &board.uart))
        board.uart_register_shift = shift;
}

static void found_clock(const struct fdt *tree, fdt_node node, uint64_t hart)
{
    if (board.clock.size == 0)
        read_device(tree, node, &board.clock);
}

static void found_virtio(const struct fdt *tree, fdt_node node, uint64_t hart)
{
    struct board_device device;

    if (!read_device(tree, node, &device))
        return;
    if (board.virtio_count == BOARD_VIRTIO_MAX) {
        log_warning("board: %s is one too many, left out", fdt_name(tree, node));
        return;
    }
    unsigned i = board.virtio_count++;
    for (; i > 0 && board.virtio[i - 1].address > device.address; i--)
        board.virtio[i] = board.virtio[i - 1];
    board.virtio[i] = device;
}

// The phandle of our hart's own interrupt controller, or 0.
static uint32_t hart_phandle(const struct fdt *tree, uint64_t hart)
{
    uint64_t number, size;
    fdt_node cpu = fdt_child(tree, fdt_find(tree, "/cpus"));

    while (cpu != FDT_NONE && !(has_string(tree, cpu, "device_type", "cpu") &&
                                fdt_reg(tree, cpu, 0, &number, &size) && number == hart))
        cpu = fdt_sibling(tree, cpu);

    fdt_node chip = cpu == FDT_NONE ? FDT_NONE : fdt_child(tree, cpu);
    while (chip != FDT_NONE && !fdt_property(tree, chip, "interrupt-controller", NULL))
        chip = fdt_sibling(tree, chip);
    return chip == FDT_NONE ? 0 : fdt_cell(tree, chip, "phandle", 0, 0);
}

// "interrupts-extended" lists, for each context, a hart's phandle and its interrupt's number.
static bool find_context(const struct fdt *tree, fdt_node node, uint64_t hart)
{
    static const char name[] = "interrupts-extended";
    uint32_t length = 0, phandle = hart_phandle(tree, hart);

    fdt_property(tree, node, name, &length);
    for (unsigned i = 0; phandle != 0 && i < length / 8; i++) {
        if (fdt_cell(tree, node, name, 2 * i, 0) == phandle &&
            fdt_cell(tree, node, name, 2 * i + 1, 0) == SUPERVISOR_EXTERNAL) {
            board.irqchip_context = i;
            return true;
        }
    }
    return false;
}

static void found_irqchip(const struct fdt *tree, fdt_node node, uint64_t hart)
{
    if (board.irqchip.size != 0)
        return;
    board.irqchip_sources = fdt_cell(tree, node, "riscv,ndev", 0, 0);
    if (board.irqchip_sources == 0)
        log_warning("board: %s has no interrupt sources, left out", fdt_name(tree, node));
    else if (!find_context(tree, node, hart))
        log_warning("board: %s does not serve our hart, left out", fdt_name(tree, node));
    else
        read_device(tree, node, &board.irqchip);
}

static void find_parts(const struct fdt *tree, uint64_t hart)
{
    static const struct {
        const char *compatible;
        void (*found)(const struct fdt *tree, fdt_node node, uint64_t hart);
    } parts[] = {
        {"virtio,mmio", found_virtio},        {"ns16550a", found_uart},
        {"sifive,plic-1.0.0", found_irqchip}, {"riscv,plic0", found_irqchip},
        {"google,goldfish-rtc", found_clock},
    };
    int depth = 0;

    fdt_node node = FDT_NONE;
    while ((node = fdt_next(tree, node, &depth)) != FDT_NONE) {
        if (!fdt_property(tree, node, "compatible", NULL) || !is_enabled(tree, node))
            continue;
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            if (fdt_is_compatible(tree, node, parts[i].compatible)) {
                parts[i].found(tree, node, hart);
                break;
            }
        }
    }
}

static void find_harts(const struct fdt *tree)
{
    fdt_node cpus = fdt_find(tree, "/cpus");
    uint32_t length = 0;

    for (fdt_node cpu = fdt_child(tree, cpus); cpu != FDT_NONE; cpu = fdt_sibling(tree, cpu))
        board.hart_count += has_string(tree, cpu, "device_type", "cpu");

    fdt_property(tree, cpus, "timebase-frequency", &length);
    board.timebase_hz = fdt_cell(tree, cpus, "timebase-frequency", length == 8 ? 1 : 0, 0);
    if (board.timebase_hz == 0) {
        log_warning("board: no \"timebase-frequency\", taking %d Hz", DEFAULT_TIMEBASE_HZ);
        board.timebase_hz = DEFAULT_TIMEBASE_HZ;
    }
    machine_clock_set_frequency(board.timebase_hz);
}

static void find_memory(const struct fdt *tree)
{
    uint64_t start, size;

    fdt_node node = fdt_child(tree, fdt_find(tree, "/"));
    for (; node != FDT_NONE; node = fdt_sibling(tree, node)) {
        if (!has_string(tree, node, "device_type", "memory") || !is_enabled(tree, node))
            continue;
        for (unsigned i = 0; fdt_reg(tree, node, i, &start, &size); i++)
            memory_add(&board, start, size);
    }
    for (unsigned i = 0; i < board.memory_count; i++)
        board.memory_total += board.memory[i].size;
}

// The firmware lies below our image and does not always say so: nothing there is used.
static void remove_reserved_memory(const struct fdt *tree)
{
    uint64_t start, size;

    memory_remove(&board, 0, (uintptr_t)image_end);
    memory_remove(&board, (uintptr_t)tree->blob, tree->size);
    for (unsigned i = 0; fdt_reservation(tree, i, &start, &size); i++)
        memory_remove(&board, start, size);

    fdt_node node = fdt_child(tree, fdt_find(tree, "/reserved-memory"));
    for (; node != FDT_NONE; node = fdt_sibling(tree, node))
        for (unsigned i = 0; fdt_reg(tree, node, i, &start, &size); i++)
            memory_remove(&board, start, size);
    memory_round_to_pages(&board);
}

const struct board *board_describe(const struct boot_info *boot)
{
    struct fdt tree;

    board = (struct board){.command_line = cmdline_text()};
    if (fdt_open(&tree, boot->device_tree, FDT_SIZE_MAX) != 0)
        panic("no usable device tree at %p: the firmware gives its address in register a1",
              boot->device_tree);

    const char *model = fdt_string(&tree, fdt_find(&tree, "/"), "model");
    strlcpy(board.model, model ? model : "unknown", sizeof board.model);
    find_harts(&tree);
    find_memory(&tree);
    find_parts(&tree, boot->hart);
    remove_reserved_memory(&tree);
    if (board.memory_count == 0)
        panic("the device tree names no memory that is free: the image ends at %p", image_end);
    return &board;
}
