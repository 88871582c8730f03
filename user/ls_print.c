// SPDX-License-Identifier: MIT
//
// How ls shows names: one a line, with details, or in columns where somebody looks.
#include "ls.h"
#include "show.h"

enum { GAP = 2 }; // blanks between columns

static bool is_continuation(char byte) // of a UTF-8 character
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static const char *mark(const struct ls *ls, const struct ls_item *item)
{
    switch (ls->marks ? item->status.type : OS_TYPE_FILE) {
    case OS_TYPE_DIRECTORY:
        return "/";
    case OS_TYPE_SYMLINK:
        return ls->details ? "" : "@";
    case OS_TYPE_PIPE:
        return "|";
    default:
        return "";
    }
}

static size_t columns_of(const struct ls *ls, const struct ls_item *item)
{
    size_t columns = strlen(mark(ls, item));
    for (const char *at = item->name; *at; at++)
        columns += !is_continuation(*at);
    return columns;
}

// What would move the cursor does not reach a terminal.
static int print_name(const struct ls *ls, const struct ls_item *item)
{
    char name[OS_NAME_MAX + 1];
    if (!ls->console || strlen(item->name) >= sizeof(name))
        return os_printf("%s%s", item->name, mark(ls, item));
    strlcpy(name, item->name, sizeof(name));
    for (char *at = name; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    }
    return os_printf("%s%s", name, mark(ls, item));
}

static void print_number(const struct ls *ls, const struct ls_item *item)
{
    if (ls->numbers)
        os_printf("%8llu ", (unsigned long long)item->status.number);
}

// ---- -l ---------------------------------------------------------------------------------
static int print_details(const struct ls *ls, const struct ls_item *item)
{
    char size[24], time[SHOW_TIME];
    if (ls->human)
        show_size(size, item->status.size);
    else
        snprintf(size, sizeof(size), "%llu", (unsigned long long)item->status.size);
    show_time(time, item->status.modified_ns);
    print_number(ls, item);
    os_printf("%c %3u %10s %16s ", show_type(item->status.type), (unsigned)item->status.links,
              size, time);
    print_name(ls, item);
    if (item->target)
        os_printf(" -> %s", item->target);
    return os_printf("\n") < 0;
}

// ---- Columns ----------------------------------------------------------------------------
// The width of column number `column` when each has `rows` names.
static size_t width_of(const struct ls *ls, struct ls_item **items, size_t count,
                       const size_t place[2])
{
    size_t width = 0, rows = place[0], first = place[1] * rows;
    for (size_t i = first; i < count && i < first + rows; i++) {
        size_t columns = columns_of(ls, items[i]);
        width = columns > width ? columns : width;
    }
    return width;
}

// As few rows as the screen's width allows; names go down, then right.
static size_t rows_for(const struct ls *ls, struct ls_item **items, size_t count,
                       unsigned screen)
{
    for (size_t rows = 1; rows < count; rows++) {
        size_t total = 0;
        for (size_t column = 0; column * rows < count && total <= screen + GAP; column++)
            total += width_of(ls, items, count, (const size_t[]){rows, column}) + GAP;
        if (total <= screen + GAP)
            return rows;
    }
    return count;
}

static int print_columns(const struct ls *ls, struct ls_item **items, size_t count)
{
    unsigned screen, screen_rows;
    os_console_size(&screen, &screen_rows);
    size_t rows = rows_for(ls, items, count, screen);
    int result = 0;
    for (size_t row = 0; row < rows && result >= 0; row++) {
        for (size_t i = row; i < count; i += rows) {
            size_t width = width_of(ls, items, count, (const size_t[]){rows, i / rows});
            size_t blanks = i + rows < count ? width + GAP - columns_of(ls, items[i]) : 0;
            print_name(ls, items[i]);
            os_printf("%*s", (int)blanks, "");
        }
        result = os_printf("\n");
    }
    return result < 0;
}

int ls_print(const struct ls *ls, struct ls_item **items, size_t count)
{
    if (ls->console && !ls->details && !ls->one_per_line && !ls->numbers)
        return count > 0 ? print_columns(ls, items, count) : 0;
    for (size_t i = 0; i < count; i++) {
        if (ls->details) {
            if (print_details(ls, items[i]))
                return 1;
            continue;
        }
        print_number(ls, items[i]);
        if (print_name(ls, items[i]) < 0 || os_printf("\n") < 0)
            return 1;
    }
    return 0;
}
