// SPDX-License-Identifier: MIT
//
// The model of a file system: what operations do.
#include "model.h"

#include "heap.h"
#include "panic.h"
#include "string.h"

struct model *model_new(void)
{
    struct model *model = heap_alloc(sizeof(*model));
    ASSERT(model);
    model->nodes[0] = (struct node){.type = NODE_DIRECTORY, .links = 2};
    model->held = -1;
    return model;
}

static void free_contents(struct model *model)
{
    for (unsigned i = 0; i < MODEL_NODES; i++)
        heap_free(model->nodes[i].data);
}

void model_free(struct model *model)
{
    free_contents(model);
    heap_free(model);
}

void model_copy(struct model *to, const struct model *from)
{
    free_contents(to);
    memcpy(to, from, sizeof(*to));
    for (unsigned i = 0; i < MODEL_NODES; i++) {
        struct node *node = &to->nodes[i];
        if (!node->data)
            continue;
        node->data = heap_alloc(node->size + 1);
        ASSERT(node->data);
        memcpy(node->data, from->nodes[i].data, node->size);
    }
}

// ---- Looking ----------------------------------------------------------------------------
struct entry *model_entry(struct model *model, int directory, const char *name)
{
    for (unsigned i = 0; i < model->entry_count; i++) {
        struct entry *entry = &model->entries[i];
        if (entry->directory == directory && entry->node != directory &&
            strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

// The directory that the last name of a path is in, and that name. Paths are as "/a/b".
static int parent_of(struct model *model, const char *path, const char **name)
{
    int directory = 0;
    char part[MODEL_NAME];
    for (path++;; path = strchr(path, '/') + 1) {
        const char *slash = strchr(path, '/');
        *name = path;
        if (!slash)
            return directory;
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        directory = model_entry(model, directory, part)->node;
    }
}

int model_find(const struct model *model, const char *path)
{
    struct model *mutable = (struct model *)(uintptr_t)model;
    const char *name;
    if (strcmp(path, "/") == 0)
        return 0;
    int directory = parent_of(mutable, path, &name);
    const struct entry *entry = model_entry(mutable, directory, name);
    return entry ? entry->node : -1;
}

bool model_is_empty(const struct model *model, int directory)
{
    for (unsigned i = 0; i < model->entry_count; i++) {
        const struct entry *entry = &model->entries[i];
        if (entry->directory == directory && entry->node != directory)
            return false;
    }
    return true;
}

bool model_has_room(const struct model *model)
{
    unsigned nodes = 0;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        nodes += model->nodes[i].type == NODE_FREE;
    return nodes > 4 && model->entry_count < MODEL_ENTRIES - 4;
}

// ---- Changing ---------------------------------------------------------------------------
static void add_entry(struct model *model, int directory, const char *name, int node)
{
    unsigned i = 0;
    while (i < model->entry_count && model->entries[i].directory != model->entries[i].node)
        i++;
    ASSERT(i < MODEL_ENTRIES);
    struct entry *entry = &model->entries[i];
    entry->directory = (uint16_t)directory;
    entry->node = (uint16_t)node;
    strlcpy(entry->name, name, sizeof(entry->name));
    if (i == model->entry_count)
        model->entry_count++;
    if (model->nodes[node].type == NODE_DIRECTORY)
        model->nodes[directory].links++;
    else
        model->nodes[node].links++;
}

int model_add(struct model *model, int directory, const char *name, enum node_type type)
{
    int node = 1;
    while (node < MODEL_NODES && model->nodes[node].type != NODE_FREE)
        node++;
    ASSERT(node < MODEL_NODES);
    model->nodes[node] =
        (struct node){.type = type, .links = type == NODE_DIRECTORY ? 2 : 0};
    add_entry(model, directory, name, node);
    return node;
}

static void drop_unused(struct model *model, int number)
{
    struct node *node = &model->nodes[number];
    if (node->links > 0 || node->held)
        return;
    heap_free(node->data);
    *node = (struct node){0};
}

static void remove_entry(struct model *model, struct entry *entry)
{
    int number = entry->node;
    struct node *node = &model->nodes[number];
    if (node->type == NODE_DIRECTORY) {
        model->nodes[entry->directory].links--;
        node->links = 0;
    } else {
        node->links--;
    }
    entry->node = entry->directory;
    drop_unused(model, number);
}

static void set_size(struct node *node, uint32_t size)
{
    node->data = heap_resize(node->data, size + 1);
    ASSERT(node->data);
    if (size > node->size)
        memset(node->data + node->size, 0, size - node->size);
    node->size = size;
}

void model_set_data(struct node *node, const void *data, uint32_t size)
{
    set_size(node, size);
    memcpy(node->data, data, size);
}

uint8_t model_byte(uint32_t seed, uint32_t offset)
{
    return (uint8_t)(1 + (seed * 167 + offset * 13 + offset / 251) % 255);
}

static void write_bytes(struct node *node, const struct operation *operation)
{
    uint32_t end = operation->offset + operation->size;
    if (operation->size > 0 && end > node->size)
        set_size(node, end);
    for (uint32_t i = operation->offset; i < end; i++)
        node->data[i] = model_byte(operation->seed, i);
}

static void rename(struct model *model, const struct operation *operation)
{
    const char *old_name, *new_name;
    int old_directory = parent_of(model, operation->path, &old_name);
    int new_directory = parent_of(model, operation->other, &new_name);
    struct entry *old = model_entry(model, old_directory, old_name);
    struct entry *replaced = model_entry(model, new_directory, new_name);
    int node = old->node;
    if (replaced && replaced->node == node)
        return; // two names of one file: nothing happens
    if (replaced)
        remove_entry(model, replaced);
    if (model->nodes[node].type == NODE_DIRECTORY)
        model->nodes[old_directory].links--;
    else
        model->nodes[node].links--;
    old->node = old->directory;
    add_entry(model, new_directory, new_name, node);
}

static void hold(struct model *model, const char *path)
{
    model->held = model_find(model, path);
    model->nodes[model->held].held = true;
}

static void drop(struct model *model)
{
    model->nodes[model->held].held = false;
    drop_unused(model, model->held);
    model->held = -1;
}

void model_apply(struct model *model, const struct operation *operation)
{
    const char *name;
    if (operation->nothing || operation->kind >= OPERATION_FSYNC)
        return;
    if (operation->kind == OPERATION_DROP)
        return drop(model);
    if (operation->kind == OPERATION_WRITE_HELD)
        return write_bytes(&model->nodes[model->held], operation);
    int directory = parent_of(model, operation->path, &name);
    int found = model_find(model, operation->path);
    struct node *node = found < 0 ? NULL : &model->nodes[found];
    switch (operation->kind) {
    case OPERATION_CREATE: model_add(model, directory, name, NODE_FILE); break;
    case OPERATION_MKDIR: model_add(model, directory, name, NODE_DIRECTORY); break;
    case OPERATION_SYMLINK:
        node = &model->nodes[model_add(model, directory, name, NODE_SYMLINK)];
        model_set_data(node, operation->other, (uint32_t)strlen(operation->other));
        break;
    case OPERATION_LINK:
        directory = parent_of(model, operation->other, &name);
        add_entry(model, directory, name, found);
        break;
    case OPERATION_UNLINK:
    case OPERATION_RMDIR: remove_entry(model, model_entry(model, directory, name)); break;
    case OPERATION_RENAME: rename(model, operation); break;
    case OPERATION_WRITE: write_bytes(node, operation); break;
    case OPERATION_TRUNCATE: set_size(node, operation->size); break;
    case OPERATION_HOLD: hold(model, operation->path); break;
    default: break;
    }
}
