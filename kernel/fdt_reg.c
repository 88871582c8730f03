// SPDX-License-Identifier: MIT
//
// The flattened device tree, understood: what properties mean to those who look for
// devices.
//
// An address in "reg" has as many 32-bit cells as the *parent* of its node says, and the
// blob has no way from a node up to its parent. So the way down from the root is walked,
// and where it led the last time is remembered: whoever asks in the order of the blob, as
// those who look for devices do, pays for one walk in all.
// (Devicetree Specification 0.4, 2.3 and 5.3.)
// Chapter 05.
#include "fdt.h"
#include "string.h"

static struct {
    uint32_t tree; // the number of the tree that was walked; 0: none
    fdt_node node; // how far
    int depth;
    fdt_node parents[FDT_DEPTH_MAX + 1]; // the way down to `node`: parents[0] is the root
} walk;

static uint32_t read_cell(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

// A number of 0 to 2 cells; *at moves behind it.
static uint64_t read_cells(const uint8_t **at, uint32_t cells)
{
    uint64_t value = 0;
    for (; cells > 0; cells--, *at += 4)
        value = value << 32 | read_cell(*at);
    return value;
}

fdt_node fdt_child(const struct fdt *tree, fdt_node parent)
{
    int depth = 0;
    if (parent == FDT_NONE)
        return FDT_NONE;
    fdt_node node = fdt_next(tree, parent, &depth);
    return depth == 1 ? node : FDT_NONE;
}

fdt_node fdt_sibling(const struct fdt *tree, fdt_node node)
{
    int depth = 0;
    while (node != FDT_NONE && depth >= 0) {
        node = fdt_next(tree, node, &depth);
        if (depth == 0)
            return node;
    }
    return FDT_NONE;
}

uint32_t fdt_cell(const struct fdt *tree, fdt_node node, const char *name, unsigned i,
                  uint32_t otherwise)
{
    uint32_t length;
    const uint8_t *cells = fdt_property(tree, node, name, &length);
    return cells && i < length / 4 ? read_cell(cells + 4 * (size_t)i) : otherwise;
}

bool fdt_lists(const char *list, uint32_t length, const char *what)
{
    size_t size = strlen(what) + 1;

    while (length >= size) {
        if (memcmp(list, what, size) == 0)
            return true;
        uint32_t step = (uint32_t)strnlen(list, length - 1) + 1;
        list += step;
        length -= step;
    }
    return false;
}

bool fdt_is_compatible(const struct fdt *tree, fdt_node node, const char *what)
{
    uint32_t length;
    const char *list = fdt_property(tree, node, "compatible", &length);
    return list && fdt_lists(list, length, what);
}

fdt_node fdt_find_compatible(const struct fdt *tree, fdt_node from, const char *what)
{
    int depth = 0;
    fdt_node node = from;
    do
        node = fdt_next(tree, node, &depth);
    while (node != FDT_NONE && !fdt_is_compatible(tree, node, what));
    return node;
}

fdt_node fdt_find_phandle(const struct fdt *tree, uint32_t phandle)
{
    int depth = 0;
    fdt_node node = FDT_NONE;
    if (phandle == 0 || phandle == UINT32_MAX) // neither is one (2.3.3)
        return FDT_NONE;
    do
        node = fdt_next(tree, node, &depth);
    while (node != FDT_NONE && fdt_cell(tree, node, "phandle", 0, 0) != phandle);
    return node;
}

// FDT_NONE for the root and for what is no node.
static fdt_node find_parent(const struct fdt *tree, fdt_node node)
{
    if (walk.tree != tree->number || walk.node > node) {
        walk.tree = tree->number;
        walk.node = FDT_NONE;
    }
    while (walk.node < node) {
        walk.node = fdt_next(tree, walk.node, &walk.depth);
        if (walk.node == FDT_NONE || walk.depth < 0) {
            walk.tree = 0;
            return FDT_NONE;
        }
        walk.parents[walk.depth] = walk.node;
    }
    return walk.node == node && walk.depth > 0 ? walk.parents[walk.depth - 1] : FDT_NONE;
}

bool fdt_reg(const struct fdt *tree, fdt_node node, unsigned i, uint64_t *address,
             uint64_t *size)
{
    uint32_t length;
    const uint8_t *reg = fdt_property(tree, node, "reg", &length);
    fdt_node parent = reg ? find_parent(tree, node) : FDT_NONE;
    if (parent == FDT_NONE)
        return false;

    uint32_t address_cells = fdt_cell(tree, parent, "#address-cells", 0, 2);
    uint32_t size_cells = fdt_cell(tree, parent, "#size-cells", 0, 1);
    if (address_cells < 1 || address_cells > 2 || size_cells > 2)
        return false;
    uint32_t pair = 4 * (address_cells + size_cells);
    if (i >= length / pair)
        return false;

    reg += (size_t)i * pair;
    *address = read_cells(&reg, address_cells);
    *size = read_cells(&reg, size_cells);
    return true;
}

bool fdt_reservation(const struct fdt *tree, unsigned i, uint64_t *address, uint64_t *size)
{
    enum { ENTRY_SIZE = 16 };
    for (size_t at = tree->reservations;; at += ENTRY_SIZE, i--) {
        if (at > tree->size || tree->size - at < ENTRY_SIZE)
            return false;
        const uint8_t *entry = tree->blob + at;
        *address = read_cells(&entry, 2);
        *size = read_cells(&entry, 2);
        if (*address == 0 && *size == 0)
            return false;
        if (i == 0)
            return true;
    }
}
