// SPDX-License-Identifier: MIT
//
// Files as they are named on a command line: opened or complained about, joined, read.
// Chapter 13.
#include "path.h"

enum { ROOM_FIRST = 4096 };

int path_error(const char *program, const char *path, int error)
{
    os_fprintf(OS_ERROR, "%s: %s: %s\n", program, path, error_text(error));
    return 1;
}

int path_open(const char *program, const char *path)
{
    if (strcmp(path, "-") == 0)
        return OS_INPUT;
    int handle = os_open(path, OS_READ_ONLY);
    if (handle < 0)
        path_error(program, path, handle);
    return handle;
}

void path_close(int handle)
{
    if (handle > OS_ERROR)
        os_close(handle);
}

int path_for_each(const struct path_operands *operands,
                  int (*use)(void *context, int handle, const char *path), void *context)
{
    if (operands->count == 0)
        return use(context, OS_INPUT, "-");
    int status = 0;
    for (int i = 0; i < operands->count; i++) {
        const char *path = operands->operands[i];
        int handle = path_open(operands->program, path);
        if (handle < 0 || use(context, handle, path))
            status = 1;
        path_close(handle);
    }
    return status;
}

void path_strip(char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_join(const char *directory, const char *name)
{
    size_t length = strlen(directory), size = length + strlen(name) + 2;
    char *path = os_alloc(size);
    bool slash = length > 0 && directory[length - 1] != '/';
    if (path)
        snprintf(path, size, "%s%s%s", directory, slash ? "/" : "", name);
    return path;
}

int path_read_all(int handle, char **bytes, size_t *length)
{
    size_t room = ROOM_FIRST;
    char *all = os_alloc(room);
    *length = 0;
    int count = -ENOMEM;
    while (all && (count = os_read(handle, all + *length, room - *length - 1)) > 0) {
        *length += (size_t)count;
        char *larger = *length + 1 < room ? all : os_resize(all, room * 2);
        if (!larger) {
            count = -ENOMEM;
            break;
        }
        room = *length + 1 < room ? room : room * 2;
        all = larger;
    }
    if (count < 0) {
        os_free(all);
        return count;
    }
    all[*length] = 0;
    *bytes = all;
    return 0;
}
