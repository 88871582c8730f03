// SPDX-License-Identifier: MIT
//
// Walking over a tree of files.
//
// The directories that we are in are a list of levels. A level holds the names that were
// found and which one is next; the path is one buffer that grows and shrinks with them.
// Chapter 17.
#include "walk.h"

struct walk_level {
    struct walk_level *above;
    struct directory directory;
    size_t next;        // of its entries
    size_t path_length; // of its own path
    size_t name_start;  // where its own name begins in it
    bool is_last;       // of the directory above
    struct os_status status;
    uint64_t total; // of the level above, meanwhile
};

int walk_start(struct walk *walk, const char *path)
{
    *walk = (struct walk){0};
    walk->path = os_alloc(OS_PATH_MAX);
    if (!walk->path)
        return -ENOMEM;
    return strlcpy(walk->path, path, OS_PATH_MAX) < OS_PATH_MAX ? 0 : -ENAMETOOLONG;
}

// What the path leads to now.
static enum walk_event look(struct walk *walk)
{
    walk->error = os_lstat(walk->path, &walk->status);
    if (walk->error)
        return WALK_ERROR;
    walk->entering = walk->status.type == OS_TYPE_DIRECTORY;
    return walk->entering ? WALK_ENTER : WALK_FILE;
}

static void drop_unwanted(const struct walk *walk, struct directory *directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < directory->count; i++) {
        struct directory_entry *entry = directory->entries[i];
        if (walk->wanted(walk->context, entry))
            directory->entries[kept++] = entry;
        else
            os_free(entry);
    }
    directory->count = kept;
}

// Into the directory at walk->path. 0 or an error: then nothing has changed.
static int push_level(struct walk *walk)
{
    struct walk_level *level = os_alloc(sizeof(*level));
    int error = level ? directory_read(walk->path, &level->directory) : -ENOMEM;
    if (error) {
        os_free(level);
        return error;
    }
    if (walk->wanted)
        drop_unwanted(walk, &level->directory);
    level->above = walk->level;
    level->path_length = strlen(walk->path);
    level->name_start = (size_t)(walk->name - walk->path);
    level->is_last = walk->is_last;
    level->status = walk->status;
    level->total = walk->total;
    walk->total = 0;
    walk->level = level;
    walk->depth++;
    return 0;
}

// Out of the directory: the walk is what it was when it was entered.
static void pop_level(struct walk *walk)
{
    struct walk_level *level = walk->level;
    walk->path[level->path_length] = 0;
    walk->name = walk->path + level->name_start;
    walk->is_last = level->is_last;
    walk->status = level->status;
    walk->sum = walk->total;
    walk->total = level->total;
    walk->level = level->above;
    walk->depth--;
    directory_free(&level->directory);
    os_free(level);
}

// The next name of the directory that we are in.
static enum walk_event next_entry(struct walk *walk)
{
    struct walk_level *level = walk->level;
    const char *name = level->directory.entries[level->next++]->name;
    size_t at = level->path_length;
    if (walk->path[at - 1] != '/')
        walk->path[at++] = '/';
    walk->path[at] = 0;
    walk->name = walk->path + at;
    walk->is_last = level->next == level->directory.count;
    walk->error = -ENAMETOOLONG;
    if (strlcpy(walk->path + at, name, OS_PATH_MAX - at) >= OS_PATH_MAX - at)
        return WALK_ERROR;
    return look(walk);
}

enum walk_event walk_next(struct walk *walk)
{
    if (!walk->started) {
        const char *slash = strrchr(walk->path, '/');
        walk->started = walk->is_last = true;
        walk->name = slash && slash[1] ? slash + 1 : walk->path;
        return look(walk);
    }
    if (walk->entering) {
        walk->entering = false;
        walk->error = push_level(walk);
        if (walk->error)
            return WALK_ERROR;
    }
    if (!walk->level)
        return WALK_END;
    if (walk->level->next < walk->level->directory.count)
        return next_entry(walk);
    pop_level(walk);
    return WALK_LEAVE;
}

void walk_skip(struct walk *walk)
{
    walk->entering = false;
}

void walk_finish(struct walk *walk)
{
    while (walk->level)
        pop_level(walk);
    os_free(walk->path);
    walk->path = NULL;
}
