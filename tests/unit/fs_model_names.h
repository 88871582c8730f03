// SPDX-License-Identifier: MIT
//
// The model: random paths, and calls with them, made to both and compared.
#pragma once

#include "fs_model_compare.h"

static inline unsigned model_random(unsigned below)
{
    return (unsigned)(unit_random(&model_run.state) % below);
}

// ---- Paths ------------------------------------------------------------------------------
// Below the root of the model, mostly of things that are there: names are few.
static inline void model_random_path(char *path)
{
    size_t length = 0;
    for (unsigned parts = 1 + model_random(3); parts > 0; parts--) {
        unsigned kind = model_random(30);
        const char *name = kind == 0 ? "."
                           : kind == 1
                               ? ".."
                               : model_names[model_random(model_random(4) ? 4 : MODEL_NAMES)];
        length += (size_t)snprintf(path + length, MODEL_PATH_SIZE - length, "/%s%s",
                                   model_random(30) ? "" : "/", name);
    }
    if (model_random(20) == 0)
        strlcpy(path + length, "/", MODEL_PATH_SIZE - length);
}

// The same for the real calls.
static inline const char *model_real(const char *path)
{
    static char real[2][OS_PATH_MAX];
    static unsigned which;
    which = !which;
    snprintf(real[which], OS_PATH_MAX, "%s%s", model.root, path);
    return real[which];
}

static inline bool model_check(const char *call, int found, int expected)
{
    return expected == MODEL_OUTSIDE || model_same(call, found, expected);
}

// ---- Calls with paths -------------------------------------------------------------------
static inline bool model_leads_outside(const char *path)
{
    struct model_place place;
    return model_walk(path, MODEL_ALWAYS, &place) == MODEL_OUTSIDE ||
           model_walk(path, MODEL_NEVER, &place) == MODEL_OUTSIDE;
}

static inline void model_random_target(const char *path, char *target)
{
    if (model_random(3) == 0)
        snprintf(target, MODEL_PATH_SIZE, "%s%s", model.root, path);
    else
        strlcpy(target, path + 1 + (path[1] == '/'), MODEL_PATH_SIZE);
}

static inline bool model_change_name(void)
{
    static char path[MODEL_PATH_SIZE], other[MODEL_PATH_SIZE], target[MODEL_PATH_SIZE];
    static const char *const names[] = {"mkdir",  "rmdir", "unlink",
                                        "rename", "link",  "symlink"};
    unsigned kind = model_random(6);
    model_random_path(path);
    model_random_path(other);
    snprintf(model_run.call, sizeof(model_run.call), "%s %s %s", names[kind], path,
             kind >= 3 ? other : "");
    if (model_is_full() || model_leads_outside(path) || model_leads_outside(other))
        return true;
    const char *real = model_real(path), *real_other = model_real(other);
    switch (kind) {
    case 0:
        return model_check("os_mkdir()", os_mkdir(real),
                           model_make(path, OS_TYPE_DIRECTORY, NULL));
    case 1:
        return model_check("os_rmdir()", os_rmdir(real), model_unlink(path, true));
    case 2:
        return model_check("os_unlink()", os_unlink(real), model_unlink(path, false));
    case 3:
        return model_check("os_rename()", os_rename(real, real_other),
                           model_rename(path, other));
    case 4:
        return model_check("os_link()", os_link(real, real_other), model_link(path, other));
    default:
        model_random_target(path, target);
        return model_check("os_symlink()", os_symlink(target, real_other),
                           model_make(other, OS_TYPE_SYMLINK, target));
    }
}

static inline bool model_random_open(struct model_handle *handle)
{
    static char path[MODEL_PATH_SIZE];
    static const unsigned extra[] = {OS_CREATE,   OS_CREATE, OS_CREATE,    OS_EXCLUSIVE,
                                     OS_TRUNCATE, OS_APPEND, OS_DIRECTORY, OS_NO_FOLLOW};
    unsigned flags = model_random(4) ? OS_READ_WRITE : model_random(4);
    for (unsigned count = model_random(3); count > 0; count--)
        flags |= extra[model_random(8)];
    model_random_path(path);
    snprintf(model_run.call, sizeof(model_run.call), "open %s, flags %u", path, flags);
    if (model_is_full() || model_leads_outside(path))
        return true;
    int node = -1, found = os_open(model_real(path), flags);
    int expected = model_open(path, flags, &node);
    if (!model_check("os_open()", found < 0 ? found : 0, expected))
        return false;
    if (found < 0 || expected)
        return true;
    if (flags & OS_TRUNCATE) {
        memset(model.nodes[node].data, 0, model_options.size_max);
        model.nodes[node].size = 0;
    }
    *handle = (struct model_handle){.handle = found, .node = node, .flags = flags};
    model.nodes[node].handles++;
    return true;
}
