// SPDX-License-Identifier: MIT
//
// Polling: waiting for any of several files.
//
//   struct poll_source                  in whatever can be ready: a socket, a pipe, the console
//   poll_changed(source)                it may be ready now, or no longer: never sleeps
//   os_poll(), os_watch*() (os_net.h)   sit on it
//
// A source keeps the list of those who look at it. When it changes, each is put on the list of
// its waiter; only those are asked whether they are ready, so that a waiter for ten thousand
// pays for the few that changed. Chapter 25.
#pragma once

#include <stdbool.h>

#include "list.h"

struct file;

struct poll_source {
    struct list lookers; // struct poll_look, by their `link`
};

// What a waiter has on each source that it looks at.
struct poll_look {
    struct list link;    // on the source's list
    struct list changed; // on the waiter's list of those to be asked
    struct poll_waiter *waiter;
    struct poll_source *source;
};

static inline void poll_source_init(struct poll_source *source)
{
    list_init(&source->lookers);
}
void poll_changed_slowly(struct poll_source *source);
// Cheap when nobody looks.
static inline void poll_changed(struct poll_source *source)
{
    if (!list_is_empty(&source->lookers))
        poll_changed_slowly(source);
}
// The source goes: nobody looks at it any more.
void poll_source_end(struct poll_source *source);
