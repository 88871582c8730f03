// SPDX-License-Identifier: MIT
//
// Programs: they start, end, are ended, and leave nothing behind, also when memory runs
// out.
#include "boot/board.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "process.h"
#include "stack.h"
#include "string.h"
#include "terminal.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"
#include "user/os.h"

enum { MS = 1000000 };

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    terminal_init();
    process_init();
    machine_interrupts_enable();
}

struct totals {
    size_t pages, allocations;
    size_t threads;
};

static struct totals count(void)
{
    struct page_statistics pages;
    struct heap_statistics heap;
    thread_yield(); // what has just ended is released by whoever runs next
    stack_cache_drop();
    page_statistics(&pages);
    heap_statistics(&heap);
    return (struct totals){pages.free + heap.pages, heap.allocations, thread_count()};
}

static bool same(struct totals before)
{
    struct totals now = count();
    return now.pages == before.pages && now.allocations == before.allocations &&
           now.threads == before.threads;
}

// Starts a program that is not in the table.
static int start(int (*main)(int, char **), bool background)
{
    static struct program program = {.name = "test"};
    static char name[] = "test";
    char *const argv[] = {name, NULL};
    struct file *null = file_null();
    struct file *const files[3] = {null, null, null};
    program.main = main;
    int id = process_start(&program, argv, files, background);
    file_put(null);
    return id;
}

static int wait_for(int id)
{
    int status = -1;
    int error = process_wait(id, &status, timer_deadline_after(5000ull * MS));
    return error ? error : status;
}

// ---- Programs that own everything there is to own ---------------------------------------
_Noreturn static void sleep_forever(void)
{
    for (;;)
        os_sleep_ns(1000000000);
}

static int hold(void *mutex)
{
    os_mutex_lock(mutex, OS_NEVER);
    sleep_forever();
}

static int own_things(void)
{
    int ends[2];
    struct os_mutex *mutex = os_mutex_create("mutex");
    for (int i = 0; i < 20; i++)
        os_alloc(100 + (size_t)i * 300);
    os_resize(os_alloc(10), 5000);
    os_pipe(ends);
    os_semaphore_create("semaphore", 1);
    os_channel_create("channel", 8, 8);
    os_thread_create("one", hold, mutex);
    os_thread_create("two", hold, mutex);
    os_yield();
    return 7;
}

static int returns_main(int argc, char **argv)
{
    return own_things();
}

static int exits_main(int argc, char **argv)
{
    own_things();
    os_exit(8);
}

static int exit_from_thread(void *unused)
{
    os_exit(9);
}

static int thread_exits_main(int argc, char **argv)
{
    own_things();
    os_thread_create("ends it", exit_from_thread, NULL);
    sleep_forever();
}

static int waits_main(int argc, char **argv)
{
    own_things();
    sleep_forever();
}

static int spins_main(int argc, char **argv)
{
    while (os_write(OS_OUTPUT, "y", 1) == 1)
        ;
    return 1;
}

static void an_end_takes_everything_back(void)
{
    struct totals before = count();
    CHECK_EQUAL(wait_for(start(returns_main, true)), 7);
    CHECK(same(before));
    CHECK_EQUAL(wait_for(start(exits_main, true)), 8);
    CHECK(same(before));
    CHECK_EQUAL(wait_for(start(thread_exits_main, true)), 9);
    CHECK(same(before));
}

static void control_c_reaches_the_foreground(void)
{
    struct totals before = count();
    int back = start(waits_main, true), front = start(waits_main, false);
    thread_yield();
    CHECK(process_interrupt_foreground());
    CHECK_EQUAL(wait_for(front), OS_INTERRUPTED);
    CHECK(!process_interrupt_foreground());
    CHECK_EQUAL(process_wait(back, NULL, 0), -ETIMEDOUT);
    CHECK_EQUAL(os_kill(back), -EPERM); // the kernel's own child
    process_interrupt(process_next(process_next(NULL)));
    CHECK_EQUAL(wait_for(back), OS_INTERRUPTED);
    CHECK(same(before));
}

// Between any two writes: nothing is held there.
static void what_never_waits_can_be_ended(void)
{
    int id = start(spins_main, false);
    timer_sleep(2 * MS);
    CHECK(process_interrupt_foreground());
    CHECK_EQUAL(wait_for(id), OS_INTERRUPTED);
}

static int parent_main(int argc, char **argv)
{
    static char name[] = "sleep", long_time[] = "1000";
    char *const child[] = {name, long_time, NULL};
    static const int nothing[3] = {-1, -1, -1};
    return os_run(child, nothing, false) < 0;
}

static void children_do_not_outlive_the_foreground(void)
{
    struct totals before = count();
    CHECK_EQUAL(wait_for(start(parent_main, true)), 0);
    timer_sleep(2 * MS);
    CHECK(same(before));
}

