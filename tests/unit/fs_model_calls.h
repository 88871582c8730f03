// SPDX-License-Identifier: MIT
//
// The model's calls: what os_*() is to answer, as POSIX and os_files.h say it, and what
// changes. Arguments are paths that begin at the root of the model.
#pragma once

#include "fs_model_paths.h"

static inline void model_enter(const struct model_place *place, int node)
{
    model.nodes[place->parent].children[place->name] = node;
    model.nodes[node].names++;
    if (model_is(node, OS_TYPE_DIRECTORY))
        model.nodes[node].parent = place->parent;
}

static inline void model_remove(const struct model_place *place, int node)
{
    model.nodes[place->parent].children[place->name] = -1;
    model.nodes[node].names--;
}

static inline bool model_is_empty(int node)
{
    for (int name = 0; name < MODEL_NAMES; name++) {
        if (model.nodes[node].children[name] >= 0)
            return false;
    }
    return true;
}

// For what makes a name: 0 when it is free.
static inline int model_walk_to_free(const char *path, struct model_place *place)
{
    int error = model_walk(path, MODEL_NEVER, place);
    if (error)
        return error;
    if (place->name < 0)
        return place->node >= 0 || place->parent < 0 ? -EEXIST : place->error;
    if (place->node >= 0)
        return -EEXIST;
    return place->error == -ENOENT ? 0 : place->error;
}

static inline int model_make(const char *path, enum os_file_type type, const char *target)
{
    struct model_place place;
    int error = model_walk_to_free(path, &place);
    if (!error && place.slash && type == OS_TYPE_SYMLINK)
        error = -ENOENT;
    if (!error && model_options.no_symlinks && type == OS_TYPE_SYMLINK)
        error = -EPERM;
    if (error)
        return error;
    int node = model_new(type);
    if (target)
        strlcpy(model.nodes[node].target, target, MODEL_PATH_SIZE);
    model_enter(&place, node);
    return 0;
}

static inline int model_unlink(const char *path, bool directory)
{
    struct model_place place;
    int error = model_walk(path, MODEL_NEVER, &place);
    if (error)
        return error;
    if (place.name < 0 && place.node < 0)
        return place.error;
    if (place.name < 0 && place.parent < 0)
        return directory ? -EBUSY : -EISDIR;
    if (place.name < 0)
        return !directory ? -EISDIR : place.node == place.parent ? -EINVAL : -ENOTEMPTY;
    if (place.node < 0)
        return place.error;
    if (!model_is(place.node, OS_TYPE_DIRECTORY)) {
        if (directory || place.slash)
            return -ENOTDIR;
    } else if (!directory) {
        return -EISDIR;
    } else if (!model_is_empty(place.node)) {
        return -ENOTEMPTY;
    }
    model_remove(&place, place.node);
    model_drop(place.node);
    return 0;
}

static inline int model_link(const char *from, const char *to)
{
    struct model_place old, new;
    int error = model_walk(from, MODEL_BY_SLASH, &old);
    if (!error)
        error = model_found(&old);
    if (!error && model_is(old.node, OS_TYPE_DIRECTORY))
        error = -EPERM;
    if (!error)
        error = model_walk_to_free(to, &new);
    if (!error && new.slash)
        error = -ENOENT;
    if (!error && model_options.no_links)
        error = -EPERM;
    if (!error)
        model_enter(&new, old.node);
    return error;
}

// Whether `node` is `directory` or one of those above it.
static inline bool model_is_above(int node, int directory)
{
    while (directory != node && directory != 0)
        directory = model.nodes[directory].parent;
    return directory == node;
}

static inline int model_check_rename(const struct model_place *old,
                                     const struct model_place *new)
{
    bool directory = model_is(old->node, OS_TYPE_DIRECTORY);
    if (directory && model_is_above(old->node, new->parent))
        return -EINVAL;
    if (new->node < 0)
        return 0;
    if (!model_is(new->node, OS_TYPE_DIRECTORY))
        return directory ? -ENOTDIR : 0;
    if (!directory)
        return -EISDIR;
    return model_is_empty(new->node) ? 0 : -ENOTEMPTY;
}

static inline int model_rename(const char *from, const char *to)
{
    struct model_place old, new;
    int error = model_walk(from, MODEL_NEVER, &old);
    if (!error)
        error = model_walk(to, MODEL_NEVER, &new);
    if (error)
        return error;
    if ((old.name < 0 && old.parent < 0) || (new.name < 0 && new.parent < 0))
        return -EBUSY;
    if (old.name < 0 || new.name < 0)
        return -EINVAL;
    if (old.node < 0)
        return old.error;
    if (new.node < 0 && new.error != -ENOENT)
        return new.error;
    if ((old.slash || new.slash) && !model_is(old.node, OS_TYPE_DIRECTORY))
        return -ENOTDIR;
    if (old.node == new.node)
        return 0;
    error = model_check_rename(&old, &new);
    if (error)
        return error;
    model_remove(&old, old.node);
    if (new.node >= 0) {
        model_remove(&new, new.node);
        model_drop(new.node);
    }
    model_enter(&new, old.node);
    return 0;
}

// os_open(): `node` is what it leads to, made if need be.
static inline int model_open(const char *path, unsigned flags, int *node)
{
    struct model_place place;
    bool exclusive = (flags & OS_CREATE) && (flags & OS_EXCLUSIVE);
    bool stays = exclusive || (flags & OS_NO_FOLLOW);
    if (!(flags & OS_READ_WRITE) || ((flags & OS_TRUNCATE) && !(flags & OS_WRITE_ONLY)) ||
        ((flags & OS_CREATE) && (flags & OS_DIRECTORY)))
        return -EINVAL;
    int error = model_walk(path, stays ? MODEL_BY_SLASH : MODEL_ALWAYS, &place);
    if (error)
        return error;
    error = model_found(&place);
    *node = place.node;
    if (error == -ENOENT && (flags & OS_CREATE)) {
        if (place.slash)
            return -EISDIR;
        *node = model_new(OS_TYPE_FILE);
        model_enter(&place, *node);
        return 0;
    }
    if (error || exclusive)
        return error ? error : -EEXIST;
    if (model_is(*node, OS_TYPE_SYMLINK))
        return -ELOOP;
    if (model_is(*node, OS_TYPE_DIRECTORY))
        return flags & (OS_WRITE_ONLY | OS_CREATE) ? -EISDIR : 0;
    return flags & OS_DIRECTORY ? -ENOTDIR : 0;
}
