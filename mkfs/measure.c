// SPDX-License-Identifier: MIT
//
// How much a tree of the host will take, before anything of it is copied.
#include "copy.h"
#include "crc32c.h"
#include "error.h"
#include "fs/tsfs_format.h"
#include "heap.h"
#include "outside.h"
#include "string.h"
#include "tool.h"

static struct {
    struct place place;
    struct copy_count *count;
    struct linked_files linked;
} measure;

static int measure_any(const char *name);

static int complain(int error)
{
    tool_complain("%s: %s", measure.place.path, error_text(error));
    return error;
}

static uint64_t blocks_of(uint64_t bytes)
{
    return bytes / TSFS_BLOCK_SIZE + (bytes % TSFS_BLOCK_SIZE > 0);
}

static int measure_file(const struct outside_status *status)
{
    int file = outside_open(measure.place.path, OUTSIDE_READ), found;
    if (file < 0)
        return complain(file);
    uint64_t start, end = 0;
    while ((found = outside_next_data(file, end, &start, &end)) > 0)
        measure.count->blocks += blocks_of(end) - start / TSFS_BLOCK_SIZE;
    outside_close(file);
    measure.count->bytes += status->size;
    return found < 0 ? complain(found) : 0;
}

static int measure_folder(void)
{
    char **names;
    uint64_t size = 0;
    int count = outside_list(measure.place.path, &names), error = 0;
    if (count < 0)
        return complain(count);
    for (int i = 0; i < count && !error; i++) {
        size_t before;
        size += tsfs_name_size((unsigned)strlen(names[i]));
        error = place_enter(&measure.place, names[i], &before);
        error = error ? complain(error) : measure_any(names[i]);
        place_leave(&measure.place, before);
    }
    measure.count->blocks += blocks_of(size);
    outside_list_free(names, count);
    return error;
}

static void measure_link(const struct outside_status *status)
{
    if (status->size > TSFS_ROOT_ENTRIES * sizeof(struct tsfs_entry))
        measure.count->blocks += blocks_of(status->size);
}

static void digest(const void *bytes, size_t size)
{
    measure.count->digest = crc32c(measure.count->digest, bytes, size);
}

// 1: it is another name of a file that has been counted.
static int is_counted(const struct outside_status *status)
{
    if (status->names < 2 || status->type == OUTSIDE_FOLDER)
        return 0;
    if (linked_find(&measure.linked, status->device, status->number))
        return 1;
    return linked_add(&measure.linked, status->device, status->number, "");
}

static int measure_any(const char *name)
{
    struct outside_status status;
    int error = outside_status(measure.place.path, &status);
    if (error)
        return complain(error);
    digest(name, strlen(name) + 1);
    error = is_counted(&status);
    if (error)
        return error < 0 ? complain(error) : 0;

    measure.count->files++;
    if (status.modified_ns > measure.count->newest_ns)
        measure.count->newest_ns = status.modified_ns;
    if (status.type == OUTSIDE_FOLDER)
        return measure_folder();
    digest(&status.size, sizeof(status.size));
    if (status.type == OUTSIDE_LINK)
        measure_link(&status);
    return status.type == OUTSIDE_FILE ? measure_file(&status) : 0;
}

int copy_measure(const char *outside, struct copy_count *count)
{
    *count = (struct copy_count){0};
    measure.count = count;
    int error = place_set(&measure.place, outside);
    error = error ? complain(error) : measure_any("");
    linked_free(&measure.linked);
    return error;
}
