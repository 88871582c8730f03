// SPDX-License-Identifier: MIT
//
// The model of a file system against the real one.
#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "mkfs/tool.h"
#include "model.h"
#include "panic.h"
#include "string.h"

// ---- Reading ----------------------------------------------------------------------------
static int complain(const char *path, int error)
{
    tool_complain("%s: %s", path, error_text(error));
    return error;
}

static int read_file(const char *path, struct node *node, uint64_t size)
{
    struct file *file;
    int error = vfs_open(path, OS_READ_ONLY, &file);
    if (error)
        return complain(path, error);
    node->size = (uint32_t)size;
    node->data = heap_alloc((size_t)size + 1);
    ASSERT(node->data);
    int count = file_read_at(file, 0, node->data, (size_t)size);
    file_put(file);
    return count == (int)size ? 0 : complain(path, count < 0 ? count : -EIO);
}

static int read_link(const char *path, struct node *node)
{
    node->data = heap_alloc(OS_PATH_MAX);
    ASSERT(node->data);
    int length = vfs_read_link(path, (char *)node->data, OS_PATH_MAX);
    node->size = length > 0 ? (uint32_t)length : 0;
    return length < 0 ? complain(path, length) : 0;
}

static int find_number(const struct model *model, uint64_t number)
{
    for (int i = 0; i < MODEL_NODES; i++) {
        if (model->nodes[i].type != NODE_FREE && model->nodes[i].number == number)
            return i;
    }
    return -1;
}

static int read_directory(struct model *model, int directory, char *path);

// A name that was listed; `path` leads to it.
static int read_entry(struct model *model, int directory, char *path, const char *name)
{
    struct inode *inode;
    struct os_status status = {0};
    int error = vfs_find(path, false, &inode);
    if (error)
        return complain(path, error);
    vfs_fill_status(inode, &status);
    inode_put(inode);
    int node = find_number(model, status.number);
    if (node >= 0) { // another name of it
        struct entry *entry = &model->entries[model->entry_count++];
        *entry = (struct entry){(uint16_t)directory, (uint16_t)node, ""};
        strlcpy(entry->name, name, sizeof(entry->name));
        return 0;
    }
    if (!model_has_room(model))
        return complain(path, -EMFILE);
    node = model_add(model, directory, name, (enum node_type)status.type);
    model->nodes[node].number = status.number;
    model->nodes[node].links = status.links;
    switch (status.type) {
    case OS_TYPE_FILE: return read_file(path, &model->nodes[node], status.size);
    case OS_TYPE_SYMLINK: return read_link(path, &model->nodes[node]);
    default:
        error = read_directory(model, node, path);
        model->nodes[node].links = status.links; // what it says, not what we counted
        return error;
    }
}

static int read_directory(struct model *model, int directory, char *path)
{
    struct file *file;
    struct os_entry entry;
    size_t length = strlen(path);
    int found = vfs_open(path, OS_READ_ONLY | OS_DIRECTORY, &file);
    if (found)
        return complain(path, found);
    int error = 0;
    while (!error && (found = file_list(file, &entry)) > 0) {
        if (length + strlen(entry.name) + 2 > MODEL_PATH || strlen(entry.name) >= MODEL_NAME) {
            error = -ENAMETOOLONG;
            break;
        }
        snprintf(path + length, MODEL_PATH - length, "%s%s", length > 1 ? "/" : "", entry.name);
        error = read_entry(model, directory, path, entry.name);
        path[length] = '\0';
    }
    file_put(file);
    return error ? error : found;
}

int model_read(struct model *model)
{
    char path[MODEL_PATH] = "/";
    struct inode *root;
    struct os_status status = {0};
    int error = vfs_find(path, false, &root);
    if (error)
        return complain(path, error);
    vfs_fill_status(root, &status);
    inode_put(root);
    model->nodes[0].number = status.number;
    error = read_directory(model, 0, path);
    model->nodes[0].links = status.links;
    return error;
}

// ---- Comparing --------------------------------------------------------------------------
struct comparison {
    const struct model *found, *expected;
    const struct later *later;
    char *why;
    int16_t to_found[MODEL_NODES], to_expected[MODEL_NODES]; // nodes that are the same; -1
};

