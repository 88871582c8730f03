// SPDX-License-Identifier: MIT
//
// os.h: waiting for several handles at once.
//
// All are asked. When none is ready, all are looked at until one changes, and then all are
// asked again: right for a few, and os_watch.c's for many.
// Chapter 25.
#include "error.h"
#include "file.h"
#include "heap.h"
#include "poll.h"
#include "process.h"
#include "user/os.h"
#include "wait.h"

enum { FEW = 8 }; // so many looks fit on the stack

struct poller {
    bool changed; // something has, since all were asked
    struct wait_queue waiting;
};

struct poller_look {
    struct poll_look look;
    struct poller *poller;
};

static void wake(struct poll_look *look)
{
    struct poller *poller = container_of(look, struct poller_look, look)->poller;
    poller->changed = true;
    wait_queue_wake_all(&poller->waiting, 0);
}

// What holds of it now, of the bits that its owner wants to hear of. A file that never keeps
// anybody waiting leaves *source as it is.
static unsigned ask(const struct os_poll *poll, struct poll_source **source)
{
    if (poll->handle == -1)
        return 0;
    struct file *file = file_table_find(&process_current()->files, poll->handle);
    if (!file)
        return OS_POLL_ERROR;
    return file_poll(file, source) & poll_told(poll->wanted);
}

// How many are ready.
static int ask_all(struct os_poll *polls, unsigned count)
{
    int ready = 0;
    for (unsigned i = 0; i < count; i++) {
        struct poll_source *source;
        polls[i].ready = ask(&polls[i], &source);
        ready += polls[i].ready != 0;
    }
    return ready;
}

// Waits until one changes. The looks must not outlive the call.
static int wait_for_change(struct poller *poller, struct poller_look *looks,
                           const struct os_poll *polls, unsigned count, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "any of several files", .external = true};
    for (unsigned i = 0; i < count; i++) {
        struct poll_source *source = NULL;
        ask(&polls[i], &source);
        looks[i] = (struct poller_look){.look.changed = wake, .poller = poller};
        list_init(&looks[i].look.link);
        if (source)
            poll_look_at(source, &looks[i].look);
    }
    poller->changed = false;
    int error = wait_queue_wait(&poller->waiting, &reason, deadline_ns);
    for (unsigned i = 0; i < count; i++)
        list_remove(&looks[i].look.link);
    return error;
}

// A handle that another thread closes meanwhile changes, and is then found not to be open.
static int poll_all(struct os_poll *polls, unsigned count, uint64_t deadline_ns)
{
    int ready = ask_all(polls, count);
    if (ready > 0 || deadline_ns == 0)
        return ready;
    struct poller_look few[FEW], *looks = few;
    if (count > FEW)
        looks = heap_alloc(count * sizeof(*looks));
    if (!looks)
        return -ENOMEM;
    struct poller poller;
    wait_queue_init(&poller.waiting);
    int error = 0;
    while (ready == 0 && !error) {
        error = wait_for_change(&poller, looks, polls, count, deadline_ns);
        ready = ask_all(polls, count);
    }
    if (looks != few)
        heap_free(looks);
    return error && error != -ETIMEDOUT ? error : ready;
}

int os_poll(struct os_poll *polls, unsigned count, uint64_t deadline_ns)
{
    return process_leave(poll_all(polls, count, deadline_ns));
}
