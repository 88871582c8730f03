// SPDX-License-Identifier: MIT
//
// A walk over a file system that may be broken: everything is asked once. See disk.h.
#include "disk.h"

#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "panic.h"
#include "string.h"

enum {
    VISITS = 120, // files and directories looked at
    PATH_SIZE = 1024,
    DEPTH_MAX = 12,
    PIECE = 5000,
    MANY = 30,
};

static struct {
    unsigned visits;
    char path[PATH_SIZE];
    uint8_t buffer[PIECE];
    struct os_entry entry;
} walk;

static void write_file(const char *path, uint64_t offset, size_t size)
{
    struct file *file;
    if (vfs_open(path, OS_WRITE_ONLY | OS_CREATE, &file) != 0)
        return;
    for (size_t i = 0; i < size && i < PIECE; i++)
        walk.buffer[i] = (uint8_t)(i + offset);
    for (size_t done = 0; done < size; done += PIECE) {
        size_t left = size - done;
        file_write_at(file, offset + done, walk.buffer, left < PIECE ? left : PIECE);
    }
    file_put(file);
}

void walk_fill(void)
{
    char name[80];
    vfs_make("/folder", OS_TYPE_DIRECTORY, NULL);
    vfs_make("/folder/inner", OS_TYPE_DIRECTORY, NULL);
    vfs_make("/empty", OS_TYPE_DIRECTORY, NULL);
    vfs_make("/link", OS_TYPE_SYMLINK, "folder/inner/file");
    vfs_make("/far", OS_TYPE_SYMLINK, "a-long-way-to-go/that-is-not-there/at-all/at-all/at-all/"
                     "at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all/"
                     "at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all/at-all");
    write_file("/folder/inner/file", 0, 3 * PIECE);
    write_file("/small", 0, 100);
    vfs_link("/small", "/folder/other");
    for (uint64_t i = 0; i < MANY; i++) // a file of many pieces, a folder of many names
        write_file("/sparse", i * 3 * PIECE, 10);
    for (unsigned i = 0; i < 2 * MANY; i++) {
        snprintf(name, sizeof(name), "/folder/a-name-of-some-length-that-takes-room-%u", i);
        write_file(name, 0, 0);
    }
}

static void read_file(const char *path)
{
    struct file *file;
    if (vfs_open(path, OS_READ_ONLY, &file) != 0)
        return;
    int64_t size = file_seek(file, 0, OS_SEEK_END);
    file_read_at(file, 0, walk.buffer, PIECE);
    if (size > 0) {
        file_read_at(file, (uint64_t)size / 2, walk.buffer, PIECE);
        file_read_at(file, (uint64_t)size - 1, walk.buffer, PIECE);
    }
    file_put(file);
}

static void change(const char *path, unsigned number)
{
    struct file *file;
    switch (number % 6) {
    case 0: write_file(path, number * 100, PIECE / 2); break;
    case 1: vfs_remove(path, false); break;
    case 2: vfs_rename(path, "/renamed"); break;
    case 3: vfs_link(path, "/linked"); break;
    case 4:
        if (vfs_open(path, OS_READ_WRITE, &file) != 0)
            break;
        file_truncate(file, number * 70);
        if (number % 4 == 0)
            file_sync(file);
        file_put(file);
        break;
    default: vfs_set_times(path, number, number); break;
    }
}

static void visit_directory(unsigned depth);

static void visit(unsigned depth)
{
    struct os_status status = {0};
    struct inode *inode;
    if (walk.visits >= VISITS)
        return;
    walk.visits++;
    if (vfs_find(walk.path, false, &inode) != 0)
        return;
    vfs_fill_status(inode, &status);
    inode_put(inode);
    if (status.type == OS_TYPE_DIRECTORY && depth < DEPTH_MAX)
        visit_directory(depth + 1);
    else if (status.type == OS_TYPE_SYMLINK)
        vfs_read_link(walk.path, (char *)walk.buffer, PIECE);
    else if (status.type == OS_TYPE_FILE)
        read_file(walk.path);
}

static void visit_directory(unsigned depth)
{
    struct file *file;
    size_t length = strlen(walk.path);
    if (vfs_open(walk.path, OS_READ_ONLY | OS_DIRECTORY, &file) != 0)
        return;
    while (walk.visits < VISITS && file_list(file, &walk.entry) > 0) {
        if (strnlen(walk.entry.name, sizeof(walk.entry.name)) > OS_NAME_MAX)
            panic("a name is not terminated");
        if (length + strlen(walk.entry.name) + 2 > PATH_SIZE)
            continue;
        snprintf(walk.path + length, PATH_SIZE - length, "%s%s", length > 1 ? "/" : "",
                 walk.entry.name);
        visit(depth);
        change(walk.path, walk.visits);
        walk.path[length] = '\0';
    }
    file_put(file);
}

void walk_all(void)
{
    struct os_fs_info info;
    walk.visits = 0;
    strlcpy(walk.path, "/", sizeof(walk.path));
    vfs_info("/", &info);
    read_file("/folder/inner/file");
    read_file("/link");
    visit(0);
    vfs_make("/new", OS_TYPE_DIRECTORY, NULL);
    write_file("/new/file", 0, PIECE);
    vfs_remove("/empty", true);
    vfs_remove("/small", false);
    vfs_sync();
}
