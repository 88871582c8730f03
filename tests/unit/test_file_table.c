// SPDX-License-Identifier: MIT
//
// The table of handles: always the lowest that is free, however many there are, and no
// memory stays behind.
#include "boot/board.h"
#include "error.h"
#include "file.h"
#include "heap.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

static struct file_table table;

void unit_setup(const struct boot_info *boot)
{
    unit_start_threads(boot);
}

static size_t allocations(void)
{
    struct heap_statistics statistics;
    heap_statistics(&statistics);
    return statistics.allocations;
}

static int add(void)
{
    return file_table_add(&table, file_null());
}

static void handles_are_the_lowest_that_are_free(void)
{
    size_t before = allocations();
    for (int handle = 0; handle < 200; handle++)
        CHECK_EQUAL(add(), handle);
    CHECK_EQUAL(file_table_close(&table, 130), 0);
    CHECK_EQUAL(file_table_close(&table, 7), 0);
    CHECK_EQUAL(file_table_close(&table, 7), -EBADF);
    CHECK(file_table_find(&table, 7) == NULL);
    CHECK_EQUAL(add(), 7);
    CHECK_EQUAL(add(), 130);
    CHECK_EQUAL(add(), 200);
    file_table_close_all(&table);
    CHECK_EQUAL(add(), 0);
    file_table_close_all(&table);
    CHECK_EQUAL(allocations(), before);
}

static void a_handle_that_is_none_is_not_found(void)
{
    static const int none[] = {-1, INT32_MIN, INT32_MAX, FILE_HANDLES_MAX, 1};
    CHECK(file_table_find(&table, 0) == NULL); // nothing has ever been added
    CHECK_EQUAL(add(), 0);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        CHECK(file_table_find(&table, none[i]) == NULL);
        CHECK_EQUAL(file_table_close(&table, none[i]), -EBADF);
    }
    file_table_close_all(&table);
}

static void there_are_so_many_and_no_more(void)
{
    struct file *null = file_null();
    for (int handle = 0; handle < FILE_HANDLES_MAX; handle++)
        CHECK_EQUAL(add(), handle);
    CHECK_EQUAL(add(), -EMFILE);
    CHECK_EQUAL(file_table_reserve(&table), -EMFILE);
    CHECK_EQUAL(file_table_close(&table, 54321), 0);
    CHECK_EQUAL(file_table_reserve(&table), 0);
    CHECK_EQUAL(add(), 54321);
    CHECK_EQUAL(null->handles, FILE_HANDLES_MAX);
    file_table_close_all(&table);
    CHECK_EQUAL(null->handles, 0);
    CHECK_EQUAL(null->references, 2); // its own and ours
    file_put(null);
}

enum { MODEL_HANDLES = 700, STEPS = 5000 };

// Against a plain array, in which the lowest is looked for.
static void random_handles_come_and_go(void)
{
    static bool taken[MODEL_HANDLES];
    uint64_t seed = machine_clock_ns() | 1, state = seed;
    print("seed %llu ", (unsigned long long)seed);
    memset(taken, 0, sizeof(taken));
    for (unsigned step = 0; step < STEPS; step++) {
        int handle = (int)(unit_random(&state) % MODEL_HANDLES);
        bool closes = unit_random(&state) % 4 == 0; // so that it fills up
        int lowest = 0;
        while (lowest < MODEL_HANDLES && taken[lowest])
            lowest++;
        if (closes || lowest == MODEL_HANDLES) {
            CHECK_EQUAL(file_table_close(&table, handle), taken[handle] ? 0 : -EBADF);
            taken[handle] = false;
        } else {
            CHECK_EQUAL(add(), lowest);
            taken[lowest] = true;
        }
    }
    file_table_close_all(&table);
}

// ---- The last handle --------------------------------------------------------------------
static unsigned closed, released;

static void count_closed(struct file *file)
{
    closed++;
}

static void count_released(struct file *file)
{
    released++;
}

static void waiters_hear_of_the_last_handle(void)
{
    static const struct file_operations operations = {
        .kind = "counted", .release = count_released, .closed = count_closed};
    static struct file file;
    file_init(&file, &operations);
    closed = released = 0;
    int first = file_table_add(&table, file_get(&file));
    int second = file_table_add(&table, file_get(&file));
    file_table_close(&table, first);
    CHECK_EQUAL(closed, 0);
    CHECK(!file.is_closed);
    file_table_close(&table, second);
    CHECK_EQUAL(closed, 1); // we are who waits
    CHECK(file.is_closed);
    CHECK_EQUAL(released, 0);
    file_put(&file);
    CHECK_EQUAL(released, 1);

    file_init(&file, &operations);
    file_table_close(&table, file_table_add(&table, &file));
    CHECK_EQUAL(closed, 1); // nobody is left who could wait
    CHECK_EQUAL(released, 2);
    file_table_close_all(&table);
}

const struct test unit_tests[] = {
    {"handles are the lowest that are free", handles_are_the_lowest_that_are_free},
    {"a handle that is none is not found", a_handle_that_is_none_is_not_found},
    {"there are so many and no more", there_are_so_many_and_no_more},
    {"random handles come and go", random_handles_come_and_go},
    {"waiters hear of the last handle", waiters_hear_of_the_last_handle},
    {0},
};
