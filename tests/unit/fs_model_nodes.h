// SPDX-License-Identifier: MIT
//
// A model of a file system, as simple as can be: what fs_model.h compares a real one with.
//
// Nodes in an array, number 0 the root; a directory is an array, too, with a place for each
// of the few names that there are.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/heap.h"
#include "unit.h"
#include "user/os.h"

enum { MODEL_NAMES = 8, MODEL_NODES = 48, MODEL_LINKS_MAX = 8, MODEL_PATH_SIZE = 1200 };

static const char *const model_names[MODEL_NAMES] = {
    "a",
    "b",
    "dir",
    "file.txt",
    "A longer name. With spaces",
    "h\xc3\xa4user",
    "name-0123456789-0123456789-0123456789-0123456789-0123456789",
    "n234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
    "6789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
    "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345",
};

struct model_node {
    enum os_file_type type;       // 0: the place is free
    unsigned names;               // that lead to it
    unsigned handles;             // that are open to it
    int parent;                   // a directory's
    int children[MODEL_NAMES];    // a directory's; -1: none
    char target[MODEL_PATH_SIZE]; // a symbolic link's
    uint8_t *data;                // a file's: size_max bytes, zeros behind its end
    size_t size;
};

struct fs_model_options {
    const char *root; // an empty directory of the file system: "/mnt"
    unsigned steps;
    size_t size_max; // of a file, bytes
    bool no_links;   // it has no hard links
    bool no_symlinks;
    bool one_link; // it does not count the links of directories
    // Has all of it unmounted and mounted again, now and then; false: it failed. Or NULL.
    bool (*remount)(void);
};

static struct fs_model_options model_options;

static struct {
    const char *root; // the path of node 0
    struct model_node nodes[MODEL_NODES];
} model;

static inline bool model_is(int node, enum os_file_type type)
{
    return model.nodes[node].type == type;
}

// A node that nothing leads to any more is free again.
static inline void model_drop(int node)
{
    struct model_node *it = &model.nodes[node];
    if (it->names > 0 || it->handles > 0)
        return;
    heap_free(it->data);
    *it = (struct model_node){0};
}

// -1: all places are taken.
static inline int model_new(enum os_file_type type)
{
    for (int i = 0; i < MODEL_NODES; i++) {
        struct model_node *node = &model.nodes[i];
        if (node->type)
            continue;
        *node = (struct model_node){.type = type};
        for (int name = 0; name < MODEL_NAMES; name++)
            node->children[name] = -1;
        if (type == OS_TYPE_FILE)
            node->data = heap_alloc(model_options.size_max);
        return i;
    }
    return -1;
}

static inline bool model_is_full(void)
{
    for (int i = 0; i < MODEL_NODES; i++) {
        if (!model.nodes[i].type)
            return false;
    }
    return true;
}
