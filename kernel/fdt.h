// SPDX-License-Identifier: MIT
//
// The flattened device tree: how the firmware says which parts the machine has.
// (Devicetree Specification 0.4, chapter 5.)
//
//   struct fdt tree;
//   fdt_open(&tree, blob, limit)              checks the header; all stays inside the blob
//   fdt_node node = fdt_find(&tree, "/chosen")
//   fdt_property(&tree, node, "bootargs", &length)
//
// The blob comes from outside and is not trusted: every offset and length is checked before
// it is followed, nesting is bounded, and a malformed tree gives errors or missing nodes,
// never an access outside the blob.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FDT_NONE = -1,           // no such node, or the end
    FDT_SIZE_MAX = 1 << 20,  // a blob larger than this is refused
    FDT_DEPTH_MAX = 16,      // a node nested deeper is refused
};

// Offset of the node's FDT_BEGIN_NODE token in the structure block, or FDT_NONE.
typedef int fdt_node;

struct fdt {
    const uint8_t *blob;
    uint32_t size;                      // all of it, bytes
    uint32_t structure, structure_size; // offsets and sizes in bytes
    uint32_t strings, strings_size;
    uint32_t reservations; // offset of the memory reservation block
    uint32_t number;       // which fdt_open() this was: never the same twice
};

// `limit`: how many bytes may be read at `blob`. 0, or -EINVAL with the reason logged. The
// blob has to stay as it is for as long as the tree is used.
int fdt_open(struct fdt *tree, const void *blob, size_t limit);

// "/soc/serial" also finds "serial@10000000", the first of that name.
fdt_node fdt_find(const struct fdt *tree, const char *path);
fdt_node fdt_child(const struct fdt *tree, fdt_node parent); // the first child
fdt_node fdt_sibling(const struct fdt *tree, fdt_node node); // the next with the same parent
// The next in the order of the blob; after FDT_NONE comes the root. *depth grows by one for
// a child and shrinks by one for each level that ends in between; the root's is 0.
fdt_node fdt_next(const struct fdt *tree, fdt_node node, int *depth);
// "serial@10000000"; "" for the root.
const char *fdt_name(const struct fdt *tree, fdt_node node);
// The property's value, or NULL. *length: bytes (may be NULL).
const void *fdt_property(const struct fdt *tree, fdt_node node, const char *name,
                         uint32_t *length);
// The i-th 32-bit cell of a property, or `otherwise`.
uint32_t fdt_cell(const struct fdt *tree, fdt_node node, const char *name, unsigned i,
                  uint32_t otherwise);
// A property that is a terminated string, or NULL.
const char *fdt_string(const struct fdt *tree, fdt_node node, const char *name);
// Whether a list of strings, each with its terminating 0, has this one.
bool fdt_lists(const char *list, uint32_t length, const char *what);
bool fdt_is_compatible(const struct fdt *tree, fdt_node node, const char *what);
// The first node after `from` (FDT_NONE: from the root) whose "compatible" lists `what`.
fdt_node fdt_find_compatible(const struct fdt *tree, fdt_node from, const char *what);
// The i-th (address, size) pair of "reg", read with the parent's #address-cells and
// #size-cells. False when there is none.
bool fdt_reg(const struct fdt *tree, fdt_node node, unsigned i, uint64_t *address,
             uint64_t *size);
// The i-th entry of the memory reservation block. False after the last.
bool fdt_reservation(const struct fdt *tree, unsigned i, uint64_t *address, uint64_t *size);
// The node with that phandle.
fdt_node fdt_find_phandle(const struct fdt *tree, uint32_t phandle);
