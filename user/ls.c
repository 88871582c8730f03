// SPDX-License-Identifier: MIT
//
// ls: lists directories; -l: with types, sizes and dates, -a: hidden ones too, -R: all below
#include "directory.h"
#include "ls.h"
#include "options.h"
#include "path.h"

// ---- One listing ------------------------------------------------------------------------
static struct ls_item *new_item(const char *name)
{
    size_t size = strlen(name) + 1;
    struct ls_item *item = os_alloc(sizeof(*item) + size);
    if (item)
        memcpy(item->name, name, size);
    return item;
}

static bool is_before(const void *b, const void *a, char order)
{
    const struct ls_item *second = b, *first = a;
    if (order == 't' && first->status.modified_ns != second->status.modified_ns)
        return second->status.modified_ns > first->status.modified_ns;
    if (order == 'S' && first->status.size != second->status.size)
        return second->status.size > first->status.size;
    return strcmp(second->name, first->name) < 0;
}

static bool name_is_before(const void *b, const void *a)
{
    return is_before(b, a, 0);
}

static bool is_newer(const void *b, const void *a)
{
    return is_before(b, a, 't');
}

static bool is_larger(const void *b, const void *a)
{
    return is_before(b, a, 'S');
}

static int sort(const struct ls *ls, struct ls_item **items, size_t count)
{
    int error = sort_pointers((void **)items, count,
                              ls->order == 't'   ? is_newer
                              : ls->order == 'S' ? is_larger
                                                 : name_is_before);
    for (size_t i = 0; ls->reverse && i < count / 2; i++) {
        struct ls_item *item = items[i];
        items[i] = items[count - 1 - i];
        items[count - 1 - i] = item;
    }
    return error;
}

// Fills in what is to be shown of it. 0, or 1 after a complaint.
static int look(const struct ls *ls, const char *path, struct ls_item *item)
{
    int error = os_lstat(path, &item->status);
    if (error)
        return path_error("ls", path, error);
    if (!ls->details || item->status.type != OS_TYPE_SYMLINK)
        return 0;
    item->target = os_alloc(OS_PATH_MAX);
    if (item->target && os_read_link(path, item->target, OS_PATH_MAX) < 0)
        item->target[0] = 0;
    return 0;
}

// One of a directory's names, or NULL. What has gone meanwhile has been complained about.
static struct ls_item *look_in(const struct ls *ls, const char *path, const char *name,
                               enum os_file_type type)
{
    struct ls_item *item = new_item(name);
    char *whole = path_join(path, name);
    if (item)
        item->status.type = type;
    bool failed = !item || !whole || (ls->stat && look(ls, whole, item));
    if (!item || !whole)
        os_print_error("ls", -ENOMEM);
    os_free(whole);
    if (!failed)
        return item;
    os_free(item);
    return NULL;
}

static void free_items(struct ls_item **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        os_free(items[i]->target);
        os_free(items[i]);
    }
    os_free(items);
}

// ---- Directories ------------------------------------------------------------------------
// The paths that are still to be listed, in order.
struct pending {
    struct pending *next;
    char path[];
};

// Behind *place, which moves on.
static int add_pending(struct pending ***place, const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    struct pending *pending = os_alloc(sizeof(*pending) + size);
    if (!pending)
        return os_print_error("ls", -ENOMEM);
    bool slash = *name && directory[strlen(directory) - 1] != '/';
    snprintf(pending->path, size, "%s%s%s", directory, slash ? "/" : "", name);
    pending->next = **place;
    **place = pending;
    *place = &pending->next;
    return 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

// What -R finds in it comes next, before what was to come.
static int add_below(struct pending **next, const char *path, struct ls_item **items,
                     size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (items[i]->status.type == OS_TYPE_DIRECTORY && !is_dots(items[i]->name))
            status = add_pending(&next, path, items[i]->name);
    }
    return status;
}

