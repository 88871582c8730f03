// SPDX-License-Identifier: MIT
//
// os.h: waiting for thousands of handles, at the cost of those that are ready.
//
// A watch is a file that looks at others. What has changed stands on its list of those to be
// asked, and only they are. One that is found ready is told to the program and goes to the
// end of that list: it is asked again next time, and told again as long as it is ready. One
// that is not leaves the list until it changes.
//
// Nothing here holds a file. A handle that was closed is found out when it is asked: its
// source has gone, or the number now stands for another file.
// Chapter 25.
#include "error.h"
#include "file.h"
#include "heap.h"
#include "poll.h"
#include "process.h"
#include "user/os.h"
#include "wait.h"

struct watch {
    struct file file;
    int owner;           // the process whose handles these are
    struct list all;     // struct watched
    struct list changed; // those to be asked
    struct wait_queue waiters;
    struct poll_source source; // who looks at the watch itself
};

struct watched {
    struct poll_look look;
    struct list all, changed;
    struct watch *watch;
    struct file *file; // what the handle stood for; may be gone when look.link is on no list
    int handle;
    unsigned wanted;
    void *context;
};

// ---- Those to be asked ------------------------------------------------------------------
static void mark(struct watched *watched)
{
    struct watch *watch = watched->watch;
    if (!list_is_empty(&watched->changed))
        return; // is to be asked already
    list_append(&watch->changed, &watched->changed);
    wait_queue_wake_all(&watch->waiters, 0);
    poll_changed(&watch->source);
}

static void mark_changed(struct poll_look *look)
{
    mark(container_of(look, struct watched, look));
}

static void drop(struct watched *watched)
{
    list_remove(&watched->look.link);
    list_remove(&watched->changed);
    list_remove(&watched->all);
    heap_free(watched);
}

// Whether the handle stands for something else now, or for nothing.
static bool has_left(const struct watched *watched, const struct file_table *table)
{
    return list_is_empty(&watched->look.link) ||
           file_table_find(table, watched->handle) != watched->file;
}

// Asks one that has changed; it leaves the list. What holds of what is wanted.
static unsigned ask(struct watched *watched, const struct file_table *table)
{
    struct poll_source *source;
    if (has_left(watched, table)) {
        drop(watched);
        return 0;
    }
    return file_poll(watched->file, &source) & poll_told(watched->wanted);
}

// Each is asked at most once, until there are `count` events. How many there are.
static int collect(struct watch *watch, struct os_event *events, unsigned count)
{
    const struct file_table *table = &process_current()->files;
    struct list ready, *link;
    unsigned found = 0;
    list_init(&ready);
    while (found < count && (link = list_take_first(&watch->changed))) {
        struct watched *watched = container_of(link, struct watched, changed);
        unsigned bits = ask(watched, table);
        if (!bits)
            continue;
        events[found++] = (struct os_event){.context = watched->context, .ready = bits};
        list_append(&ready, link);
    }
    while ((link = list_take_first(&ready)))
        list_append(&watch->changed, link);
    return (int)found;
}

// ---- As a file --------------------------------------------------------------------------
// There is no telling without asking, and the handles may be another process's.
static unsigned poll_watch(struct file *file, struct poll_source **source)
{
    struct watch *watch = container_of(file, struct watch, file);
    *source = &watch->source;
    return list_is_empty(&watch->changed) ? 0 : OS_POLL_READ;
}

static void close_watch(struct file *file)
{
    wait_queue_wake_all(&container_of(file, struct watch, file)->waiters, -EBADF);
}

static void release_watch(struct file *file)
{
    struct watch *watch = container_of(file, struct watch, file);
    poll_source_end(&watch->source);
    while (!list_is_empty(&watch->all))
        drop(container_of(watch->all.next, struct watched, all));
    heap_free(watch);
}

static const struct file_operations watch_operations = {
    .kind = "watch",
    .release = release_watch,
    .closed = close_watch,
    .poll = poll_watch,
};

// -EINVAL: it is none, or another process's, whose handles are not ours.
static int find_watch(int handle, struct watch **watch)
{
    struct process *process = process_current();
    struct file *file = file_table_find(&process->files, handle);
    if (!file)
        return -EBADF;
    *watch = container_of(file, struct watch, file);
    if (file->operations != &watch_operations || (*watch)->owner != process->id)
        return -EINVAL;
    return 0;
}

// ---- What programs call -----------------------------------------------------------------
int os_watch_create(void)
{
    struct process *process = process_current();
    struct watch *watch = heap_alloc(sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    file_init(&watch->file, &watch_operations);
    watch->owner = process->id;
    list_init(&watch->all);
    list_init(&watch->changed);
    wait_queue_init(&watch->waiters);
    poll_source_init(&watch->source);
    return file_table_add(&process->files, &watch->file);
}

// What the watch has on this handle of the source, or NULL.
static struct watched *find(struct watch *watch, struct poll_source *source, int handle)
{
    list_for_each(struct poll_look, look, &source->looks, link) {
        struct watched *watched = container_of(look, struct watched, look);
        if (look->changed == mark_changed && watched->watch == watch &&
            watched->handle == handle)
            return watched;
    }
    return NULL;
}

static struct watched *create(struct watch *watch, struct poll_source *source,
                              struct file *file)
{
    struct watched *watched = heap_alloc(sizeof(*watched));
    if (!watched)
        return NULL;
    watched->look.changed = mark_changed;
    watched->watch = watch;
    watched->file = file;
    poll_look_at(source, &watched->look);
    list_append(&watch->all, &watched->all);
    list_init(&watched->changed);
    return watched;
}

// It may be ready already, so it is asked next.
int os_watch(int watch_handle, int handle, unsigned wanted, void *context)
{
    struct watch *watch;
    int error = find_watch(watch_handle, &watch);
    if (error)
        return error;
    struct file *file = file_table_find(&process_current()->files, handle);
    if (!file)
        return wanted ? -EBADF : 0;
    struct poll_source *source = NULL;
    file_poll(file, &source);
    if (!source || file->operations == &watch_operations)
        return -EPERM;
    struct watched *watched = find(watch, source, handle);
    if (!wanted) {
        if (watched)
            drop(watched);
        return 0;
    }
    if (!watched)
        watched = create(watch, source, file);
    if (!watched)
        return -ENOMEM;
    watched->handle = handle;
    watched->wanted = wanted;
    watched->context = context;
    mark(watched);
    return 0;
}

// A reference of our own: another thread may close the watch meanwhile.
static int wait_for_events(struct watch *watch, struct os_event *events, unsigned count,
                           uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "any of many files", .external = true};
    int error = 0, found;
    file_get(&watch->file);
    while ((found = collect(watch, events, count)) == 0 && !error) {
        if (deadline_ns == 0)
            break;
        error = wait_queue_wait(&watch->waiters, &reason, deadline_ns);
    }
    file_put(&watch->file);
    return found == 0 && error != -ETIMEDOUT ? error : found;
}

int os_watch_wait(int handle, struct os_event *events, unsigned count, uint64_t deadline_ns)
{
    struct watch *watch;
    int result = count == 0 ? -EINVAL : find_watch(handle, &watch);
    if (!result)
        result = wait_for_events(watch, events, count, deadline_ns);
    return process_leave(result);
}
