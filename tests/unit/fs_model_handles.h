// SPDX-License-Identifier: MIT
//
// The model: calls with handles, made to both and compared.
#pragma once

#include "fs_model_names.h"

// How much from there on still fits into the model's files.
static inline size_t model_random_size(uint64_t offset)
{
    size_t room = offset < model_options.size_max ? model_options.size_max - (size_t)offset : 0;
    size_t size = model_random(10) ? model_random(6000) : model_random(1 << 20);
    return size < room ? size : room;
}

static inline bool model_read(struct model_handle *handle, bool at)
{
    const struct model_node *node = &model.nodes[handle->node];
    uint64_t offset = at ? model_random((unsigned)model_options.size_max) : handle->position;
    size_t size = model_random_size(offset);
    size_t left = offset < node->size ? node->size - (size_t)offset : 0;
    long long expected = (long long)(size < left ? size : left);
    if (node->type == OS_TYPE_DIRECTORY)
        expected = -EISDIR;
    if (!(handle->flags & OS_READ_ONLY))
        expected = -EBADF;
    int count = at ? os_read_at(handle->handle, offset, model_run.buffer, size)
                   : os_read(handle->handle, model_run.buffer, size);
    if (!model_same("reading", count, expected))
        return false;
    if (count > 0 && !at)
        handle->position += (uint64_t)count;
    return count <= 0 || model_same_bytes(node, offset, (size_t)count);
}

static inline bool model_write(struct model_handle *handle, bool at)
{
    struct model_node *node = &model.nodes[handle->node];
    bool append = !at && (handle->flags & OS_APPEND);
    uint64_t offset = at ? model_random((unsigned)model_options.size_max) : handle->position;
    if (append)
        offset = node->size;
    size_t size = model_random_size(offset);
    for (size_t i = 0; i < size; i++)
        model_run.buffer[i] = (uint8_t)(offset + i + model_run.step);
    bool may = handle->flags & OS_WRITE_ONLY;
    int count = at ? os_write_at(handle->handle, offset, model_run.buffer, size)
                   : os_write(handle->handle, model_run.buffer, size);
    if (!model_same("writing", count, may ? (long long)size : -EBADF))
        return false;
    if (!may)
        return true;
    if (!at && (append || size > 0))
        handle->position = offset + size;
    if (size > 0)
        memcpy(node->data + offset, model_run.buffer, size);
    if (size > 0 && node->size < offset + size)
        node->size = (size_t)offset + size;
    return true;
}

static inline bool model_cut(struct model_handle *handle)
{
    struct model_node *node = &model.nodes[handle->node];
    size_t size = model_random((unsigned)model_options.size_max);
    bool may = handle->flags & OS_WRITE_ONLY;
    if (!model_same("os_truncate()", os_truncate(handle->handle, size), may ? 0 : -EBADF) ||
        !may)
        return may == false;
    if (size < node->size)
        memset(node->data + size, 0, node->size - size);
    node->size = size;
    return true;
}

static inline bool model_seek(struct model_handle *handle)
{
    const struct model_node *node = &model.nodes[handle->node];
    int whence = (int)model_random(3);
    int64_t base = whence == OS_SEEK_SET   ? 0
                   : whence == OS_SEEK_END ? (int64_t)node->size
                                           : (int64_t)handle->position;
    int64_t position = (int64_t)model_random((unsigned)model_options.size_max) - 100;
    bool rewind = whence == OS_SEEK_SET && position == 0; // all that a directory can do
    bool may = node->type == OS_TYPE_DIRECTORY ? rewind : position >= 0;
    int64_t expected = may ? position : -EINVAL;
    if (!model_same("os_seek()", os_seek(handle->handle, position - base, whence), expected))
        return false;
    if (expected >= 0)
        handle->position = (uint64_t)position;
    return true;
}

static inline bool model_close(struct model_handle *handle)
{
    if (!model_same("os_close()", os_close(handle->handle), 0))
        return false;
    model.nodes[handle->node].handles--;
    model_drop(handle->node);
    handle->handle = -1;
    return true;
}

static inline bool model_use(struct model_handle *handle, unsigned kind)
{
    static const char *const names[] = {"read",     "read",     "read_at", "write", "write",
                                        "write_at", "truncate", "seek",    "fsync", "close"};
    snprintf(model_run.call, sizeof(model_run.call), "%s of handle %d (node %d)", names[kind],
             handle->handle, handle->node);
    switch (kind) {
    case 0:
    case 1:
    case 2:
        return model_read(handle, kind == 2);
    case 3:
    case 4:
    case 5:
        return model_write(handle, kind == 5);
    case 6:
        return model_cut(handle);
    case 7:
        return model_seek(handle);
    case 8:
        return model_same("os_fsync()", os_fsync(handle->handle), 0);
    default:
        return model_close(handle);
    }
}