// Whether a later operation may have put this byte there already.
static bool is_later(const struct comparison *c, int node, uint32_t offset, uint8_t byte)
{
    for (unsigned i = 0; i < c->later->count; i++) {
        const struct operation *o = &c->later->operations[i];
        if (o->node != node)
            continue;
        if (o->kind == OPERATION_TRUNCATE && byte == 0 && offset >= o->size)
            return true;
        if (o->kind != OPERATION_TRUNCATE && offset - o->offset < o->size &&
            model_byte(o->seed, offset) == byte)
            return true;
    }
    return false;
}

// The file that the next operation writes to may have got a part of it.
static bool may_be_partial(const struct comparison *c, int node, uint32_t found,
                           uint32_t expected)
{
    if (c->later->count == 0 || found < expected)
        return false;
    const struct operation *next = &c->later->operations[0];
    return next->node == node && next->kind != OPERATION_TRUNCATE &&
           found <= next->offset + next->size;
}

static bool contents_match(struct comparison *c, const char *path, const struct node *found,
                           int node)
{
    const struct node *expected = &c->expected->nodes[node];
    if (found->size != expected->size &&
        !(found->type == NODE_FILE && may_be_partial(c, node, found->size, expected->size))) {
        snprintf(c->why, 160, "%s has %u bytes, not %u", path, found->size, expected->size);
        return false;
    }
    for (uint32_t i = 0; i < found->size; i++) {
        uint8_t byte = i < expected->size ? expected->data[i] : 0;
        if (found->data[i] == byte || is_later(c, node, i, found->data[i]))
            continue;
        snprintf(c->why, 160, "byte %u of %s is %#x, not %#x", i, path, found->data[i], byte);
        return false;
    }
    return true;
}

static bool directories_match(struct comparison *c, char *path, int found, int expected);

static bool nodes_match(struct comparison *c, char *path, int found, int expected)
{
    const struct node *a = &c->found->nodes[found], *b = &c->expected->nodes[expected];
    if (c->to_expected[found] >= 0 || c->to_found[expected] >= 0) {
        if (c->to_expected[found] == expected && c->to_found[expected] == found)
            return true;
        snprintf(c->why, 160, "%s is another file than it should be", path);
        return false;
    }
    c->to_expected[found] = (int16_t)expected;
    c->to_found[expected] = (int16_t)found;
    if (a->type != b->type || a->links != b->links) {
        snprintf(c->why, 160, "%s has type %d and %u links, not type %d and %u", path, a->type,
                 a->links, b->type, b->links);
        return false;
    }
    return a->type == NODE_DIRECTORY ? directories_match(c, path, found, expected)
                                     : contents_match(c, path, a, expected);
}

static unsigned count_entries(const struct model *model, int directory)
{
    unsigned count = 0;
    for (unsigned i = 0; i < model->entry_count; i++) {
        const struct entry *entry = &model->entries[i];
        count += entry->directory == directory && entry->node != directory;
    }
    return count;
}

static bool directories_match(struct comparison *c, char *path, int found, int expected)
{
    size_t length = strlen(path);
    unsigned found_count = count_entries(c->found, found);
    unsigned expected_count = count_entries(c->expected, expected);
    for (unsigned i = 0; i < c->expected->entry_count; i++) {
        const struct entry *entry = &c->expected->entries[i];
        if (entry->directory != expected || entry->node == expected)
            continue;
        snprintf(path + length, MODEL_PATH - length, "%s%s", length > 1 ? "/" : "",
                 entry->name);
        const struct entry *other =
            model_entry((struct model *)(uintptr_t)c->found, found, entry->name);
        if (!other)
            snprintf(c->why, 160, "%s is not there", path);
        if (!other || !nodes_match(c, path, other->node, entry->node))
            return false;
        path[length] = '\0';
    }
    if (found_count == expected_count)
        return true;
    snprintf(c->why, 160, "%s has %u entries, not %u", path, found_count, expected_count);
    return false;
}

bool model_matches(const struct model *found, const struct model *expected,
                   const struct later *later, char why[160])
{
    char path[MODEL_PATH] = "/";
    struct comparison *c = heap_alloc(sizeof(*c));
    ASSERT(c);
    *c = (struct comparison){.found = found, .expected = expected, .later = later, .why = why};
    memset(c->to_found, 0xff, sizeof(c->to_found));
    memset(c->to_expected, 0xff, sizeof(c->to_expected));
    bool same = nodes_match(c, path, 0, 0);
    heap_free(c);
    return same;
}
