// SPDX-License-Identifier: MIT
//
// ln: gives a file one more name; -s: makes a symbolic link, -f: in the place of another
#include "path.h"
#include "target.h"

struct ln {
    bool symbolic, force;
};

static int make(void *context, const char *from, const char *to)
{
    const struct ln *ln = context;
    int (*make_link)(const char *, const char *) = ln->symbolic ? os_symlink : os_link;
    int error = make_link(from, to);
    if (error == -EEXIST && ln->force) {
        error = os_unlink(to);
        if (!error)
            error = make_link(from, to);
    }
    if (!error)
        return 0;
    os_fprintf(OS_ERROR, "ln: %s to %s: %s\n", to, from, error_text(error));
    return 1;
}

int ln_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "sf");
    struct ln ln = {0};
    static char here[] = ".";
    int letter;
    while ((letter = options_next(&options)) > 0) {
        ln.symbolic = ln.symbolic || letter == 's';
        ln.force = ln.force || letter == 'f';
    }
    if (letter < 0 || options.count == 0)
        return os_usage("ln [-sf] FILE... NAME-OR-DIRECTORY");
    char *pair[] = {options.operands[0], here};
    if (options.count == 1) { // a link of the same name, here
        options.operands = pair;
        options.count = 2;
    }
    return target_for_each("ln", &options, make, &ln);
}
