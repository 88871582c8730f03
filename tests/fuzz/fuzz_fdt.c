// SPDX-License-Identifier: MIT
//
// A fuzzer for the device tree reader and the command line in it: whatever the bytes are,
// nothing outside the blob is touched, and every question comes to an end.
#include "fuzz.h"

#include "cmdline.h"
#include "fdt.h"
#include "string.h"

void *malloc(size_t size); // of the C library: at a multiple of 16, and guarded
void free(void *memory);

static volatile uint8_t seen;

static void touch(const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        seen = ((const uint8_t *)bytes)[i];
}

static void ask_node(const struct fdt *tree, fdt_node node)
{
    static const char *const names[] = {"reg", "compatible", "bootargs", "#address-cells",
                                        "interrupts"};
    uint64_t address, size;
    uint32_t length;

    touch(fdt_name(tree, node), strlen(fdt_name(tree, node)));
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        const void *value = fdt_property(tree, node, names[i], &length);
        if (value)
            touch(value, length);
        const char *text = fdt_string(tree, node, names[i]);
        if (text)
            touch(text, strlen(text));
        fdt_cell(tree, node, names[i], i, 0);
    }
    fdt_is_compatible(tree, node, "virtio,mmio");
    for (unsigned i = 0; fdt_reg(tree, node, i, &address, &size) && i < 8; i++)
        ;
    fdt_child(tree, node);
    fdt_sibling(tree, node);
}

static void ask_tree(const struct fdt *tree)
{
    enum {
        NODES_MAX = 300
    }; // the questions about siblings take a time that grows with the square
    uint64_t address, size;
    int depth, nodes = 0;

    for (fdt_node node = FDT_NONE;
         nodes < NODES_MAX && (node = fdt_next(tree, node, &depth)) != FDT_NONE; nodes++)
        ask_node(tree, node);
    fdt_find(tree, "/soc/serial@10000000");
    fdt_find_compatible(tree, FDT_NONE, "riscv,plic0");
    fdt_find_phandle(tree, 2);
    // Also for offsets that are no nodes.
    for (fdt_node node = -8; node < 256; node++)
        ask_node(tree, node);
    for (unsigned i = 0; i < 64 && fdt_reservation(tree, i, &address, &size); i++)
        ;
}

static void ask_command_line(const void *blob)
{
    char value[64];
    struct boot_info boot = {.device_tree = blob};
    cmdline_init(&boot);
    cmdline_value("run", value, sizeof value);
    cmdline_value("run", value, 3);
    cmdline_number("seed", 1);
}

void fuzz_setup(const struct boot_info *boot)
{
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    // A copy of exactly this size, so that the first byte behind it is out of bounds.
    uint8_t *blob = malloc(size);
    struct fdt tree;
    memcpy(blob, bytes, size);
    if (fdt_open(&tree, blob, size) == 0) {
        ask_tree(&tree);
        ask_command_line(blob);
    }
    free(blob);
}
