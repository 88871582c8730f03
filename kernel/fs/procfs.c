// SPDX-License-Identifier: MIT
//
// procfs: the state of the system as files of text, for /proc.
//
// A file's text is made when it is opened, and stays as it was then: whoever reads it in
// pieces does not get halves of two states. What the files say is in procfs_files.c.
// Chapter 17.
#include "fs/procfs.h"

#include "error.h"
#include "format.h"
#include "fs/flat.h"
#include "heap.h"
#include "string.h"

// ---- Text -------------------------------------------------------------------------------
// The sink of format_to().
static void append(void *context, const char *bytes, size_t count)
{
    struct text *text = context;
    if (text->failed)
        return;
    if (count > text->room - text->length) {
        size_t room = 2 * text->room + count + 256;
        char *grown = heap_resize(text->bytes, room);
        text->failed = !grown;
        if (!grown)
            return;
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_to(append, text, format, arguments);
    va_end(arguments);
}

// ---- Open files -------------------------------------------------------------------------
struct snapshot {
    struct file file;
    struct text text;
    uint64_t position;
};

static struct snapshot *snapshot_of(struct file *file)
{
    return container_of(file, struct snapshot, file);
}

static int snapshot_read_at(struct file *file, uint64_t offset, void *buffer, size_t size)
{
    const struct text *text = &snapshot_of(file)->text;
    if (offset >= text->length)
        return 0;
    if (size > text->length - offset)
        size = text->length - (size_t)offset;
    memcpy(buffer, text->bytes + offset, size);
    return (int)size;
}

static int snapshot_read(struct file *file, void *buffer, size_t size)
{
    struct snapshot *snapshot = snapshot_of(file);
    int count = snapshot_read_at(file, snapshot->position, buffer, size);
    snapshot->position += (uint64_t)count;
    return count;
}

static int64_t snapshot_seek(struct file *file, int64_t offset, int whence)
{
    struct snapshot *snapshot = snapshot_of(file);
    return file_move(&snapshot->position, snapshot->text.length, offset, whence);
}

static int snapshot_status(struct file *file, struct os_status *status)
{
    *status = (struct os_status){
        .type = OS_TYPE_FILE,
        .links = 1,
        .size = snapshot_of(file)->text.length,
        .block_size = 4096,
    };
    return 0;
}

static void snapshot_release(struct file *file)
{
    heap_free(snapshot_of(file)->text.bytes);
    heap_free(snapshot_of(file));
}

static const struct file_operations snapshot_operations = {
    .kind = "text",
    .read = snapshot_read,
    .release = snapshot_release,
    .seek = snapshot_seek,
    .read_at = snapshot_read_at,
    .status = snapshot_status,
};

static int procfs_open(unsigned i, unsigned flags, struct file **file)
{
    struct snapshot *snapshot = heap_alloc(sizeof(*snapshot));
    if (!snapshot)
        return -ENOMEM;
    file_init(&snapshot->file, &snapshot_operations);
    procfs_files[i].print(&snapshot->text);
    if (snapshot->text.failed) {
        file_put(&snapshot->file);
        return -ENOMEM;
    }
    *file = &snapshot->file;
    return 0;
}

// ---- The directory ----------------------------------------------------------------------
static bool procfs_entry(unsigned i, struct flat_entry *entry)
{
    for (unsigned known = 0; known <= i; known++) {
        if (!procfs_files[known].name)
            return false;
    }
    *entry = (struct flat_entry){.type = OS_TYPE_FILE};
    strlcpy(entry->name, procfs_files[i].name, sizeof(entry->name));
    return true;
}

static const struct flat texts = {.entry = procfs_entry, .open = procfs_open};

static int procfs_mount(struct mount *mount)
{
    mount->read_only = true;
    return flat_mount(mount, &texts);
}

const struct file_system procfs_file_system = {
    .name = "procfs",
    .mount = procfs_mount,
    .read_inode = flat_read_inode,
    .release_inode = flat_release_inode,
    .lookup = flat_lookup,
    .list = flat_list,
    .is_empty = flat_is_empty,
    .open = flat_open,
};
