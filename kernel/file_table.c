// SPDX-License-Identifier: MIT
//
// The table of a program's handles: small numbers for open files.
//
//   file_table_add(table, file)        the lowest free handle
//   file_table_find(table, handle)     its file, or NULL
//
// The array of files doubles when it is full, so a program with three handles has room for a
// few. Which handle is the lowest free one is asked of two levels of bits: one for each
// handle that is taken, and one for each 64 of them that all are. With 65536 handles that is
// at most 16 words to look at, and two bits to find. And where handles come and go one by one,
// the lowest is right behind those that are known to be taken.
// Chapter 13.
#include "error.h"
#include "file.h"
#include "heap.h"
#include "string.h"

enum { WORD_BITS = 64, ROOM_MIN = 16, FULL_WORDS = FILE_HANDLES_MAX / WORD_BITS / WORD_BITS };

// The number of the lowest bit that is 0; one is. Halves what is left, six times.
static unsigned lowest_clear(uint64_t word)
{
    unsigned bit = 0;
    for (unsigned half = WORD_BITS / 2; half > 0; half /= 2) {
        uint64_t low = ((uint64_t)1 << half) - 1;
        if ((word & low) == low) {
            word >>= half;
            bit += half;
        }
    }
    return bit;
}

// FILE_HANDLES_MAX when there is none. It may lie right behind the table's room.
static unsigned lowest_free(const struct file_table *table)
{
    for (unsigned i = 0; i < FULL_WORDS; i++) {
        if (table->full[i] == UINT64_MAX)
            continue;
        unsigned word = i * WORD_BITS + lowest_clear(table->full[i]);
        unsigned handle = word * WORD_BITS;
        return handle < table->room ? handle + lowest_clear(table->taken[word]) : handle;
    }
    return FILE_HANDLES_MAX;
}

// Twice the room, in one piece of memory: the files, and the bits behind them.
static int grow(struct file_table *table)
{
    unsigned room = table->room > 0 ? 2 * table->room : ROOM_MIN;
    unsigned words = (room + WORD_BITS - 1) / WORD_BITS;
    struct file **files = heap_alloc(room * sizeof(*files) + words * sizeof(*table->taken));
    if (!files)
        return -ENOMEM;
    uint64_t *taken = (uint64_t *)(files + room);
    if (table->room > 0) {
        unsigned old_words = (table->room + WORD_BITS - 1) / WORD_BITS;
        memcpy(files, table->files, table->room * sizeof(*files));
        memcpy(taken, table->taken, old_words * sizeof(*taken));
    }
    heap_free(table->files);
    table->files = files;
    table->taken = taken;
    table->room = room;
    return 0;
}

// The lowest free handle, with room for a file; or an error.
static int find_place(struct file_table *table)
{
    unsigned handle = table->full_below;
    if (handle >= table->room || table->files[handle])
        handle = lowest_free(table);
    if (handle == FILE_HANDLES_MAX)
        return -EMFILE;
    int error = handle >= table->room ? grow(table) : 0;
    return error ? error : (int)handle;
}

int file_table_reserve(struct file_table *table)
{
    int place = find_place(table);
    return place < 0 ? place : 0;
}

int file_table_add(struct file_table *table, struct file *file)
{
    int handle = find_place(table);
    if (handle < 0) {
        file_put(file);
        return handle;
    }
    unsigned word = (unsigned)handle / WORD_BITS;
    table->files[handle] = file;
    table->full_below = (unsigned)handle + 1;
    table->taken[word] |= (uint64_t)1 << handle % WORD_BITS;
    if (table->taken[word] == UINT64_MAX)
        table->full[word / WORD_BITS] |= (uint64_t)1 << word % WORD_BITS;
    file->handles++;
    file->is_closed = false;
    return handle;
}

// Who waits for the file in another thread has a reference, and is told.
int file_table_close(struct file_table *table, int handle)
{
    struct file *file = file_table_find(table, handle);
    if (!file)
        return -EBADF;
    unsigned word = (unsigned)handle / WORD_BITS;
    table->files[handle] = NULL;
    if ((unsigned)handle < table->full_below)
        table->full_below = (unsigned)handle;
    table->taken[word] &= ~((uint64_t)1 << handle % WORD_BITS);
    table->full[word / WORD_BITS] &= ~((uint64_t)1 << word % WORD_BITS);
    file->handles--;
    file->is_closed = file->handles == 0;
    if (file->is_closed && file->references > 1 && file->operations->closed)
        file->operations->closed(file);
    file_put(file);
    return 0;
}

// Closing may sleep, and somebody look at the table meanwhile: its memory goes last.
void file_table_close_all(struct file_table *table)
{
    for (unsigned handle = 0; handle < table->room; handle++)
        file_table_close(table, (int)handle);
    heap_free(table->files);
    *table = (struct file_table){0};
}
