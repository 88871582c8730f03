// SPDX-License-Identifier: MIT
//
// The parts of this board, read from the device tree that the firmware hands over.
//
// Drivers are not chosen here: a part is only found and noted. One pass over the tree looks
// at every node; a table says which node is which part.
// Chapter 05.
#include "boot/board.h"

#include "boot/memory.h"
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
    uint32_t irq = fdt_cell(tree, node, "interrupts", 0, 0);
    *device = (struct board_device){address, size, irq};
    return true;
}

static void found_uart(const struct fdt *tree, fdt_node node, uint32_t phandle)
{
    uint32_t shift = fdt_cell(tree, node, "reg-shift", 0, 0);

    if (board.uart.size != 0)
        return; // the first is the console
    if (shift > 3)
        log_warning("board: %s has a bad \"reg-shift\", left out", fdt_name(tree, node));
    else if (read_device(tree, node, &board.uart))
        board.uart_register_shift = shift;
}

static void found_clock(const struct fdt *tree, fdt_node node, uint32_t phandle)
{
    if (board.clock.size == 0)
        read_device(tree, node, &board.clock);
}

static void found_virtio(const struct fdt *tree, fdt_node node, uint32_t phandle)
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

// "interrupts-extended" lists, for each context, a hart's phandle and its interrupt's
// number.
static bool find_context(const struct fdt *tree, fdt_node node, uint32_t phandle)
{
    static const char name[] = "interrupts-extended";
    uint32_t length = 0;

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

static void found_irqchip(const struct fdt *tree, fdt_node node, uint32_t phandle)
{
    if (board.irqchip.size != 0)
        return;
    board.irqchip_sources = fdt_cell(tree, node, "riscv,ndev", 0, 0);
    if (board.irqchip_sources == 0)
        log_warning("board: %s has no interrupt sources, left out", fdt_name(tree, node));
    else if (!find_context(tree, node, phandle))
        log_warning("board: %s does not serve our hart, left out", fdt_name(tree, node));
    else
        read_device(tree, node, &board.irqchip);
}

static void found_memory(const struct fdt *tree, fdt_node node)
{
    uint64_t start, size;

    for (unsigned i = 0; fdt_reg(tree, node, i, &start, &size); i++)
        memory_add(&board, start, size);
}

// `phandle`: names our hart in the interrupt controller's list.
static void find_parts(const struct fdt *tree, uint32_t phandle)
{
    static const struct {
        const char *compatible;
        void (*found)(const struct fdt *tree, fdt_node node, uint32_t phandle);
    } parts[] = {
        {"virtio,mmio", found_virtio},        {"ns16550a", found_uart},
        {"sifive,plic-1.0.0", found_irqchip}, {"riscv,plic0", found_irqchip},
        {"google,goldfish-rtc", found_clock},
    };
    int depth = 0;
    uint32_t length;

    fdt_node node = FDT_NONE;
    while ((node = fdt_next(tree, node, &depth)) != FDT_NONE) {
        const char *list = fdt_property(tree, node, "compatible", &length);
        if (!list) {
            if (has_string(tree, node, "device_type", "memory") && is_enabled(tree, node))
                found_memory(tree, node);
            continue;
        }
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            if (fdt_lists(list, length, parts[i].compatible) && is_enabled(tree, node)) {
                parts[i].found(tree, node, phandle);
                break;
            }
        }
    }
}

// The phandle of a hart's own interrupt controller, or 0.
static uint32_t phandle_of_hart(const struct fdt *tree, fdt_node cpu)
{
    fdt_node node = fdt_child(tree, cpu);
    while (node != FDT_NONE && !fdt_property(tree, node, "interrupt-controller", NULL))
        node = fdt_sibling(tree, node);
    return node == FDT_NONE ? 0 : fdt_cell(tree, node, "phandle", 0, 0);
}

// Counts them. Returns the phandle of ours.
static uint32_t find_harts(const struct fdt *tree, fdt_node cpus, uint64_t hart)
{
    uint64_t number, size;
    uint32_t phandle = 0;

    fdt_node cpu = fdt_child(tree, cpus);
    for (; cpu != FDT_NONE; cpu = fdt_sibling(tree, cpu)) {
        if (!has_string(tree, cpu, "device_type", "cpu"))
            continue;
        board.hart_count++;
        if (fdt_reg(tree, cpu, 0, &number, &size) && number == hart)
            phandle = phandle_of_hart(tree, cpu);
    }
    return phandle;
}

static void find_timebase(const struct fdt *tree, fdt_node cpus)
{
    static const char name[] = "timebase-frequency";
    uint32_t length = 0;

    fdt_property(tree, cpus, name, &length);
    board.timebase_hz = fdt_cell(tree, cpus, name, length == 8 ? 1 : 0, 0);
    if (board.timebase_hz == 0) {
        log_warning("board: no \"%s\", taking %d Hz", name, DEFAULT_TIMEBASE_HZ);
        board.timebase_hz = DEFAULT_TIMEBASE_HZ;
    }
    machine_clock_set_frequency(board.timebase_hz);
}

// What a wrong tree says of registers must not lead a driver into memory, nor into a gigabyte
// with memory in it: page tables map registers by the gigabyte.
static bool is_outside_memory(const struct board_device *device, const char *what)
{
    const uint64_t gigabyte = 1ull << 30;
    uint64_t start = device->address & -gigabyte;
    uint64_t last = (device->address + device->size - 1) | (gigabyte - 1);

    // A range that goes around the end of the address space has its end below its start.
    bool overlaps = device->size > 0 &&
                    (last < start || memory_overlaps(&board, start, last - start));
    if (overlaps)
        log_warning("board: %s at 0x%llx lies too close to memory, left out", what,
                    (unsigned long long)device->address);
    return !overlaps;
}

static void check_devices(void)
{
    const struct board_device none = {0};
    unsigned kept = 0;

    if (!is_outside_memory(&board.uart, "UART"))
        board.uart = none;
    if (!is_outside_memory(&board.irqchip, "interrupt controller"))
        board.irqchip = none;
    if (!is_outside_memory(&board.clock, "clock"))
        board.clock = none;
    for (unsigned i = 0; i < board.virtio_count; i++)
        if (is_outside_memory(&board.virtio[i], "virtio slot"))
            board.virtio[kept++] = board.virtio[i];
    board.virtio_count = kept;
}

// Page tables of 39 bits reach no further.
static void cut_memory(void)
{
    const uint64_t reach = 1ull << 38;

    if (!memory_overlaps(&board, reach, UINT64_MAX))
        return;
    log_warning("board: memory beyond 256 GiB is left out");
    memory_remove(&board, reach, UINT64_MAX);
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
    fdt_node cpus = fdt_find(&tree, "/cpus");
    find_timebase(&tree, cpus);
    find_parts(&tree, find_harts(&tree, cpus, boot->hart));
    check_devices();
    cut_memory();
    for (unsigned i = 0; i < board.memory_count; i++)
        board.memory_total += board.memory[i].size;
    remove_reserved_memory(&tree);
    if (board.memory_count == 0)
        panic("the device tree names no free memory: the image ends at %p", image_end);
    return &board;
}
