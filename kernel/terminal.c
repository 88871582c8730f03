// SPDX-License-Identifier: MIT
//
// The terminal: keys from the console, queued, and made into lines.
//
//   terminal_init()                             receives keys from here on
//   terminal_read_line(prompt, text, size, helper)
//   terminal_read(buffer, size)                 lines, or keys in raw mode
//
// The queue has two ends that meet in receive(): the console calls it when keys have
// come, and readers when they have made room. A full queue leaves the rest in the
// device, which then holds back the sender: nothing that is pasted is lost, however
// slowly it is read. Chapter 13.
#include "terminal.h"

#include "console.h"
#include "error.h"
#include "heap.h"
#include "line.h"
#include "mutex.h"
#include "page.h"
#include "panic.h"
#include "poll.h"
#include "process.h"
#include "string.h"
#include "timer.h"
#include "user/os_files.h"
#include "user/os_net.h"
#include "wait.h"

enum { KEY_CTRL_C = 3, KEY_CTRL_D = 4, DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 };

static struct {
    char *queue;          // a ring of TERMINAL_QUEUE_SIZE bytes
    size_t first, count;  // where it starts, how many bytes there are
    bool held_back;       // the device was told not to send
    bool raw;             // keys as they come
    bool (*interrupt)(void);
    struct wait_queue readers; // wait for keys
    struct poll_source source; // who looks at the console as a file (chapter 25)
    struct mutex reading;      // one reader at a time
    struct line line;          // what is edited
    const char *paused;        // its text, while it waits for candidates; or NULL
    char *rest;                // of a line that terminal_read() gave only a part of, or NULL
    size_t rest_first, rest_count;
    struct timer poll;
    uint64_t poll_period_ns;
} terminal;

// ---- The queue --------------------------------------------------------------------------
static void drop_keys(size_t count)
{
    terminal.first = (terminal.first + count) % TERMINAL_QUEUE_SIZE;
    terminal.count -= count;
}

static char key_at(size_t i)
{
    return terminal.queue[(terminal.first + i) % TERMINAL_QUEUE_SIZE];
}

// Tells the device, once, to keep its bytes, or to send again.
static void hold_back(bool on)
{
    struct console_device *device = console_device();
    if (on == terminal.held_back || !device || !device->listen)
        return;
    terminal.held_back = on;
    device->listen(device, !on);
}

// Fills the free part of the ring, which may go around its end.
static void fill_queue(void)
{
    size_t count;
    do {
        size_t place = (terminal.first + terminal.count) % TERMINAL_QUEUE_SIZE;
        size_t room = TERMINAL_QUEUE_SIZE - terminal.count;
        if (room > TERMINAL_QUEUE_SIZE - place)
            room = TERMINAL_QUEUE_SIZE - place;
        count = room > 0 ? console_read(terminal.queue + place, room) : 0;
        terminal.count += count;
    } while (count > 0);
}

// The last Ctrl-C from the key number `from` on counts: with it goes what was typed
// before it.
static void look_for_interrupt(size_t from)
{
    size_t i = terminal.count;
    while (i > from && key_at(i - 1) != KEY_CTRL_C)
        i--;
    if (i == from || terminal.raw || !terminal.interrupt || !terminal.interrupt())
        return; // nobody to end: it is a key like others, and gives up the line
    drop_keys(i);
    console_write("^C\n", 3);
}

// Through all of it: what was a key like others may now be meant for a program.
void terminal_look_for_interrupt(void)
{
    look_for_interrupt(0);
}

// In scheduler context when keys may have come, and after a reader has made room.
static void receive(void)
{
    size_t known = terminal.count; // looked through before, and long when much was pasted
    fill_queue();
    look_for_interrupt(known);
    hold_back(terminal.count == TERMINAL_QUEUE_SIZE);
    if (terminal.count > 0 || console_has_ended()) {
        wait_queue_wake_all(&terminal.readers, 0);
        poll_changed(&terminal.source);
    }
}

// The reader has used these. A device that was held back goes on.
static void take_keys(size_t count)
{
    drop_keys(count);
    if (terminal.held_back) {
        hold_back(false);
        receive();
    }
}

