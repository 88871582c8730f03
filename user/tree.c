// SPDX-License-Identifier: MIT
//
// tree: draws a directory and all below it; -a: hidden ones too, -d: only directories
#include "options.h"
#include "path.h"
#include "walk.h"

enum { DEPTH_MAX = OS_PATH_MAX / 2 }; // a name and a slash are two bytes at least

struct drawing {
    bool hidden, directories_only;
    unsigned files, directories;
    bool *ended; // by depth: nothing follows there any more
};

// One line: what goes on above, a branch, the name.
static int draw(struct drawing *drawing, const struct walk *walk)
{
    for (unsigned depth = 1; depth < walk->depth; depth++)
        os_printf("%s", drawing->ended[depth] ? "    " : "│   ");
    if (walk->depth > 0)
        os_printf("%s", walk->is_last ? "└── " : "├── ");
    drawing->ended[walk->depth] = walk->is_last;
    int result = os_printf("%s", walk->depth > 0 ? walk->name : walk->path);
    if (walk->status.type == OS_TYPE_SYMLINK) {
        char *target = os_alloc(OS_PATH_MAX);
        if (target && os_read_link(walk->path, target, OS_PATH_MAX) >= 0)
            os_printf(" -> %s", target);
        os_free(target);
    }
    return result < 0 ? result : os_printf("\n");
}

static bool is_wanted(const void *context, const struct directory_entry *entry)
{
    const struct drawing *drawing = context;
    if (entry->name[0] == '.' && !drawing->hidden)
        return false;
    return !drawing->directories_only || entry->type == OS_TYPE_DIRECTORY;
}

static int draw_tree(struct drawing *drawing, const char *path)
{
    struct walk walk;
    enum walk_event event;
    int error = walk_start(&walk, path), status = 0;
    walk.wanted = is_wanted;
    walk.context = drawing;
    if (error)
        return path_error("tree", path, error);
    while (error >= 0 && (event = walk_next(&walk)) != WALK_END) {
        if (event == WALK_ERROR) {
            status = path_error("tree", walk.path, walk.error);
            continue;
        }
        drawing->files += event == WALK_FILE;
        drawing->directories += event == WALK_ENTER && walk.depth > 0;
        if (event != WALK_LEAVE)
            error = draw(drawing, &walk);
    }
    walk_finish(&walk);
    return error < 0 ? 1 : status;
}

int tree_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "ad");
    struct drawing drawing = {.ended = os_alloc(DEPTH_MAX * sizeof(bool))};
    int letter, status = 0;
    if (!drawing.ended)
        return os_print_error("tree", -ENOMEM);
    while ((letter = options_next(&options)) > 0) {
        drawing.hidden = drawing.hidden || letter == 'a';
        drawing.directories_only = drawing.directories_only || letter == 'd';
    }
    if (letter < 0)
        return os_usage("tree [-ad] [DIRECTORY...]");
    for (int i = 0; i < options.count; i++)
        status |= draw_tree(&drawing, options.operands[i]);
    if (options.count == 0)
        status = draw_tree(&drawing, ".");
    os_printf("\n%u director%s, %u file%s\n", drawing.directories,
              drawing.directories == 1 ? "y" : "ies", drawing.files,
              drawing.files == 1 ? "" : "s");
    return status;
}
