// SPDX-License-Identifier: MIT
//
// Reading the text from its file, and saving it.
//
// A file is saved under another name first, which takes the place of the old file only when
// all of it is on the disk: at no moment is there anything but the old text or the new one.
#include "edit.h"
#include "path.h"
#include "stream.h"

int edit_load(struct edit *edit)
{
    int handle = os_open(edit->path, OS_READ_ONLY);
    if (handle == -ENOENT) {
        int error = edit_set_text(edit, "", 0);
        return error ? error : 1;
    }
    char *bytes;
    size_t length;
    int error = handle < 0 ? handle : path_read_all(handle, &bytes, &length);
    if (handle >= 0)
        os_close(handle);
    if (error)
        return error;
    error = edit_set_text(edit, bytes, length);
    os_free(bytes);
    return error;
}

// ---- Saving -----------------------------------------------------------------------------
static int write_text(const struct edit *edit, int handle)
{
    struct writer writer = {.handle = handle};
    for (size_t i = 0; i < edit->count; i++) {
        if (i > 0)
            writer_put(&writer, "\n", 1);
        if (edit->lines[i].length > 0)
            writer_put(&writer, edit->lines[i].text, edit->lines[i].length);
    }
    return writer_finish(&writer);
}

// A name for the new text: next to the old one, and no other file's. Cut where a name may
// not be as long.
static void name_temporary(char name[OS_NAME_MAX + 1], const char *path)
{
    snprintf(name, OS_NAME_MAX + 1, ".%.*s.saving", OS_NAME_MAX - 8, path_base(path));
}

// `name` in the directory of `path`, for os_free().
static char *beside(const char *path, const char *name)
{
    size_t length = (size_t)(path_base(path) - path), size = length + strlen(name) + 1;
    char *result = os_alloc(size);
    if (result)
        snprintf(result, size, "%.*s%s", (int)length, path, name);
    return result;
}

// Where symbolic links at the end of the path lead: they stay, and so does what is no file.
static char *follow_links(const char *path)
{
    char *target = os_alloc(OS_PATH_MAX), *file = path_join("", path);
    for (int links = 0; links < 8 && target && file; links++) {
        if (os_read_link(file, target, OS_PATH_MAX) < 0)
            break;
        char *next = target[0] == '/' ? path_join("", target) : beside(file, target);
        os_free(file);
        file = next;
    }
    os_free(target);
    return file;
}

// The second fsync is for the name.
static int save_as(const struct edit *edit, const char *temporary, const char *path)
{
    int handle = os_open(temporary, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE);
    if (handle < 0)
        return handle;
    int error = write_text(edit, handle);
    if (!error)
        error = os_fsync(handle);
    if (!error)
        error = os_rename(temporary, path);
    if (error)
        os_unlink(temporary);
    else
        error = os_fsync(handle);
    os_close(handle);
    return error;
}

static int save_in_place(const struct edit *edit, const char *path)
{
    int handle = os_open(path, OS_WRITE_ONLY | OS_TRUNCATE);
    int error = handle < 0 ? handle : write_text(edit, handle);
    if (handle >= 0)
        os_close(handle);
    return error;
}

int edit_save(struct edit *edit)
{
    char name[OS_NAME_MAX + 1];
    struct os_status status;
    char *path = follow_links(edit->path), *temporary = NULL;
    int error = -ENOMEM;
    if (path) {
        name_temporary(name, path);
        temporary = beside(path, name);
    }
    if (temporary && os_stat(path, &status) == 0 && status.type != OS_TYPE_FILE)
        error = save_in_place(edit, path);
    else if (temporary)
        error = save_as(edit, temporary, path);
    os_free(path);
    os_free(temporary);
    if (!error)
        edit->changed = false;
    return error;
}