// Sleeps until there are keys. Gives those in one piece. -ENXIO: none will ever come.
static int wait_for_keys(const char **keys, size_t *count)
{
    static const struct wait_reason reason = {.what = "key", .external = true};
    if (terminal.count == 0)
        receive(); // where the device cannot call us
    while (terminal.count == 0) {
        if (console_has_ended())
            return -ENXIO;
        int error = wait_queue_wait(&terminal.readers, &reason, MACHINE_NEVER);
        if (error)
            return error;
    }
    *keys = terminal.queue + terminal.first;
    *count = TERMINAL_QUEUE_SIZE - terminal.first;
    if (*count > terminal.count)
        *count = terminal.count;
    return 0;
}

// ---- Lines ------------------------------------------------------------------------------
static int edit_line(void)
{
    enum line_event event = LINE_MORE;
    while (event == LINE_MORE) {
        const char *keys;
        size_t count, used;
        int error = wait_for_keys(&keys, &count);
        if (error == -ENXIO && terminal.line.length > 0) {
            event = line_feed(&terminal.line, "\r", 1, &used); // the last line lacks one
            continue;
        }
        if (error)
            return error;
        event = line_feed(&terminal.line, keys, count, &used);
        take_keys(used);
    }
    if (event == LINE_TAB)
        return -EAGAIN;
    if (event == LINE_END)
        return -EPIPE;
    return event == LINE_DONE ? (int)terminal.line.length : -EINTR;
}

// A line that waits for candidates is neither done nor given up.
static int go_on(void)
{
    int result = edit_line();
    terminal.paused = result == -EAGAIN ? terminal.line.text : NULL;
    if (!terminal.paused)
        line_finish(&terminal.line);
    return result;
}

static int read_line(const char *prompt, char *text, size_t size,
                     const struct os_line_helper *helper)
{
    if (terminal.paused)
        line_finish(&terminal.line); // whoever typed it has not come back
    terminal.line.helper = helper;
    line_start(&terminal.line, prompt, text, size);
    return go_on();
}

int terminal_read_line(const char *prompt, char *line, size_t size,
                       const struct os_line_helper *helper)
{
    int error = mutex_lock(&terminal.reading, MACHINE_NEVER);
    if (error)
        return error;
    int result = read_line(prompt, line, size, helper);
    mutex_unlock(&terminal.reading);
    return result;
}

size_t terminal_line_cursor(void)
{
    return terminal.line.cursor;
}

int terminal_continue_line(const char *line, const struct os_candidates *candidates)
{
    int result = mutex_lock(&terminal.reading, MACHINE_NEVER);
    if (result)
        return result;
    if (terminal.paused == line) {
        line_complete(&terminal.line, candidates);
        result = go_on();
    } else {
        result = -EINTR; // another line was begun meanwhile
    }
    mutex_unlock(&terminal.reading);
    return result;
}

// ---- Reading as a file ------------------------------------------------------------------
static int read_keys(char *buffer, size_t size)
{
    const char *keys;
    size_t count;
    int error = wait_for_keys(&keys, &count);
    if (error)
        return error == -ENXIO ? 0 : error;
    if (count > size)
        count = size;
    memcpy(buffer, keys, count);
    take_keys(count);
    return (int)count;
}

// Has a line typed and keeps it, with its newline, for read_rest().
static int fetch_line(void)
{
    terminal.rest = heap_alloc(TERMINAL_LINE_SIZE + 1);
    if (!terminal.rest)
        return -ENOMEM;
    int length = read_line("", terminal.rest, TERMINAL_LINE_SIZE, NULL);
    if (length < 0) {
        heap_free(terminal.rest);
        terminal.rest = NULL;
        return length == -EPIPE || length == -ENXIO ? 0 : length;
    }
    terminal.rest[length] = '\n';
    terminal.rest_first = 0;
    terminal.rest_count = (size_t)length + 1;
    return length + 1;
}

// Gives a part of the line that was fetched.
static int read_rest(char *buffer, size_t size)
{
    size_t count = size < terminal.rest_count ? size : terminal.rest_count;
    memcpy(buffer, terminal.rest + terminal.rest_first, count);
    terminal.rest_first += count;
    terminal.rest_count -= count;
    if (terminal.rest_count == 0) {
        heap_free(terminal.rest);
        terminal.rest = NULL;
    }
    return (int)count;
}

