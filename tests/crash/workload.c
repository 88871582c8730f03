// SPDX-License-Identifier: MIT
//
// Workloads at random. Each operation is chosen so that it makes sense for the model; then
// the real file system must agree, unless it is full.
#include "workload.h"

#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "mkfs/tool.h"
#include "panic.h"
#include "string.h"
#include "tests/unit/unit.h"
#include "timer.h"

enum {
    WRITE_SIZE_MAX = 24000,
    OFFSET_MAX = 100000,
    SLEEP_SECONDS = 7, // longer than tsfs lets changes lie
    CROWD = 40,        // files that come together
    NAMES_OF_A_LIFE = 1000000,
};

static struct {
    struct workload *workload;
    struct model *model;
    struct disk_model *disk;
    struct file *held;
    unsigned room;
    unsigned names; // given so far
    int error;
} run;

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)(unit_random(&run.workload->random) >> 20) % limit;
}

// ---- Choosing ---------------------------------------------------------------------------
// The path of an entry, from the end.
static void path_of_entry(const struct entry *entry, char path[MODEL_PATH])
{
    char text[MODEL_PATH];
    path[0] = '\0';
    while (entry) {
        snprintf(text, sizeof(text), "/%s%s", entry->name, path);
        strlcpy(path, text, MODEL_PATH);
        unsigned directory = entry->directory, i = 0;
        while (i < run.model->entry_count && (run.model->entries[i].node != directory ||
                                              run.model->entries[i].directory == directory))
            i++;
        entry = directory == 0 ? NULL : &run.model->entries[i];
    }
}

// Any entry of one of these types (a mask); false: there is none.
static bool choose(unsigned types, char path[MODEL_PATH])
{
    const struct entry *chosen = NULL;
    uint32_t seen = 0;
    for (unsigned i = 0; i < run.model->entry_count; i++) {
        const struct entry *entry = &run.model->entries[i];
        if (entry->node != entry->directory &&
            (types >> run.model->nodes[entry->node].type & 1) && random_below(++seen) == 0)
            chosen = entry;
    }
    if (chosen)
        path_of_entry(chosen, path);
    return chosen != NULL;
}

enum {
    FILES = 1 << NODE_FILE,
    DIRECTORIES = 1 << NODE_DIRECTORY,
    LEAVES = FILES | 1 << NODE_SYMLINK,
    ALL = LEAVES | DIRECTORIES,
};

// A name that is free, in any directory not too deep, sometimes a long one.
static void choose_new(char path[MODEL_PATH])
{
    if (random_below(3) == 0 || !choose(DIRECTORIES, path) || strlen(path) > 200)
        path[0] = '\0';
    size_t length = strlen(path);
    if (random_below(4))
        snprintf(path + length, MODEL_PATH - length, "/n%u", run.names++);
    else
        snprintf(path + length, MODEL_PATH - length, "/a-name-that-takes-its-room-%030u",
                 run.names++);
}

// Whether `inner` is `outer` or lies in it.
static bool is_inside(const char *inner, const char *outer)
{
    size_t length = strlen(outer);
    return strncmp(inner, outer, length) == 0 && (inner[length] == '/' || !inner[length]);
}

// Onto something of its kind that is there, or to a new name.
static bool choose_rename(struct operation *o)
{
    if (!choose(ALL, o->path))
        return false;
    bool is_directory =
        run.model->nodes[model_find(run.model, o->path)].type == NODE_DIRECTORY;
    if (random_below(2) || !choose(is_directory ? DIRECTORIES : LEAVES, o->other))
        choose_new(o->other);
    int there = model_find(run.model, o->other);
    if (is_directory && (is_inside(o->other, o->path) ||
                         (there >= 0 && !model_is_empty(run.model, there))))
        return false;
    return !is_inside(o->path, o->other);
}

static bool choose_write(struct operation *o)
{
    if (!choose(FILES, o->path))
        return false;
    uint32_t size = run.model->nodes[model_find(run.model, o->path)].size;
    o->size = 1 + random_below(random_below(3) ? 3000 : WRITE_SIZE_MAX);
    o->offset = random_below(3) ? size : random_below(size + 1); // mostly at the end
    if (random_below(12) == 0)
        o->offset = random_below(OFFSET_MAX);
    o->seed = random_below(1u << 30);
    return true;
}

static bool choose_truncate(struct operation *o)
{
    if (!choose(FILES, o->path))
        return false;
    uint32_t size = run.model->nodes[model_find(run.model, o->path)].size;
    o->size = random_below(4) ? random_below(size + 1) : random_below(size + 9000);
    return true;
}