static int list_directory(const struct ls *ls, const char *path, struct pending **next)
{
    struct directory directory;
    int error = directory_read(path, &directory), status = 0;
    if (error)
        return path_error("ls", path, error);
    size_t count = 0;
    struct ls_item **items = os_alloc((directory.count + 2) * sizeof(*items));
    if (!items)
        status = os_print_error("ls", -ENOMEM);
    for (size_t i = 0; i < 2 && ls->dots && items; i++) {
        items[count] = look_in(ls, path, i == 0 ? "." : "..", OS_TYPE_DIRECTORY);
        count += items[count] != NULL;
    }
    for (size_t i = 0; i < directory.count && items; i++) {
        const struct directory_entry *entry = directory.entries[i];
        if (entry->name[0] == '.' && !ls->hidden)
            continue;
        items[count] = look_in(ls, path, entry->name, entry->type);
        status = items[count] ? status : 1;
        count += items[count] != NULL;
    }
    directory_free(&directory);
    if (items && (sort(ls, items, count) || ls_print(ls, items, count)))
        status = 1;
    if (items && ls->below && add_below(next, path, items, count))
        status = 1;
    free_items(items, count);
    return status;
}

static int list_pending(const struct ls *ls, struct pending *first, bool titles, bool above)
{
    int status = 0;
    while (first) {
        struct pending *pending = first;
        if (titles)
            os_printf("%s%s:\n", above ? "\n" : "", pending->path);
        above = true;
        if (list_directory(ls, pending->path, &pending->next))
            status = 1;
        first = pending->next;
        os_free(pending);
    }
    return status;
}

// ---- Operands ---------------------------------------------------------------------------
// A link to a directory is followed, unless it is itself what -l is to show.
static bool is_directory(const struct ls *ls, const char *path)
{
    struct os_status status;
    size_t length = strlen(path);
    bool follow = !ls->details || (length > 0 && path[length - 1] == '/');
    if (ls->themselves)
        return false;
    return (follow ? os_stat : os_lstat)(path, &status) == 0 &&
           status.type == OS_TYPE_DIRECTORY;
}

// First what is no directory, in one listing, then the directories.
static int list_operands(struct ls *ls, char **operands, int count)
{
    struct pending *first = NULL, **last = &first;
    struct ls_item **items = os_alloc((size_t)count * sizeof(*items));
    size_t files = 0;
    int status = items ? 0 : os_print_error("ls", -ENOMEM);
    for (int i = 0; i < count && items; i++) {
        if (is_directory(ls, operands[i])) {
            status |= add_pending(&last, operands[i], "");
            continue;
        }
        items[files] = new_item(operands[i]);
        if (!items[files] || look(ls, operands[i], items[files])) {
            os_free(items[files]);
            status = 1;
            continue;
        }
        files++;
    }
    if (files > 0 && (sort(ls, items, files) || ls_print(ls, items, files)))
        status = 1;
    if (items)
        free_items(items, files);
    return status | list_pending(ls, first, count > 1 || ls->below, files > 0);
}

int ls_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "aAdFhilrRSt1");
    struct ls ls = {0};
    int letter;
    while ((letter = options_next(&options)) > 0) {
        switch (letter) {
        case 'a':
            ls.dots = ls.hidden = true;
            break;
        case 'A':
            ls.hidden = true;
            break;
        case 'd':
            ls.themselves = true;
            break;
        case 'F':
            ls.marks = true;
            break;
        case 'h':
            ls.human = true;
            break;
        case 'i':
            ls.numbers = true;
            break;
        case 'l':
            ls.details = true;
            break;
        case 'r':
            ls.reverse = true;
            break;
        case 'R':
            ls.below = true;
            break;
        case '1':
            ls.one_per_line = true;
            break;
        default:
            ls.order = (char)letter;
            break;
        }
    }
    if (letter < 0)
        return os_usage("ls [-aAdFhilrRSt1] [FILE...]");
    ls.console = os_is_console(OS_OUTPUT);
    ls.stat = ls.details || ls.numbers || ls.order;
    static char here[] = ".";
    char *nothing[] = {here};
    bool any = options.count > 0;
    return list_operands(&ls, any ? options.operands : nothing, any ? options.count : 1);
}
