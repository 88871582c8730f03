// SPDX-License-Identifier: MIT
//
// The flattened device tree, read where it lies: nodes, properties, names.
//
// The blob has a structure block, a sequence of tokens: a node begins, a property, a node
// ends; and a block of strings with the properties' names. read_token() is the only place
// that goes from one token to the next, and it gives FDT_END for everything that is not
// whole, so a malformed tree looks like one that ends there.
// (Devicetree Specification 0.4, chapter 5.)
// Chapter 04.
#include "fdt.h"

#include "error.h"
#include "print.h"
#include "string.h"

enum token { // 5.4.1; big-endian numbers as a little-endian processor reads them
    TOKEN_BEGIN_NODE = 1 << 24,
    TOKEN_END_NODE = 2 << 24,
    TOKEN_PROPERTY = 3 << 24,
    TOKEN_NOP = 4 << 24,
    TOKEN_END = 9 << 24,
};

struct fdt_header { // 5.2; all big-endian
    uint32_t magic, total_size;
    uint32_t structure, strings, reservations; // offsets from the header
    uint32_t version, oldest_compatible_version;
    uint32_t boot_hart;
    uint32_t strings_size, structure_size;
};
_Static_assert(sizeof(struct fdt_header) == 40, "Devicetree Specification 0.4, 5.2");

enum { FDT_VERSION = 17 }; // since 2007; the first whose header has both sizes

static struct {
    uint32_t opened; // how often fdt_open() was called
} fdt;

static uint32_t from_be32(uint32_t be)
{
    return be << 24 | (be & 0xff00) << 8 | (be >> 8 & 0xff00) | be >> 24;
}

// The four bytes at an offset of the structure block, a multiple of 4 that lies inside.
static uint32_t raw_word(const struct fdt *tree, size_t at)
{
    return *(const uint32_t *)(const void *)(tree->blob + tree->structure + at);
}

static uint32_t read_word(const struct fdt *tree, size_t at)
{
    return from_be32(raw_word(tree, at));
}

static const char *bytes_at(const struct fdt *tree, size_t at)
{
    return (const char *)tree->blob + tree->structure + at;
}

// The word behind the one in which the string ends that begins at `at`, or 0 when it does not.
static size_t skip_string(const struct fdt *tree, size_t at)
{
    for (; at + 4 <= tree->structure_size; at += 4) {
        uint32_t word = raw_word(tree, at);
        if ((word - 0x01010101) & ~word & 0x80808080) // one of its bytes is 0
            return at + 4;
    }
    return 0;
}

// What begins at `at` of the structure block, a multiple of 4, and where the next token begins.
// Sums do not wrap around: they are of 32-bit numbers, in 64 bits.
static inline enum token read_token(const struct fdt *tree, size_t at, size_t *next)
{
    size_t size = tree->structure_size;
    if (at + 4 > size)
        return TOKEN_END;

    enum token token = raw_word(tree, at);
    if (token == TOKEN_PROPERTY) {
        size_t end = at + 12 > size ? SIZE_MAX : at + 12 + read_word(tree, at + 4);
        *next = (end + 3) / 4 * 4;
        return end <= size ? token : TOKEN_END;
    }
    if (token == TOKEN_BEGIN_NODE) {
        *next = skip_string(tree, at + 4);
        return *next ? token : TOKEN_END;
    }
    *next = at + 4;
    return token == TOKEN_END_NODE || token == TOKEN_NOP ? token : TOKEN_END;
}

// Whether there is a node at that place; then *at is where its properties begin.
static bool enter_node(const struct fdt *tree, fdt_node node, size_t *at)
{
    return node >= 0 && node % 4 == 0 && read_token(tree, (size_t)node, at) == TOKEN_BEGIN_NODE;
}

static bool is_inside(size_t offset, size_t size, size_t all)
{
    return offset <= all && size <= all - offset;
}

// Why the tree is not to be trusted, or NULL.
static const char *find_fault(const struct fdt *tree, const struct fdt_header *header,
                              size_t limit)
{
    if (from_be32(header->magic) != 0xd00dfeed)
        return "it does not begin with d00dfeed";
    if (from_be32(header->version) < FDT_VERSION ||
        from_be32(header->oldest_compatible_version) > FDT_VERSION)
        return "it is not of version 17";
    if (tree->size < sizeof *header || tree->size > FDT_SIZE_MAX || tree->size > limit)
        return "its size cannot be right";
    if (tree->structure % 4 != 0 || tree->structure_size < 4 ||
        !is_inside(tree->structure, tree->structure_size, tree->size))
        return "its structure block lies outside";
    if (!is_inside(tree->strings, tree->strings_size, tree->size))
        return "its strings lie outside";
    return NULL;
}

