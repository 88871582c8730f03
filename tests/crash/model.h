// SPDX-License-Identifier: MIT
//
// What a file system should hold: a tree of names and contents in memory, changed by the
// same operations as the real one, and made from a real one, to compare the two.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_NODES = 384, MODEL_ENTRIES = 512, MODEL_NAME = 72, MODEL_PATH = 320 };

enum operation_kind {
    OPERATION_CREATE, // a file
    OPERATION_MKDIR,
    OPERATION_SYMLINK, // to `other`
    OPERATION_LINK,    // `other` is the new name
    OPERATION_UNLINK,
    OPERATION_RMDIR,
    OPERATION_RENAME, // to `other`
    OPERATION_WRITE,  // size bytes at offset
    OPERATION_TRUNCATE, // to size
    OPERATION_HOLD,   // open it, so that it stays without a name
    OPERATION_WRITE_HELD,
    OPERATION_DROP,   // close it
    OPERATION_FSYNC,  // everything before it is promised when it has ended
    OPERATION_SYNC,   // the same
    OPERATION_SLEEP,  // as long as the file system may wait with its own commit
};

struct operation {
    enum operation_kind kind;
    char path[MODEL_PATH], other[MODEL_PATH];
    uint32_t offset, size;
    uint32_t seed;  // of the bytes that are written
    int node;       // of the model, that is written or cut; -1
    bool nothing;   // it failed, the disk being full
};

enum node_type { NODE_FREE, NODE_FILE, NODE_DIRECTORY, NODE_SYMLINK };

struct node {
    enum node_type type;
    uint32_t links;   // names
    uint32_t size;
    uint8_t *data;    // contents, or a target
    bool held;
    uint64_t number;  // of the real one
};

struct entry {
    uint16_t directory, node; // directory == node: free
    char name[MODEL_NAME];
};

struct model {
    struct node nodes[MODEL_NODES]; // 0: the root
    struct entry entries[MODEL_ENTRIES];
    unsigned entry_count; // up to there some are in use
    int held;             // node, or -1
};

struct model *model_new(void); // an empty root
void model_copy(struct model *to, const struct model *from);
void model_free(struct model *model);
int model_find(const struct model *model, const char *path); // a node, or -1
struct entry *model_entry(struct model *model, int directory, const char *name); // or NULL
bool model_is_empty(const struct model *model, int directory);
bool model_has_room(const struct model *model);
int model_add(struct model *model, int directory, const char *name, enum node_type type);
void model_set_data(struct node *node, const void *data, uint32_t size);
void model_apply(struct model *model, const struct operation *operation);
// What a byte that this operation writes is. Never 0.
uint8_t model_byte(uint32_t seed, uint32_t offset);

// From what is mounted on "/". 0, or an error, told.
int model_read(struct model *model);

// Whether what was found is what `expected` says. Bytes may also be what operations of
// later[] have written there; the first of these, when it is a write, may be done in part.
// Otherwise says in `why` what is different.
struct later {
    const struct operation *operations;
    unsigned count;
};
bool model_matches(const struct model *found, const struct model *expected,
                   const struct later *later, char why[160]);