static void waiting_is_for_parents(void)
{
    CHECK_EQUAL(process_wait(1, NULL, 0), -ECHILD);
    CHECK_EQUAL(process_wait(12345, NULL, 0), -ECHILD);
    CHECK_EQUAL(os_kill(12345), -ESRCH);
    CHECK_EQUAL(os_kill(0), -ESRCH);
    CHECK_EQUAL(os_kill(-1), -ESRCH);
    CHECK_EQUAL(os_kill(1), -EPERM);
}

// ---- The shell as a whole ---------------------------------------------------------------
static char shown[4096]; // what the programs have written

static int show(struct file *file, const void *bytes, size_t size)
{
    size_t length = strlen(shown);
    size_t room = sizeof(shown) - 1 - length;
    memcpy(shown + length, bytes, size < room ? size : room);
    return (int)size;
}

// What `shell -c line` prints; its status goes to *status.
static const char *run(const char *line, int *status)
{
    static const struct file_operations screen = {.kind = "screen", .write = show};
    static struct file output = {.operations = &screen, .references = 1};
    static char name[] = "shell", option[] = "-c", text[8192];
    char *const argv[] = {name, option, text, NULL};
    struct file *const files[3] = {&output, &output, &output};
    strlcpy(text, line, sizeof(text));
    memset(shown, 0, sizeof(shown));
    int id = process_start(program_find(name), argv, files, true);
    *status = id < 0 ? id : wait_for(id);
    return shown;
}

static void lines_run(void)
{
    int status;
    CHECK_STRING(run("echo a 'b  c'; echo -n d | cat", &status), "a b  c\nd");
    CHECK_STRING(run("seq 2000 | cat | cat | cat | wc", &status), "2000 2000 8893\n");
    CHECK_STRING(run("yes | head -n 2", &status), "y\ny\n");
    CHECK_STRING(run("false; echo $?; true; echo $?", &status), "1\n0\n");
    CHECK_STRING(run("true && echo yes || echo no; false && echo yes || echo no", &status),
                 "yes\nno\n");
    CHECK_STRING(
        run("seq 3 2; seq 2 2 7; seq 18446744073709551614 18446744073709551615", &status),
        "2\n4\n6\n18446744073709551614\n18446744073709551615\n");
    CHECK_EQUAL(status, 0);
    CHECK_STRING(run("exit 5; echo not reached", &status), "");
    CHECK_EQUAL(status, 5);
    run("echo | nosuchprogram", &status);
    CHECK_EQUAL(status, 127);
    run("sleep x", &status);
    CHECK_EQUAL(status, 2);
}

static void a_line_that_makes_no_sense_runs_nothing(void)
{
    int status;
    CHECK_STRING(run("echo a; echo 'b", &status), "shell: no ' closes the one at column 14\n");
    CHECK_EQUAL(status, 2);
    CHECK_STRING(run("echo a; echo b |", &status),
                 "shell: a command is missing at column 17\n");
    CHECK_STRING(run("echo a &&", &status), "shell: a command is missing at column 10\n");
}

// ---- No memory --------------------------------------------------------------------------
static void *hoard_first;

// Takes all pages but `left`, linked through their first words.
static void hoard_pages(size_t left)
{
    struct page_statistics statistics;
    page_statistics(&statistics);
    while (statistics.free > left) {
        size_t count = statistics.largest_free < statistics.free - left
                           ? statistics.largest_free
                           : statistics.free - left;
        while (count & (count - 1))
            count &= count - 1; // runs of a power of two fit together without loss
        size_t *pages = page_alloc_dirty(count);
        if (!pages)
            break;
        pages[0] = (size_t)hoard_first;
        pages[1] = count;
        hoard_first = pages;
        page_statistics(&statistics);
    }
}

static void give_pages_back(void)
{
    while (hoard_first) {
        size_t *pages = hoard_first;
        hoard_first = (void *)pages[0];
        page_free(pages, pages[1]);
    }
}

// With every amount of memory from none to enough: an error at the prompt or success,
// and nothing lost.
static void no_memory_is_an_error_and_no_loss(void)
{
    struct totals before = count();
    int succeeded = 0;
    for (size_t left = 0; left < 240; left += 6) {
        int status;
        stack_cache_drop();
        hoard_pages(left);
        run("seq 10 | cat | wc; stress 1 5 | cat", &status);
        succeeded += status == 0;
        give_pages_back();
        CHECK(same(before));
    }
    CHECK(succeeded > 0 && succeeded < 40);
}

const struct test unit_tests[] = {
    {"an end takes everything back", an_end_takes_everything_back},
    {"Ctrl-C reaches the foreground", control_c_reaches_the_foreground},
    {"what never waits can be ended", what_never_waits_can_be_ended},
    {"children do not outlive the foreground", children_do_not_outlive_the_foreground},
    {"waiting is for parents", waiting_is_for_parents},
    {"lines run", lines_run},
    {"a line that makes no sense runs nothing", a_line_that_makes_no_sense_runs_nothing},
    {"no memory is an error and no loss", no_memory_is_an_error_and_no_loss},
    {0},
};
