// SPDX-License-Identifier: MIT
//
// tsfs: into and out of an image, without booting anything.
//
//   tsfs IMAGE ls [-R] [PATH ...]        tsfs IMAGE cat PATH ...
//   tsfs IMAGE put FILE ... [PATH]       tsfs IMAGE get PATH ... [FILE]
//   tsfs IMAGE stat [PATH ...]
//
// put and get take whole folders, and go where `cp -r` would: into a folder that is there,
// or to a new name.
#include <stddef.h>

#include "copy.h"
#include "error.h"
#include "fs/vfs.h"
#include "heap.h"
#include "list.h"
#include "outside.h"
#include "string.h"
#include "tool.h"
#include "wallclock.h"

static const char usage[] =
    "usage: tsfs IMAGE COMMAND\n"
    "  ls [-R] [PATH ...]     what is there: kind, names, size, last change, name\n"
    "  cat PATH ...           what is in a file\n"
    "  stat [PATH ...]        all that is known of a file; without one, of the file system\n"
    "  put FILE ... [PATH]    from the host into the image, folders with all that is in them\n"
    "  get PATH ... [FILE]    from the image to the host\n";

enum { STATUS_USAGE = 2, PIECE = 64 * 1024 };

static int complain(const char *path, int error)
{
    tool_complain("%s: %s", path, error_text(error));
    return error;
}

// In an image all paths begin at its root.
static int absolute(struct place *place, const char *path)
{
    size_t before;
    while (*path == '/')
        path++;
    place_set(place, "/");
    int error = *path ? place_enter(place, path, &before) : 0;
    return error ? complain(path, error) : 0;
}

// ---- cat --------------------------------------------------------------------------------
static int show_file(const char *path)
{
    struct file *file;
    char *buffer = heap_alloc(PIECE);
    int count = buffer ? vfs_open(path, OS_READ_ONLY, &file) : -ENOMEM;
    if (!count) {
        while ((count = file_read(file, buffer, PIECE)) > 0)
            tool_write(buffer, (size_t)count);
        file_put(file);
    }
    heap_free(buffer);
    return count ? complain(path, count) : 0;
}

// ---- put, get ---------------------------------------------------------------------------
// The last name of a path, or "" ("." and "/" have none).
static void last_name(const char *path, char name[OS_NAME_MAX + 1])
{
    size_t end = strlen(path), start;
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/'; start--)
        ;
    size_t length = end - start;
    bool none = length > OS_NAME_MAX || (length == 1 && path[start] == '.');
    memcpy(name, path + start, none ? 0 : length);
    name[none ? 0 : length] = '\0';
}

static bool is_folder_inside(const char *path)
{
    struct os_status status;
    return image_status(path, true, &status) == 0 && status.type == OS_TYPE_DIRECTORY;
}

static bool is_folder_outside(const char *path)
{
    struct outside_status status;
    return outside_status(path, &status) == 0 && status.type == OUTSIDE_FOLDER;
}

// `to` becomes the place of a copy of `from`, in it if it is a folder.
static int enter_folder(struct place *to, const char *from, bool is_folder)
{
    char name[OS_NAME_MAX + 1];
    size_t before;
    last_name(from, name);
    return is_folder && name[0] ? place_enter(to, name, &before) : 0;
}

static int put(const char *from, const char *to)
{
    static struct place place;
    int error = absolute(&place, to);
    if (!error && enter_folder(&place, from, is_folder_inside(place.path)) < 0)
        error = complain(from, -ENAMETOOLONG);
    return error ? error : copy_in(from, place.path);
}

static int get(const char *from, const char *to)
{
    static struct place source, place;
    int error = absolute(&source, from);
    if (error)
        return error;
    error = place_set(&place, to);
    error = error ? error : enter_folder(&place, from, is_folder_outside(to));
    return error ? complain(to, error) : copy_out(source.path, place.path);
}

// Each word but the last to that one; with a single word, to `otherwise`.
static int transfer(int (*one)(const char *, const char *), int count, char **words,
                    const char *otherwise)
{
    const char *to = count > 1 ? words[--count] : otherwise;
    int error = 0;
    for (int i = 0; i < count && !error; i++)
        error = one(words[i], to);
    return error;
}

// ---- Commands ---------------------------------------------------------------------------
static int run_ls(int count, char **words)
{
    static struct place place;
    static char root[] = "/", *only_root[] = {root};
    bool recursive = count > 0 && strcmp(words[0], "-R") == 0;
    words = count > recursive ? words + recursive : only_root;
    count = count > recursive ? count - recursive : 1;
    int error = 0;
    for (int i = 0; i < count && !error; i++) {
        error = absolute(&place, words[i]);
        error = error ? error : list_path(&place, recursive);
    }
    return error;
}

static int run_stat(int count, char **words)
{
    static struct place place;
    int error = count ? 0 : list_file_system();
    for (int i = 0; i < count && !error; i++) {
        error = absolute(&place, words[i]);
        error = error ? error : list_status(place.path);
    }
    return error;
}

static int run_cat(int count, char **words)
{
    static struct place place;
    int error = 0;
    for (int i = 0; i < count && !error; i++) {
        error = absolute(&place, words[i]);
        error = error ? error : show_file(place.path);
    }
    return error;
}

static int run_put(int count, char **words)
{
    uint64_t now_ns = outside_now_ns();
    if (tool_latest_time(&now_ns))
        copy_reproducibly(now_ns);
    wallclock_set(now_ns);
    return transfer(put, count, words, "/");
}

static int run_get(int count, char **words)
{
    return transfer(get, count, words, ".");
}

static const struct command {
    const char *name;
    int (*run)(int count, char **words);
    int words; // at least
    bool writes;
} commands[] = {
    {"ls", run_ls, 0, false},  {"cat", run_cat, 1, false}, {"stat", run_stat, 0, false},
    {"put", run_put, 1, true}, {"get", run_get, 1, false},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

int tool_main(int argc, char **argv)
{
    const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;
    if (!command || argc - 3 < command->words) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        if (argc > 2)
            tool_complain("%s: %s", argv[2],
                          command ? "expected something behind it" : "no such command");
        outside_write(help ? OUTSIDE_OUTPUT : OUTSIDE_ERRORS, usage, sizeof usage - 1);
        return help ? 0 : STATUS_USAGE;
    }
    struct block_device *device = tool_open_image(argv[1], command->writes);
    if (!device || tool_mount(command->writes ? 0 : OS_MOUNT_READ_ONLY) != 0)
        return 1;
    int error = command->run(argc - 3, argv + 3);
    int unmount_error = tool_unmount();
    int close_error = command->writes ? tool_close_image(device) : 0;
    return error || unmount_error || close_error ? 1 : 0;
}
