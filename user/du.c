// SPDX-License-Identifier: MIT
//
// du: shows how much space directories take; -s: in all, -a: files too, -b: bytes of contents
#include "options.h"
#include "path.h"
#include "show.h"
#include "walk.h"

enum { SECTOR = 512 };

struct du {
    bool sums, files, bytes;
};

static int print(uint64_t total, const struct du *du, const char *path)
{
    char text[24];
    if (du->bytes)
        snprintf(text, sizeof(text), "%llu", (unsigned long long)total);
    else
        show_size(text, total);
    return os_printf("%-8s %s\n", text, path) < 0;
}

// A file with several names is counted for each: we would have to remember them all.
static int measure(const struct du *du, const char *path)
{
    struct walk walk;
    enum walk_event event;
    int error = walk_start(&walk, path), status = 0;
    if (error)
        status = path_error("du", path, error);
    while (!error && (event = walk_next(&walk)) != WALK_END) {
        uint64_t own = du->bytes ? walk.status.size : walk.status.blocks * SECTOR;
        bool top = walk.depth == 0;
        if (event == WALK_ERROR)
            status = path_error("du", walk.path, walk.error);
        if (event == WALK_ERROR || event == WALK_ENTER)
            continue;
        if (event == WALK_LEAVE)
            own += walk.sum;
        walk.total += own;
        if (top || (!du->sums && (event == WALK_LEAVE || du->files)))
            error = print(own, du, walk.path);
    }
    walk_finish(&walk);
    return error ? 1 : status;
}

int du_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "sabh");
    struct du du = {0};
    int letter, status = 0;
    while ((letter = options_next(&options)) > 0) {
        du.sums = du.sums || letter == 's';
        du.files = du.files || letter == 'a';
        du.bytes = du.bytes || letter == 'b';
    }
    if (letter < 0)
        return os_usage("du [-sab] [FILE...]");
    for (int i = 0; i < options.count; i++)
        status |= measure(&du, options.operands[i]);
    return options.count > 0 ? status : measure(&du, ".");
}