// A line that is longer than `size` is given in several calls.
int terminal_read(void *buffer, size_t size)
{
    if (size == 0)
        return 0;
    int error = mutex_lock(&terminal.reading, MACHINE_NEVER);
    if (error)
        return error;
    int result = 1;
    if (terminal.raw) {
        result = read_keys(buffer, size);
    } else {
        if (!terminal.rest)
            result = fetch_line();
        if (result > 0)
            result = read_rest(buffer, size);
    }
    mutex_unlock(&terminal.reading);
    if (terminal.rest)
        poll_changed(&terminal.source);
    return result;
}

// Whether a line has been typed to its end: only then reading one would not wait.
static bool has_line(void)
{
    for (size_t i = 0; i < terminal.count; i++) {
        char key = key_at(i);
        if (key == '\r' || key == '\n' || key == KEY_CTRL_C || key == KEY_CTRL_D)
            return true;
    }
    return terminal.rest || terminal.count == TERMINAL_QUEUE_SIZE;
}

static unsigned file_poll_terminal(struct file *which, struct poll_source **source)
{
    *source = &terminal.source;
    if (console_has_ended())
        return OS_POLL_WRITE | OS_POLL_READ | (terminal.count == 0 ? OS_POLL_END : 0);
    bool is_ready = terminal.raw ? terminal.count > 0 : has_line();
    return OS_POLL_WRITE | (is_ready ? OS_POLL_READ : 0);
}

static int file_read_terminal(struct file *file, void *buffer, size_t size)
{
    return terminal_read(buffer, size);
}

// Lets others run: otherwise who writes without end would keep the machine for itself.
static int file_write_terminal(struct file *file, const void *bytes, size_t size)
{
    console_write(bytes, size);
    thread_yield();
    return (int)size;
}

static int file_status_terminal(struct file *which, struct os_status *status)
{
    *status = (struct os_status){.type = OS_TYPE_DEVICE, .links = 1};
    return 0;
}

static const struct file_operations terminal_operations = {
    .kind = "console",
    .read = file_read_terminal,
    .write = file_write_terminal,
    .status = file_status_terminal,
    .poll = file_poll_terminal,
};

static struct file file = {.operations = &terminal_operations, .references = 1};

struct file *terminal_file(void)
{
    return file_get(&file);
}

bool terminal_is_file(const struct file *which)
{
    return which == &file;
}

// ---- Setting up -------------------------------------------------------------------------
void terminal_init(void)
{
    static const struct process_terminal for_processes = {
        terminal_file, terminal_set_interrupt, terminal_look_for_interrupt, terminal_set_raw};
    terminal.queue = page_alloc_dirty(TERMINAL_QUEUE_SIZE / PAGE_SIZE);
    if (!terminal.queue)
        panic("no memory for the keyboard's queue: the machine needs more than it was given");
    wait_queue_init(&terminal.readers);
    poll_source_init(&terminal.source);
    mutex_init(&terminal.reading, "console");
    terminal.line.write = console_write;
    terminal.line.columns = DEFAULT_COLUMNS;
    terminal.line.rows = DEFAULT_ROWS;
    console_set_receiver(receive);
    terminal.held_back = true; // devices are silent until somebody listens
    receive();
    process_set_terminal(&for_processes);
}

// For ever: the next look is started by this one.
static void poll_expired(struct timer *timer)
{
    receive();
    timer_start(timer, timer_deadline_after(terminal.poll_period_ns), poll_expired);
}

void terminal_poll_every(uint64_t period_ns)
{
    terminal.poll_period_ns = period_ns;
    timer_start(&terminal.poll, timer_deadline_after(period_ns), poll_expired);
}

void terminal_set_interrupt(bool (*interrupt)(void))
{
    terminal.interrupt = interrupt;
}

void terminal_set_raw(bool raw)
{
    terminal.raw = raw;
    poll_changed(&terminal.source);
}

void terminal_size(unsigned *columns, unsigned *rows)
{
    *columns = terminal.line.columns;
    *rows = terminal.line.rows;
}