static bool choose_held(struct operation *o)
{
    if (run.model->held < 0) {
        o->kind = OPERATION_HOLD;
        return choose(FILES, o->path);
    }
    o->kind = random_below(2) ? OPERATION_WRITE_HELD : OPERATION_DROP;
    o->size = 1 + random_below(9000);
    o->offset = run.model->nodes[run.model->held].size;
    o->seed = random_below(1u << 30);
    return true;
}

static bool choose_rmdir(struct operation *o)
{
    return choose(DIRECTORIES, o->path) &&
           model_is_empty(run.model, model_find(run.model, o->path));
}

static bool choose_operation(struct operation *o)
{
    static const uint8_t weights[] = {
        [OPERATION_CREATE] = 16, [OPERATION_MKDIR] = 7, [OPERATION_SYMLINK] = 4,
        [OPERATION_LINK] = 5,    [OPERATION_UNLINK] = 12, [OPERATION_RMDIR] = 4,
        [OPERATION_RENAME] = 14, [OPERATION_WRITE] = 26, [OPERATION_TRUNCATE] = 8,
        [OPERATION_HOLD] = 8,    [OPERATION_FSYNC] = 8,  [OPERATION_SYNC] = 5,
        [OPERATION_SLEEP] = 4,
    };
    uint32_t total = 0;
    for (unsigned i = 0; i < sizeof weights; i++)
        total += weights[i];
    uint32_t number = random_below(total);
    memset(o, 0, sizeof(*o));
    while (number >= weights[o->kind])
        number -= weights[o->kind++];
    switch (o->kind) {
    case OPERATION_CREATE:
    case OPERATION_MKDIR: return choose_new(o->path), model_has_room(run.model);
    case OPERATION_SYMLINK:
        choose_new(o->path);
        snprintf(o->other, sizeof(o->other), "%0*u", (int)(1 + random_below(300)), run.names);
        return model_has_room(run.model);
    case OPERATION_LINK:
        choose_new(o->other);
        return model_has_room(run.model) && choose(LEAVES, o->path);
    case OPERATION_UNLINK: return choose(LEAVES, o->path);
    case OPERATION_RMDIR: return choose_rmdir(o);
    case OPERATION_RENAME: return choose_rename(o);
    case OPERATION_WRITE: return choose_write(o);
    case OPERATION_TRUNCATE: return choose_truncate(o);
    case OPERATION_HOLD: return choose_held(o);
    case OPERATION_FSYNC: return choose(FILES | DIRECTORIES, o->path);
    default: return true;
    }
}

// ---- Doing ------------------------------------------------------------------------------
// Writes in pieces of any size, as programs do. A count, or an error before the first byte.
static int write_bytes(struct file *file, const struct operation *o)
{
    uint8_t *bytes = heap_alloc(o->size);
    ASSERT(bytes);
    for (uint32_t i = 0; i < o->size; i++)
        bytes[i] = model_byte(o->seed, o->offset + i);
    int count = file_write_at(file, o->offset, bytes, o->size);
    heap_free(bytes);
    return count;
}

// With the file open as long as it takes: what it returns is the operation's result.
static int with_file(struct operation *o)
{
    struct file *file;
    unsigned flags = o->kind == OPERATION_FSYNC ? OS_READ_ONLY : OS_READ_WRITE;
    int result = vfs_open(o->path, flags, &file);
    if (result)
        return result;
    if (o->kind == OPERATION_FSYNC)
        result = file_sync(file);
    else if (o->kind == OPERATION_TRUNCATE)
        result = file_truncate(file, o->size);
    else
        result = write_bytes(file, o);
    file_put(file);
    return result;
}

static int create(const char *path)
{
    struct file *file;
    int error = vfs_open(path, OS_WRITE_ONLY | OS_CREATE | OS_EXCLUSIVE, &file);
    if (!error)
        file_put(file);
    return error;
}

static int do_operation(struct operation *o)
{
    switch (o->kind) {
    case OPERATION_CREATE: return create(o->path);
    case OPERATION_MKDIR: return vfs_make(o->path, OS_TYPE_DIRECTORY, NULL);
    case OPERATION_SYMLINK: return vfs_make(o->path, OS_TYPE_SYMLINK, o->other);
    case OPERATION_LINK: return vfs_link(o->path, o->other);
    case OPERATION_UNLINK: return vfs_remove(o->path, false);
    case OPERATION_RMDIR: return vfs_remove(o->path, true);
    case OPERATION_RENAME: return vfs_rename(o->path, o->other);
    case OPERATION_HOLD: return vfs_open(o->path, OS_READ_WRITE, &run.held);
    case OPERATION_WRITE_HELD: return write_bytes(run.held, o);
    case OPERATION_DROP: return file_put(run.held), run.held = NULL, 0;
    case OPERATION_SYNC: return vfs_sync();
    case OPERATION_SLEEP: return timer_sleep(SLEEP_SECONDS * UINT64_C(1000000000));
    default: return with_file(o);
    }
}