int fdt_open(struct fdt *tree, const void *blob, size_t limit)
{
    const struct fdt_header *header = blob;
    const char *fault = "it is missing, cut off, or not at a multiple of 8";
    if (blob && limit >= sizeof *header && (uintptr_t)blob % 8 == 0) {
        *tree = (struct fdt){
            .blob = blob,
            .size = from_be32(header->total_size),
            .structure = from_be32(header->structure),
            .structure_size = from_be32(header->structure_size),
            .strings = from_be32(header->strings),
            .strings_size = from_be32(header->strings_size),
            .reservations = from_be32(header->reservations),
            .number = ++fdt.opened,
        };
        fault = find_fault(tree, header, limit);
    }
    if (fault) {
        log_warning("device tree at %p: %s", blob, fault);
        return -EINVAL;
    }
    // What comes after the last 0 is no string; so every string that begins inside also
    // ends inside.
    while (tree->strings_size > 0 && tree->blob[tree->strings + tree->strings_size - 1] != 0)
        tree->strings_size--;
    return 0;
}

fdt_node fdt_next(const struct fdt *tree, fdt_node node, int *depth)
{
    size_t at = 0, next;
    int level = node == FDT_NONE ? -1 : *depth;
    if (node != FDT_NONE && !enter_node(tree, node, &at))
        return FDT_NONE;

    for (;; at = next) {
        enum token token = read_token(tree, at, &next);
        if (token == TOKEN_PROPERTY || token == TOKEN_NOP)
            continue;
        level += token == TOKEN_BEGIN_NODE ? 1 : -1;
        *depth = level;
        if (token == TOKEN_END)
            return FDT_NONE;
        if (token == TOKEN_BEGIN_NODE && level <= FDT_DEPTH_MAX)
            return (fdt_node)at;
    }
}

const char *fdt_name(const struct fdt *tree, fdt_node node)
{
    size_t at;
    return enter_node(tree, node, &at) ? bytes_at(tree, (size_t)node + 4) : "";
}

// Whether a node's name is these `length` bytes, its unit address (what follows the @)
// counted or not.
static bool has_name(const struct fdt *tree, fdt_node node, const char *wanted, size_t length)
{
    const char *name = fdt_name(tree, node);
    return strncmp(name, wanted, length) == 0 && (name[length] == '\0' || name[length] == '@');
}

fdt_node fdt_find(const struct fdt *tree, const char *path)
{
    int depth, found = 0; // how deep we are, and how deep the path has been followed
    fdt_node node = *path == '/' ? fdt_next(tree, FDT_NONE, &depth) : FDT_NONE;
    while (node != FDT_NONE) {
        while (*path == '/')
            path++;
        if (!*path)
            return node;
        size_t length = strchr(path, '/') ? (size_t)(strchr(path, '/') - path) : strlen(path);
        do {
            node = fdt_next(tree, node, &depth);
            if (depth <= found) // the children of the node found last are all seen
                return FDT_NONE;
        } while (node != FDT_NONE &&
                 !(depth == found + 1 && has_name(tree, node, path, length)));
        path += length, found++;
    }
    return FDT_NONE;
}

const void *fdt_property(const struct fdt *tree, fdt_node node, const char *name,
                         uint32_t *length)
{
    const char *strings = (const char *)tree->blob + tree->strings;
    size_t at, next;
    if (!enter_node(tree, node, &at))
        return NULL;
    // A node's properties come before its children.
    for (;; at = next) {
        enum token token = read_token(tree, at, &next);
        if (token == TOKEN_NOP)
            continue;
        if (token != TOKEN_PROPERTY)
            return NULL;
        uint32_t found = read_word(tree, at + 8);
        if (found < tree->strings_size && strings[found] == *name &&
            strcmp(strings + found, name) == 0)
            break;
    }
    if (length)
        *length = read_word(tree, at + 4);
    return bytes_at(tree, at + 12);
}

const char *fdt_string(const struct fdt *tree, fdt_node node, const char *name)
{
    uint32_t length;
    const char *text = fdt_property(tree, node, name, &length);
    return text && length > 0 && text[length - 1] == '\0' ? text : NULL;
}
