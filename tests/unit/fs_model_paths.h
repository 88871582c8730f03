// SPDX-License-Identifier: MIT
//
// The model's paths: what one leads to, as POSIX has it. (Base Definitions, 4.16)
#pragma once

#include "fs_model_nodes.h"

// What a path leads to.
struct model_place {
    int parent; // the directory of the last name; -1: the path has no last name
    int name;   // number of the last name; -1: "." or ".."
    int node;   // -1: nothing there, and `error` says which kind of nothing
    int error;  // 0; -ENOENT; -ENOTDIR: the parent is none
    bool slash;
};

enum { MODEL_OUTSIDE = -1000 }; // ".." of the root: not the model's business

static inline int model_name_of(const char *name, size_t length)
{
    for (int i = 0; i < MODEL_NAMES; i++) {
        if (strlen(model_names[i]) == length && memcmp(model_names[i], name, length) == 0)
            return i;
    }
    return -1;
}

// The last name's place, or the next directory. -1 and place->error: nothing is there.
static inline int model_step(int at, const char *name, size_t length, struct model_place *place)
{
    place->parent = at;
    place->name = model_name_of(name, length);
    place->node = -1;
    place->error = -ENOTDIR;
    if (!model_is(at, OS_TYPE_DIRECTORY))
        return -1;
    if (length == 1 && name[0] == '.')
        place->node = at;
    else if (length == 2 && name[0] == '.' && name[1] == '.')
        place->node = at == 0 ? MODEL_OUTSIDE : model.nodes[at].parent;
    else if (place->name >= 0)
        place->node = model.nodes[at].children[place->name];
    place->error = place->node == -1 ? -ENOENT : 0;
    return place->node;
}

// Whether a symbolic link that a path ends with is followed.
enum model_follow { MODEL_NEVER, MODEL_BY_SLASH, MODEL_ALWAYS };

static inline bool model_follows(int node, const struct model_place *place, bool last,
                                 enum model_follow follow)
{
    if (!model_is(node, OS_TYPE_SYMLINK))
        return false;
    return !last || follow == MODEL_ALWAYS || (follow == MODEL_BY_SLASH && place->slash);
}

// Puts the link's target in front of the rest of the path. Where that begins, or an error.
static inline int model_substitute(int at, int link, const char *rest, bool slash, char *text)
{
    static char joined[2 * OS_PATH_MAX];
    const char *target = model.nodes[link].target;
    snprintf(joined, sizeof(joined), "%s%s%s", target, slash ? "/" : "", rest);
    if (strlen(joined) >= OS_PATH_MAX)
        return -ENAMETOOLONG;
    bool absolute = target[0] == '/';
    strlcpy(text, absolute ? joined + strlen(model.root) : joined, OS_PATH_MAX);
    return absolute ? 0 : at;
}

// Takes a name and the slashes behind it off the path. Its length.
static inline size_t model_take_name(const char **rest, bool *slash)
{
    const char *end = *rest;
    while (*end && *end != '/')
        end++;
    size_t length = (size_t)(end - *rest);
    *slash = *end == '/';
    while (*end == '/')
        end++;
    *rest = end;
    return length;
}

// `path` begins at the root of the model. 0, or the error of the way to the last name.
static inline int model_walk(const char *path, enum model_follow follow,
                             struct model_place *place)
{
    static char text[OS_PATH_MAX];
    const char *rest = text;
    unsigned links = 0;
    strlcpy(text, path, sizeof(text));
    for (int at = 0;;) {
        while (*rest == '/')
            rest++;
        *place = (struct model_place){.parent = -1, .name = -1, .node = at};
        if (!*rest)
            return 0; // "/", at the start or behind a symbolic link
        const char *name = rest;
        size_t length = model_take_name(&rest, &place->slash);
        int node = model_step(at, name, length, place);
        bool last = !*rest;
        if (node == MODEL_OUTSIDE)
            return MODEL_OUTSIDE;
        if (node == -1)
            return last ? 0 : place->error;
        if (model_follows(node, place, last, follow)) {
            at = links++ < MODEL_LINKS_MAX
                     ? model_substitute(at, node, rest, place->slash, text)
                     : -ELOOP;
            if (at < 0)
                return at;
            rest = text;
        } else if (last) {
            return 0;
        } else {
            at = node;
        }
    }
}

// Of what was found, for those who do not care for the name itself.
static inline int model_found(const struct model_place *place)
{
    if (place->node >= 0 && place->slash && !model_is(place->node, OS_TYPE_DIRECTORY))
        return -ENOTDIR;
    return place->error;
}
