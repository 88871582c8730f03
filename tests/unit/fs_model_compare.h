// SPDX-License-Identifier: MIT
//
// Comparing a file system with the model: every name, every byte, every count.
//
// Goes through the directories by os_chdir(), so that it reaches what no path is short
// enough for.
#pragma once

#include "fs_model_calls.h"
#include "kernel/print.h"

enum { MODEL_HANDLES = 6 };

struct model_handle {
    int handle; // -1: not open
    int node;
    unsigned flags;
    uint64_t position;
};

static struct {
    uint64_t seed, state; // random numbers
    unsigned step;
    char call[2 * MODEL_PATH_SIZE + 128]; // what is being done: for reports
    struct model_handle handles[MODEL_HANDLES];
    uint8_t *buffer; // size_max bytes
} model_run;

// Says what went wrong, and how to have it again. Always false.
static inline bool model_fail(const char *what, long long found, long long expected)
{
    print("\n  step %u, %s:\n  %s is %lld, expected %lld; seed %llu\n", model_run.step,
          model_run.call, what, found, expected, (unsigned long long)model_run.seed);
    return false;
}

static inline bool model_same(const char *what, long long found, long long expected)
{
    return found == expected || model_fail(what, found, expected);
}

// What lies in the buffer against what lies in the file.
static inline bool model_same_bytes(const struct model_node *node, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (model_run.buffer[i] != node->data[offset + i]) {
            print("\n  byte %llu of %zu", (unsigned long long)(offset + i), node->size);
            return model_fail("it", model_run.buffer[i], node->data[offset + i]);
        }
    }
    return true;
}

// All of it, by a handle, from the start.
static inline bool model_compare_bytes(int handle, const struct model_node *node)
{
    memset(model_run.buffer, 0xee, model_options.size_max);
    int count = os_read_at(handle, 0, model_run.buffer, model_options.size_max);
    return model_same("the size read", count, (long long)node->size) &&
           model_same_bytes(node, 0, node->size);
}

static inline unsigned model_links_of(const struct model_node *node)
{
    unsigned links = node->names;
    if (node->type != OS_TYPE_DIRECTORY)
        return links;
    for (int name = 0; name < MODEL_NAMES; name++)
        links += node->children[name] >= 0 && model_is(node->children[name], OS_TYPE_DIRECTORY);
    return links + (node->names > 0);
}

static inline bool model_compare_status(const struct os_status *status,
                                        const struct model_node *node)
{
    bool directory = node->type == OS_TYPE_DIRECTORY;
    if (!model_same("the type", status->type, node->type))
        return false;
    if (!directory &&
        !model_same(
            "the size", (long long)status->size,
            (long long)(node->type == OS_TYPE_FILE ? node->size : strlen(node->target))))
        return false;
    return (directory && model_options.one_link) ||
           model_same("the number of links", status->links, model_links_of(node));
}

static inline bool model_compare_file(const char *name, const struct model_node *node)
{
    int handle = os_open(name, OS_READ_ONLY);
    if (handle < 0)
        return model_fail(name, handle, 0);
    bool same = model_compare_bytes(handle, node);
    os_close(handle);
    return same;
}

static inline bool model_compare_link(const char *name, const struct model_node *node)
{
    static char target[OS_PATH_MAX];
    int length = os_read_link(name, target, sizeof(target));
    if (!model_same("the length of the target", length, (long long)strlen(node->target)))
        return false;
    return model_same("the target's difference", strcmp(target, node->target), 0);
}

static inline bool model_compare_directory(int node);

// One entry of the current directory.
static inline bool model_compare_entry(const struct os_entry *entry, int child)
{
    static struct os_status status;
    const struct model_node *node = &model.nodes[child];
    snprintf(model_run.call, sizeof(model_run.call), "comparing \"%s\"", entry->name);
    if (!model_same("os_lstat()", os_lstat(entry->name, &status), 0) ||
        !model_same("the entry's number", (long long)entry->number, (long long)status.number) ||
        !model_same("the entry's type", entry->type, status.type) ||
        !model_compare_status(&status, node))
        return false;
    if (node->type == OS_TYPE_FILE)
        return model_compare_file(entry->name, node);
    if (node->type == OS_TYPE_SYMLINK)
        return model_compare_link(entry->name, node);
    return model_same("os_chdir()", os_chdir(entry->name), 0) &&
           model_compare_directory(child) && model_same("os_chdir(..)", os_chdir(".."), 0);
}

// The current directory's entries: each exactly once.
static inline bool model_compare_directory(int number)
{
    bool seen[MODEL_NAMES] = {false}, same = true;
    struct os_entry entry;
    int handle = os_open(".", OS_READ_ONLY | OS_DIRECTORY), found;
    if (handle < 0)
        return model_fail("os_open(.)", handle, 0);
    while (same && (found = os_read_directory(handle, &entry)) > 0) {
        int name = model_name_of(entry.name, strlen(entry.name));
        int child = name < 0 ? -1 : model.nodes[number].children[name];
        snprintf(model_run.call, sizeof(model_run.call), "listing \"%s\"", entry.name);
        same = model_same("whether it should be there", true, child >= 0 && !seen[name]) &&
               model_compare_entry(&entry, child);
        if (same)
            seen[name] = true;
    }
    os_close(handle);
    for (int name = 0; same && name < MODEL_NAMES; name++) {
        snprintf(model_run.call, sizeof(model_run.call), "listing \"%s\"", model_names[name]);
        same = model_same("whether it is there", seen[name],
                          model.nodes[number].children[name] >= 0);
    }
    return same;
}

// Everything there is, and what only handles still hold.
static inline bool model_compare(void)
{
    bool same = model_same("os_chdir()", os_chdir(*model.root ? model.root : "/"), 0) &&
                model_compare_directory(0);
    os_chdir("/");
    for (unsigned i = 0; same && i < MODEL_HANDLES; i++) {
        const struct model_handle *handle = &model_run.handles[i];
        struct os_status status;
        if (handle->handle < 0)
            continue;
        snprintf(model_run.call, sizeof(model_run.call), "comparing handle %u", i);
        const struct model_node *node = &model.nodes[handle->node];
        same = model_same("os_fstat()", os_fstat(handle->handle, &status), 0) &&
               model_compare_status(&status, node);
        if (same && node->type == OS_TYPE_FILE && (handle->flags & OS_READ_ONLY))
            same = model_compare_bytes(handle->handle, node);
    }
    return same;
}