void operation_print(unsigned number, const struct operation *o)
{
    static const char *const names[] = {
        "create", "mkdir", "symlink", "link", "unlink", "rmdir", "rename", "write",
        "truncate", "hold", "write held", "drop", "fsync", "sync", "sleep"};
    tool_print("  %3u %-10s %s", number, names[o->kind], o->path);
    if (o->other[0])
        tool_print(" %s", o->other);
    if (o->size)
        tool_print(" %u bytes at %u", o->size, o->offset);
    tool_print("%s\n", o->nothing ? " (the disk was full)" : "");
}

static void add_operation(const struct operation *chosen)
{
    struct workload *w = run.workload;
    if (w->count == run.room) {
        run.room = run.room ? run.room * 2 : 128;
        w->operations = heap_resize(w->operations, run.room * sizeof(*w->operations));
        ASSERT(w->operations);
    }
    struct operation *o = &w->operations[w->count];
    *o = *chosen;
    bool held = o->kind == OPERATION_WRITE_HELD;
    bool changes = o->kind == OPERATION_WRITE || o->kind == OPERATION_TRUNCATE;
    o->node = held ? run.model->held : changes ? model_find(run.model, o->path) : -1;
    disk_model_note(run.disk, w->count, false);
    int result = do_operation(o);
    disk_model_note(run.disk, w->count++, true);
    if (result == -ENOSPC)
        o->nothing = true;
    else if (result < 0)
        run.error = result;
    else if (o->kind == OPERATION_WRITE || o->kind == OPERATION_WRITE_HELD)
        o->size = (uint32_t)result; // it may have become full on the way
    if (result < 0 && run.error) {
        tool_complain("operation %u failed: %s", w->count - 1, error_text(result));
        operation_print(w->count - 1, o);
    }
    model_apply(run.model, o);
}

// So many names in one directory that its tree grows.
static void add_crowd(void)
{
    struct operation o = {.kind = OPERATION_CREATE};
    char directory[MODEL_PATH] = "";
    choose(DIRECTORIES, directory);
    for (unsigned i = 0; i < CROWD && !run.error && model_has_room(run.model) &&
                         strlen(directory) < 200; i++) {
        snprintf(o.path, sizeof(o.path), "%s/one-of-a-crowd-of-files-%030u", directory,
                 run.names++);
        add_operation(&o);
    }
}

// Everything in a directory, from the bottom up, and the directory, as rm -r does it.
static void remove_tree(void)
{
    char top[MODEL_PATH];
    if (!choose(DIRECTORIES, top))
        return;
    bool found = true;
    while (found && !run.error) {
        found = false;
        for (unsigned i = run.model->entry_count; i-- > 0 && !found;) {
            const struct entry *entry = &run.model->entries[i];
            struct operation o = {0};
            bool is_directory = run.model->nodes[entry->node].type == NODE_DIRECTORY;
            if (entry->node == entry->directory ||
                (is_directory && !model_is_empty(run.model, entry->node)))
                continue;
            path_of_entry(entry, o.path);
            found = is_inside(o.path, top);
            o.kind = is_directory ? OPERATION_RMDIR : OPERATION_UNLINK;
            if (found)
                add_operation(&o);
        }
    }
}

int workload_run(struct workload *workload, const struct model *start, unsigned count,
                 struct disk_model *disk)
{
    memset(&run, 0, sizeof(run));
    run.workload = workload;
    run.disk = disk;
    run.model = model_new();
    model_copy(run.model, start);
    run.names = start->entry_count ? NAMES_OF_A_LIFE : 0; // no name twice
    const struct operation sync = {.kind = OPERATION_SYNC};
    bool careful = random_below(3) == 0; // syncs often
    while (workload->count < count && !run.error) {
        struct operation o;
        uint32_t number = random_below(60);
        if (number == 0)
            add_crowd();
        else if (number <= 2)
            remove_tree();
        else if (choose_operation(&o))
            add_operation(&o);
        if (careful && number % 4 == 0 && !run.error)
            add_operation(&sync);
    }
    disk->recording = false; // the power goes; what follows is for the kernel's memory only
    if (run.held)
        file_put(run.held);
    model_free(run.model);
    return run.error;
}
