// SPDX-License-Identifier: MIT
//
// mv: gives files another name, or moves them into a directory
#include "copy.h"
#include "path.h"
#include "remove.h"
#include "target.h"

struct mv {
    struct copy copy;
    bool verbose;
};

// To another file system: a copy, and then the original goes.
static int move_far(struct mv *mv, const char *from, const char *to)
{
    struct os_status old;
    if (os_lstat(to, &old) == 0 && old.type == OS_TYPE_DIRECTORY) {
        int error = os_rmdir(to); // as a rename would: only an empty one is replaced
        if (error)
            return path_error("mv", to, error);
    }
    return copy_tree(&mv->copy, from, to) || remove_tree("mv", from);
}

static int move(void *context, const char *from, const char *to)
{
    struct mv *mv = context;
    int error = os_rename(from, to);
    if (error == -EXDEV) {
        if (move_far(mv, from, to))
            return 1;
    } else if (error) {
        os_fprintf(OS_ERROR, "mv: %s to %s: %s\n", from, to, error_text(error));
        return 1;
    }
    if (mv->verbose)
        os_printf("%s -> %s\n", from, to);
    return 0;
}

int mv_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "fv");
    struct mv mv = {.copy = {.program = "mv", .below = true, .keep_links = true}};
    mv.copy.keep_times = true;
    int letter;
    while ((letter = options_next(&options)) > 0)
        mv.verbose = mv.verbose || letter == 'v';
    if (letter < 0 || options.count < 2)
        return os_usage("mv [-v] FILE... NAME-OR-DIRECTORY");
    int status = target_for_each("mv", &options, move, &mv);
    copy_finish(&mv.copy);
    return status;
}
