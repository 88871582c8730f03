// SPDX-License-Identifier: MIT
//
// httpd: a directory as a page. See httpd.h.
//
// All names are read and sorted at once; what each is like is asked when its line is made, and
// lines are made as fast as they are sent.
// Chapter 25.
#include "httpd.h"
#include "string_list.h"

enum {
    LINE_MAX = 6 * OS_NAME_MAX + 3 * OS_NAME_MAX + 128, // a name that is all '"', twice
    CHUNK_HEAD = 6,                                     // "fff\r\n"
};

enum state { BEGINNING, LINES, END, DONE };

struct listing {
    struct string_list names; // those of directories with a slash
    size_t next;
    size_t root; // of the path, is not shown
    enum state state;
    bool is_chunked;
    char path[OS_PATH_MAX]; // with room for a name
};

// ---- Names -------------------------------------------------------------------------------
static int by_name(const char *a, const char *b)
{
    return strcmp(a, b);
}

// Sinks the item at `at` into the heap of `count` items.
static void sink(char **items, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && by_name(items[child], items[child + 1]) < 0)
            child++;
        if (by_name(items[at], items[child]) >= 0)
            return;
        char *item = items[at];
        items[at] = items[child];
        items[child] = item;
    }
}

static void sort(char **items, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(items, count, at);
    while (count > 1) {
        char *last = items[--count];
        items[count] = items[0];
        items[0] = last;
        sink(items, count, 0);
    }
}

static int read_names(struct listing *listing)
{
    struct os_entry entry;
    int handle = os_open(listing->path, OS_READ_ONLY | OS_DIRECTORY), error;
    if (handle < 0)
        return handle;
    while ((error = os_read_directory(handle, &entry)) > 0) {
        const char *behind = entry.type == OS_TYPE_DIRECTORY ? "/" : "";
        error = string_list_add(&listing->names, entry.name, behind);
        if (error)
            break;
    }
    os_close(handle);
    sort(listing->names.items, listing->names.count);
    return error;
}

int listing_open(const char *path, size_t root, bool is_chunked, struct listing **result)
{
    struct listing *listing = os_alloc(sizeof(*listing));
    if (!listing)
        return -ENOMEM;
    strlcpy(listing->path, path, sizeof(listing->path));
    listing->root = root;
    listing->is_chunked = is_chunked;
    int error = read_names(listing);
    if (error)
        listing_close(listing);
    else
        *result = listing;
    return error;
}

void listing_close(struct listing *listing)
{
    string_list_free(&listing->names);
    os_free(listing);
}

// ---- Text --------------------------------------------------------------------------------
// As a link: what has a meaning there is written as %XX (RFC 3986, 2). The "./" keeps a name
// with a colon from being taken for a scheme.
static void add_link(struct answer *answer, const char *name)
{
    answer_add_string(answer, "./");
    for (; *name; name++) {
        unsigned char byte = (unsigned char)*name;
        bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= 'a' && byte <= 'z') || strchr("-._~/", byte);
        if (is_plain)
            answer_add(answer, name, 1);
        else
            answer_print(answer, "%%%02X", byte);
    }
}

static void add_shown(struct answer *answer, const char *text)
{
    for (; *text; text++) {
        const char *shown = strchr("&<>\"", *text);
        if (shown)
            answer_print(answer, "&#%d;", *text);
        else
            answer_add(answer, text, 1);
    }
}

// "2026-11-22 08:10        600"
static void add_details(struct listing *listing, struct answer *answer, const char *name)
{
    struct os_status status;
    struct os_date date;
    size_t end = strlen(listing->path);
    strlcpy(listing->path + end, name, sizeof(listing->path) - end);
    int error = os_stat(listing->path, &status);
    listing->path[end] = '\0';
    if (error)
        return; // it has gone meanwhile, or leads nowhere
    os_date(status.modified_ns / 1000000000, &date);
    answer_print(answer, "<td>%04d-%02d-%02d %02d:%02d", date.year, date.month, date.day,
                 date.hour, date.minute);
    if (status.type == OS_TYPE_FILE)
        answer_print(answer, "<td>%llu", (unsigned long long)status.size);
}

static void add_line(struct listing *listing, struct answer *answer, const char *name)
{
    answer_add_string(answer, "<tr><td><a href=\"");
    add_link(answer, name);
    answer_add_string(answer, "\">");
    add_shown(answer, name);
    answer_add_string(answer, "</a>");
    add_details(listing, answer, name);
    answer_add_string(answer, "\n");
}

static void add_beginning(struct listing *listing, struct answer *answer)
{
    const char *path = listing->path + listing->root;
    bool is_long = strlen(path) > OS_NAME_MAX;
    answer_add_string(answer, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    add_shown(answer, is_long ? "..." : path);
    answer_add_string(answer, "</title>\n<h1>");
    add_shown(answer, is_long ? "..." : path);
    answer_add_string(answer, "</h1>\n<table cellpadding=\"4\">\n");
    if (strcmp(path, "/") != 0)
        answer_add_string(answer, "<tr><td><a href=\"../\">../</a>\n");
}

// As much as there is room for, and at least one line.
static void add_lines(struct listing *listing, struct answer *answer)
{
    while (listing->next < listing->names.count &&
           answer->size + LINE_MAX < sizeof(answer->text))
        add_line(listing, answer, listing->names.items[listing->next++]);
    if (listing->next == listing->names.count)
        listing->state = END;
}

static void add_piece(struct listing *listing, struct answer *answer)
{
    switch (listing->state) {
    case BEGINNING:
        add_beginning(listing, answer);
        listing->state = LINES;
        break;
    case LINES:
        add_lines(listing, answer);
        break;
    default:
        answer_add_string(answer, "</table>\n</html>\n");
        listing->state = DONE;
    }
}

// The size of a chunk is written before it, in as many digits as there is room for.
bool listing_next(struct listing *listing, struct answer *answer)
{
    char head[CHUNK_HEAD];
    if (listing->state == DONE)
        return false;
    answer->size = listing->is_chunked ? CHUNK_HEAD - 1 : 0;
    add_piece(listing, answer);
    if (listing->is_chunked) {
        snprintf(head, sizeof(head), "%03x\r\n", (unsigned)(answer->size - (CHUNK_HEAD - 1)));
        memcpy(answer->text, head, CHUNK_HEAD - 1);
        answer_add_string(answer, listing->state == DONE ? "\r\n0\r\n\r\n" : "\r\n");
    }
    return true;
}
