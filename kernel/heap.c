// SPDX-License-Identifier: MIT
//
// The heap: memory in any size.
//
//   heap_alloc(size)            zeroed, aligned to 16 bytes, or NULL
//   heap_free(p)                p may be NULL
//   heap_resize(p, size)        like realloc
//
// Sizes are rounded up to one of a few classes. A slab is a page that is cut into slots of
// one class; a block larger than the largest class has a slab to itself, of as many pages as
// it needs. Each slot begins with a header that says who allocated it: so what is called from
// elsewhere is never inlined there, it would take its caller's caller for its caller.
//
// How damage is found is told in slab.h. Slots are used again in the order in which they were
// freed, so that a stale pointer has time to be noticed.
// Chapter 07.
#include "heap.h"

#include "list.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "slab.h"
#include "string.h"
#include "symbol.h"

// Bytes: one step after the other at first, then the largest of which 14, 12, 10, 8, 7 ... 2
// fit into a page, with their headers.
static const uint16_t body_sizes[] = {
    32, 64, 96, 128, 160, 192, 256, 320, 384, 480, 544, 640, 768, 992, 1312, 1984,
};

enum {
    CLASSES = sizeof body_sizes / sizeof body_sizes[0],
    SMALL_MAX = 1984, // a larger block has a slab to itself
};

struct class {
    struct list partial; // slabs with free slots: one of them may be empty
    struct list full;
};

static struct {
    struct class classes[CLASSES];
    uint8_t class_of[SMALL_MAX / BODY_STEP + 1]; // by size in steps
    struct list large;
} heap;

void heap_init(void)
{
    list_init(&heap.large);
    for (unsigned i = 0, steps = 0; i < CLASSES; i++) {
        list_init(&heap.classes[i].partial);
        list_init(&heap.classes[i].full);
        while (steps * BODY_STEP <= body_sizes[i])
            heap.class_of[steps++] = (uint8_t)i;
    }
}

// ---- Taking -------------------------------------------------------------------------

// How many it takes with a slab to itself.
static size_t pages_for_large(size_t size)
{
    size_t steps = (size + BODY_STEP - 1) / BODY_STEP;
    size_t slot_size = sizeof(struct slot) + steps * BODY_STEP;
    return (SLAB_OVERHEAD + slot_size + PAGE_SIZE - 1) / PAGE_SIZE;
}

static inline struct class *class_for(size_t size)
{
    return &heap.classes[heap.class_of[(size + BODY_STEP - 1) / BODY_STEP]];
}

// Makes an open slot somebody's. There have to be zeros behind the block's end.
static inline void give(struct slab *slab, struct slot *slot, size_t size, const void *owner)
{
    size_t spare = slab->body_size - size;
    slot->tag = tag_for(slot, SLOT_LIVE);
    slot->owner = (uint32_t)(uintptr_t)owner;
    slot->spare = (uint16_t)spare;
    if (spare > 0)
        slot_guard(slot, slab_slot_behind(slab, slot));
    slab_close(slab, slot);
}

// The first free slot of the first slab that has one. NULL when there is none, or when somebody
// has damaged it.
static inline void *take_slot(struct class *class, size_t size, const void *owner)
{
    if (list_is_empty(&class->partial))
        return NULL;
    struct slab *slab = container_of(class->partial.next, struct slab, link);
    struct slot *slot = slab_slot_at(slab, slab->first_free);
    slab_open(slab, slot);
    if (!slot_is(slot, SLOT_FREE) || !slot_is_clear(slot, slab_slot_behind(slab, slot)))
        return NULL;
    slab->used++;
    slab->first_free = slot->next;
    if (slab->first_free == 0) {
        list_remove(&slab->link);
        list_append(&class->full, &slab->link);
    }
    give(slab, slot, size, owner);
    return slot->body;
}

// A block with a slab to itself.
static void *allocate_large(size_t size, const void *owner)
{
    if (size > HEAP_SIZE_MAX)
        return NULL;
    size_t pages = pages_for_large(size);
    size_t body_size = pages * PAGE_SIZE - SLAB_OVERHEAD - sizeof(struct slot);
    struct slab *slab = slab_create(pages, body_size / BODY_STEP * BODY_STEP, NULL);
    if (!slab)
        return NULL;
    list_append(&heap.large, &slab->link);
    struct slot *slot = slab_slot_at(slab, slab->first_free);
    slab->used = 1;
    slab->first_free = 0;
    slab_open(slab, slot);
    give(slab, slot, size, owner);
    return slot->body;
}

static __attribute__((noinline)) void *allocate(size_t size, const void *owner)
{
    if (size > SMALL_MAX)
        return allocate_large(size, owner);
    struct class *class = class_for(size);
    if (list_is_empty(&class->partial)) {
        struct slab *slab = slab_create(1, body_sizes[class - heap.classes], class);
        if (!slab)
            return NULL;
        list_append(&class->partial, &slab->link);
    }
    void *memory = take_slot(class, size, owner);
    if (!memory) {
        const struct slab *slab = container_of(class->partial.next, struct slab, link);
        slab_blame(slab, slab_slot_at(slab, slab->first_free), owner);
    }
    return memory;
}

// Nearly always a slot is at hand, and then nothing is called at all.
__attribute__((noinline)) void *heap_alloc(size_t size)
{
    const void *owner = __builtin_return_address(0);
    void *memory = size <= SMALL_MAX ? take_slot(class_for(size), size, owner) : NULL;
    return memory ? memory : allocate(size, owner);
}

__attribute__((noinline)) char *heap_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = allocate(size, __builtin_return_address(0));
    return copy ? memcpy(copy, string, size) : NULL;
}

