// SPDX-License-Identifier: MIT
//
// find: lists all files below: -name 'PATTERN', -type f|d|l, -size +10k, -maxdepth N
#include "options.h"
#include "path.h"
#include "pattern.h"
#include "show.h"
#include "walk.h"

struct find {
    const char *name, *types; // what to look for; NULL: anything
    char size_sign;           // + larger, - smaller, = just so; 0: any
    uint64_t size;            // in bytes
    uint64_t depth_max;
};

// ---- Words ------------------------------------------------------------------------------
static bool parse_types(struct find *find, const char *value)
{
    find->types = value;
    for (; *value; value++) {
        if (!strchr("fdlcbp,", *value))
            return false;
    }
    return find->types[0];
}

static bool parse_size(struct find *find, const char *value)
{
    find->size_sign = '=';
    if (*value == '+' || *value == '-')
        find->size_sign = *value++;
    char digits[24];
    size_t length = strlen(value);
    if (length >= sizeof(digits))
        return false;
    strlcpy(digits, value, sizeof(digits));
    if (length > 0 && digits[length - 1] == 'c') // bytes, as they are without it here
        digits[length - 1] = 0;
    return options_number(digits, &find->size);
}

static bool parse(struct find *find, const char *word, const char *value)
{
    if (strcmp(word, "-name") == 0)
        find->name = value;
    else if (strcmp(word, "-type") == 0)
        return parse_types(find, value);
    else if (strcmp(word, "-size") == 0)
        return parse_size(find, value);
    else if (strcmp(word, "-maxdepth") == 0)
        return string_to_u64(value, 10, &find->depth_max) == 0;
    else
        return false;
    return true;
}

// ---- Looking ----------------------------------------------------------------------------
static bool matches(const struct find *find, const struct walk *walk)
{
    const struct os_status *status = &walk->status;
    char type = status->type == OS_TYPE_FILE ? 'f' : show_type(status->type);
    if (find->types && !strchr(find->types, type))
        return false;
    if (find->name && !pattern_matches(find->name, walk->name))
        return false;
    switch (find->size_sign) {
    case '+':
        return status->size > find->size;
    case '-':
        return status->size < find->size;
    case '=':
        return status->size == find->size;
    default:
        return true;
    }
}

static int look(const struct find *find, const char *path)
{
    struct walk walk;
    enum walk_event event;
    int error = walk_start(&walk, path), status = 0;
    if (error)
        return path_error("find", path, error);
    while ((event = walk_next(&walk)) != WALK_END) {
        if (event == WALK_ERROR)
            status = path_error("find", walk.path, walk.error);
        if (event != WALK_FILE && event != WALK_ENTER)
            continue;
        if (matches(find, &walk) && os_printf("%s\n", walk.path) < 0) {
            status = 1;
            break;
        }
        if (event == WALK_ENTER && walk.depth >= find->depth_max)
            walk_skip(&walk);
    }
    walk_finish(&walk);
    return status;
}

// Paths come first, then what to look for, in pairs.
int find_main(int argc, char **argv)
{
    struct find find = {.depth_max = UINT64_MAX};
    int paths = 1, status = 0;
    while (paths < argc && argv[paths][0] != '-')
        paths++;
    bool fits = true;
    for (int i = paths; i < argc; i += 2)
        fits = fits && i + 1 < argc && parse(&find, argv[i], argv[i + 1]);
    if (!fits)
        return os_usage("find [PATH...] [-name PATTERN] [-type f|d|l] [-size [+|-]BYTES] "
                        "[-maxdepth DEPTH]");
    for (int i = 1; i < paths; i++)
        status |= look(&find, argv[i]);
    return paths > 1 ? status : look(&find, ".");
}
