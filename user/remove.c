// SPDX-License-Identifier: MIT
//
// Removing trees of files.
// Chapter 18.
#include "remove.h"

#include "path.h"
#include "walk.h"

// A file goes when it is met, a directory when it is left. What cannot be removed does not
// hold up the rest.
int remove_tree(const char *program, const char *path)
{
    struct walk walk;
    enum walk_event event;
    int status = 0, error = walk_start(&walk, path);
    if (error)
        status = path_error(program, path, error);
    while (!error && (event = walk_next(&walk)) != WALK_END) {
        int result = event == WALK_ERROR ? walk.error : 0;
        if (event == WALK_FILE)
            result = os_unlink(walk.path);
        if (event == WALK_LEAVE)
            result = os_rmdir(walk.path);
        if (result)
            status = path_error(program, walk.path, result);
    }
    walk_finish(&walk);
    return status;
}
