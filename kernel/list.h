// SPDX-License-Identifier: MIT
//
// Doubly linked lists whose links live inside the things they link.
//
//   struct list queue;  list_init(&queue);  list_append(&queue, &thread->link);
//   list_for_each(struct thread, thread, &queue, link) { ... }
//
// A list is a ring through its head, so no operation has a special case, and a thing can
// leave a list without knowing which one it is on.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

#define container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_before(struct list *place, struct list *link)
{
    link->next = place;
    link->previous = place->previous;
    place->previous->next = link;
    place->previous = link;
}

static inline void list_append(struct list *list, struct list *link)
{
    list_insert_before(list, link);
}

static inline void list_prepend(struct list *list, struct list *link)
{
    list_insert_before(list->next, link);
}

// Takes the link out and leaves it as an empty list of its own, so that removing twice
// does no harm.
static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

// Takes out the first link, or returns NULL when the list is empty.
static inline struct list *list_take_first(struct list *list)
{
    struct list *first = list->next;
    if (first == list)
        return NULL;
    list_remove(first);
    return first;
}

// The body may not remove the current element: take from the front in a loop where
// elements leave.
#define list_for_each(type, element, list, member) \
    for (type *element = container_of((list)->next, type, member); &element->member != (list); \
         element = container_of(element->member.next, type, member))
