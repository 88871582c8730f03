// SPDX-License-Identifier: MIT
//
// Polling: waiting for any of several files.
//
//   struct poll_source           in whatever can be ready: a socket, a pipe, the console
//   poll_changed(source)         it may be ready now, or no longer: never sleeps
//   file_poll(file, &source)     whether it is, and where to look for changes (file.h)
//
// A source keeps a list of those who look at it, and tells each when it changes. What they
// make of that is theirs: os_poll.c wakes a thread, os_watch.c puts the one that changed on a
// list of those to be asked, so that a waiter for ten thousand pays for the few.
// Chapter 25.
#pragma once

#include "list.h"
#include "user/os_net.h"

struct poll_source {
    struct list looks; // struct poll_look, by their `link`
};

// What a waiter has on each source that it looks at.
struct poll_look {
    struct list link; // on the source's list; on none when the source has gone
    void (*changed)(struct poll_look *look); // between threads, too: must not sleep
};

static inline void poll_source_init(struct poll_source *source)
{
    list_init(&source->looks);
}

static inline void poll_look_at(struct poll_source *source, struct poll_look *look)
{
    list_append(&source->looks, &look->link);
}

// Cheap when nobody looks, as it is most often.
static inline void poll_changed(struct poll_source *source)
{
    list_for_each(struct poll_look, look, &source->looks, link)
        look->changed(look);
}

// Which bits a waiter hears of who wants these. The end lasts: who only waits to write to the
// other side would not get any sleep.
static inline unsigned poll_told(unsigned wanted)
{
    return wanted | OS_POLL_ERROR | (wanted & OS_POLL_READ ? OS_POLL_END : 0);
}

// The source goes: nobody looks at it any more, and all are told.
static inline void poll_source_end(struct poll_source *source)
{
    struct list *link;
    while ((link = list_take_first(&source->looks))) {
        struct poll_look *look = container_of(link, struct poll_look, link);
        look->changed(look);
    }
}
