// SPDX-License-Identifier: MIT
//
// cp: copies files; -r: directories with all that is in them, -p: with their times
#include "copy.h"
#include "target.h"

static int copy(void *context, const char *from, const char *to)
{
    return copy_tree(context, from, to);
}

int cp_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "rRapfv");
    struct copy how = {.program = "cp"};
    int letter;
    while ((letter = options_next(&options)) > 0) {
        if (strchr("rRa", letter))
            how.below = how.keep_links = true;
        if (strchr("ap", letter))
            how.keep_times = true;
        if (letter == 'v')
            how.verbose = true;
    }
    if (letter < 0 || options.count < 2)
        return os_usage("cp [-rpv] FILE... NAME-OR-DIRECTORY");
    int status = target_for_each("cp", &options, copy, &how);
    copy_finish(&how);
    return status;
}