void heap_set_owner(void *memory, const void *owner)
{
    struct slot *slot = container_of(memory, struct slot, body);
    machine_unpoison(slot, sizeof *slot);
    slot->owner = (uint32_t)(uintptr_t)owner;
    machine_poison(slot, sizeof *slot);
}

// ---- Giving back --------------------------------------------------------------------

// Says why this cannot be freed or resized.
static _Noreturn __attribute__((noinline)) void refuse(const void *memory, const void *caller)
{
    const struct slab *slab = slab_of(memory);
    const struct slot *slot = container_of(memory, struct slot, body);
    machine_unpoison(slab, sizeof *slab);
    if ((uintptr_t)memory % sizeof *slot == 0 && slot_is(slot, SLOT_FREE))
        slab_report("freed twice", slot, caller);
    if (slab_has_slot(slab, slot))
        slab_blame(slab, slot, caller);

    char name[128];
    symbol_describe_call(caller, name, sizeof name);
    bool free = false;
    bool managed = page_is_free((uintptr_t)memory, &free);
    const char *why = "this is not the start of a block";
    if (free)
        why = "its memory is free already";
    else if (!managed)
        why = "it lies in no page we manage";
    panic("heap: %p, given by %s, is no block of the heap: %s", memory, name, why);
}

// Whether a pointer leads to a live block, and all is well with it. Then its slot is open.
static inline bool open_block(const void *memory)
{
    const struct slab *slab = slab_of(memory);
    const struct slot *slot = container_of(memory, struct slot, body);
    if ((uintptr_t)memory % sizeof *slot != 0)
        return false;
    machine_unpoison(slot, sizeof *slot);
    if (!slot_is(slot, SLOT_LIVE) || slab->tag != tag_for(slab, SLAB))
        return false;
    slab_open(slab, slot);
    const struct slot *behind = slab_slot_behind(slab, slot);
    return slot_is_any(behind) && (slot->spare == 0 || slot_is_guarded(slot, behind));
}

// Puts an open slot behind the others that are free. (Were there none, the last is a slot that
// is live now: there `next` means nothing.)
static inline void take_back(struct slab *slab, struct slot *slot)
{
    slab->used--;
    struct slot *last = slab_slot_at(slab, slab->last_free);
    slab->last_free = (uint32_t)slab_offset_of(slab, slot);
    machine_unpoison(last, sizeof *last);
    last->next = (uint16_t)slab_offset_of(slab, slot);

    slot_clear(slot, slab_slot_behind(slab, slot));
    slot->tag = tag_for(slot, SLOT_FREE);
    slot->next = 0;
    slab_close(slab, slot);
    machine_poison(last, sizeof *last);
}

static __attribute__((noinline)) void release(void *memory, const void *caller)
{
    struct slab *slab = slab_of(memory);
    struct slot *slot = container_of(memory, struct slot, body);
    if (!open_block(memory))
        refuse(memory, caller);
    if (!slab->class) {
        slot->tag = tag_for(slot, SLOT_FREE);
        slab_destroy(slab);
        return;
    }
    if (slab->first_free == 0) {
        list_remove(&slab->link);
        list_append(&slab->class->partial, &slab->link);
        slab->first_free = (uint16_t)slab_offset_of(slab, slot);
    }
    take_back(slab, slot);
    // One slab of each class may stay empty, so that a block that comes and goes costs no page.
    if (slab->used == 0 && slab->link.next != slab->link.previous)
        slab_destroy(slab);
}

// Nearly always its slab was not full and does not become empty: then it stays on its list, and
// nothing is called at all.
__attribute__((noinline)) void heap_free(void *memory)
{
    if (!memory)
        return;
    struct slab *slab = slab_of(memory);
    if (open_block(memory) && slab->used > 1 && slab->first_free != 0)
        take_back(slab, container_of(memory, struct slot, body));
    else
        release(memory, __builtin_return_address(0));
}

// Whether a block of that size would get such a slab.
static bool fits(const struct slab *slab, size_t size)
{
    if (size <= SMALL_MAX)
        return slab->class == class_for(size);
    return !slab->class && size <= HEAP_SIZE_MAX && pages_for_large(size) == slab->pages;
}

__attribute__((noinline)) void *heap_resize(void *memory, size_t size)
{
    const void *caller = __builtin_return_address(0);
    if (!memory)
        return allocate(size, caller);
    if (!open_block(memory))
        refuse(memory, caller);
    struct slab *slab = slab_of(memory);
    struct slot *slot = container_of(memory, struct slot, body);
    size_t old_size = slab_block_size(slab, slot), kept = size < old_size ? size : old_size;
    if (fits(slab, size)) {
        memset((char *)memory + kept, 0, slab->body_size - kept);
        give(slab, slot, size, caller);
        return memory;
    }
    slab_close(slab, slot);

    void *moved = allocate(size, caller);
    if (!moved)
        return NULL;
    memcpy(moved, memory, kept);
    heap_free(memory);
    return moved;
}

// ---- Looking ------------------------------------------------------------------------

static void check_list(struct list *slabs, struct heap_statistics *found, const void *caller)
{
    list_for_each(struct slab, slab, slabs, link)
        slab_check(slab, found, caller);
}

static void check_all(struct heap_statistics *found, const void *caller)
{
    *found = (struct heap_statistics){0};
    check_list(&heap.large, found, caller);
    for (unsigned i = 0; i < CLASSES; i++) {
        check_list(&heap.classes[i].partial, found, caller);
        check_list(&heap.classes[i].full, found, caller);
    }
}

__attribute__((noinline)) void heap_statistics(struct heap_statistics *statistics)
{
    check_all(statistics, __builtin_return_address(0));
}

__attribute__((noinline)) void heap_check(void)
{
    struct heap_statistics ignored;
    check_all(&ignored, __builtin_return_address(0));
}
