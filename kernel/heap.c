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
// it needs. Each slot begins with a header that says who allocated it.
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

// Headers included: steps of 16 at first, then the largest that fit ten, eight, seven ... two
// times into a page.
static const uint16_t slot_sizes[] = {
    32,  48,  64,  80,  96,  112, 128, 144, 160,  192,  224,
    288, 336, 400, 496, 576, 672, 800, 1008, 1344, 2016,
};

enum {
    CLASSES = sizeof slot_sizes / sizeof slot_sizes[0],
    SMALL_MAX = 2016 - sizeof(struct slot), // a larger block has a slab to itself
};

struct class {
    struct list partial; // slabs with free slots: one of them may be empty
    struct list full;
};

static struct {
    struct class classes[CLASSES];
    uint8_t class_of[SMALL_MAX / SLOT_STEP + 1]; // by size in steps
    struct list large;
} heap;

void heap_init(void)
{
    list_init(&heap.large);
    for (unsigned i = 0, steps = 0; i < CLASSES; i++) {
        list_init(&heap.classes[i].partial);
        list_init(&heap.classes[i].full);
        while (sizeof(struct slot) + steps * SLOT_STEP <= slot_sizes[i])
            heap.class_of[steps++] = (uint8_t)i;
    }
}

// ---- Taking -------------------------------------------------------------------------

static size_t pages_for_large(size_t size)
{
    return (SLAB_OVERHEAD + sizeof(struct slot) + size + PAGE_SIZE - 1) / PAGE_SIZE;
}

static struct class *class_for(size_t size)
{
    return &heap.classes[heap.class_of[(size + SLOT_STEP - 1) / SLOT_STEP]];
}

// A block with a slab to itself.
static void *allocate_large(size_t size, const void *owner)
{
    if (size > HEAP_SIZE_MAX)
        return NULL;
    size_t pages = pages_for_large(size), slot_size = pages * PAGE_SIZE - SLAB_OVERHEAD;
    struct slab *slab = slab_create(pages, slot_size, NULL);
    if (!slab)
        return NULL;
    list_append(&heap.large, &slab->link);
    slab->used = 1;
    struct slot *slot = slab_slot_at(slab, slab->first_free);
    slab_open(slab, slot);
    *slot = (struct slot){.state = SLOT_LIVE, .size = (uint32_t)size, .owner = owner};
    char *body = memset(slot->body, 0, size);
    memset(body + size, HEAP_NOBODY, slot_size - sizeof *slot - size);
    slab_close(slab, slot);
    return body;
}

// A block from a slab that has a free slot.
static inline void *take_slot(struct slab *slab, size_t size, const void *owner)
{
    struct slot *slot = slab_slot_at(slab, slab->first_free);
    slab_open(slab, slot);
    if (slot->state != SLOT_FREE || !slot_clear(slot, size, slab->slot_size))
        slab_blame(slab, slot, owner);
    slab->used++;
    slab->first_free = slot->next;
    if (slab->first_free == 0) {
        list_remove(&slab->link);
        list_append(&slab->class->full, &slab->link);
    }
    slot->state = SLOT_LIVE;
    slot->size = (uint32_t)size;
    slot->owner = owner;
    slab_close(slab, slot);
    return slot->body;
}

static __attribute__((noinline)) void *allocate(size_t size, const void *owner)
{
    if (size > SMALL_MAX)
        return allocate_large(size, owner);
    struct class *class = class_for(size);
    if (list_is_empty(&class->partial)) {
        struct slab *slab = slab_create(1, slot_sizes[class - heap.classes], class);
        if (!slab)
            return NULL;
        list_append(&class->partial, &slab->link);
    }
    return take_slot(container_of(class->partial.next, struct slab, link), size, owner);
}

void *heap_alloc(size_t size)
{
    const void *owner = __builtin_return_address(0);
    if (size > SMALL_MAX)
        return allocate(size, owner);
    struct class *class = class_for(size);
    if (list_is_empty(&class->partial))
        return allocate(size, owner);
    return take_slot(container_of(class->partial.next, struct slab, link), size, owner);
}

char *heap_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = allocate(size, __builtin_return_address(0));
    return copy ? memcpy(copy, string, size) : NULL;
}

// ---- Giving back --------------------------------------------------------------------

// Says why this cannot be freed or resized.
static _Noreturn __attribute__((noinline)) void refuse(const void *memory, const void *caller)
{
    const struct slab *slab = slab_of(memory);
    const struct slot *slot = container_of(memory, struct slot, body);
    if (slab_has_slot(slab, slot)) {
        if (slot->state == SLOT_FREE)
            slab_report("freed twice", slot, caller);
        slab_blame(slab, slot, caller);
    }
    char name[128];
    symbol_describe((uintptr_t)caller - 1, name, sizeof name); // the call, not what follows it
    bool free = false;
    bool managed = page_is_free((uintptr_t)memory, &free);
    const char *why = "this is not the start of a block";
    if (free)
        why = "its memory is free already";
    else if (!managed)
        why = "it lies in no page we manage";
    panic("heap: %p, given by %s, is no block of the heap: %s", memory, name, why);
}

// The slot of a live block, open. Panics on anything else.
static inline struct slot *find_block(void *memory, const void *caller)
{
    struct slab *slab = slab_of(memory);
    struct slot *slot = container_of(memory, struct slot, body);
    if (!slab_has_slot(slab, slot))
        refuse(memory, caller);
    slab_open(slab, slot);
    if (!slot_is_sound(slab, slot))
        refuse(memory, caller);
    return slot;
}

// Puts a slot behind the others that are free.
static inline void append_slot(struct slab *slab, struct slot *slot)
{
    uint16_t offset = (uint16_t)slab_offset_of(slab, slot);
    if (slab->first_free == 0) {
        slab->first_free = offset;
        list_remove(&slab->link);
        list_append(&slab->class->partial, &slab->link);
    } else {
        struct slot *last = slab_slot_at(slab, slab->last_free);
        machine_unpoison(last, sizeof *last);
        last->next = offset;
        machine_poison(last, sizeof *last);
    }
    slab->last_free = offset;
}

void heap_free(void *memory)
{
    // Expected not to be NULL: else the compiler makes two functions of this one, and the
    // caller's address is lost between them.
    if (__builtin_expect(!memory, 0))
        return;
    struct slot *slot = find_block(memory, __builtin_return_address(0));
    struct slab *slab = slab_of(memory);
    if (!slab->class) {
        slab_destroy(slab);
        return;
    }
    slot_cover(slot, slot->size);
    slot->state = SLOT_FREE;
    slot->next = 0;
    slab_close(slab, slot);
    append_slot(slab, slot);
    // One slab of each class may stay empty, so that a block that comes and goes costs no page.
    if (--slab->used == 0 && slab->link.next != slab->link.previous)
        slab_destroy(slab);
}

// Whether a block of that size would get such a slab.
static bool fits(const struct slab *slab, size_t size)
{
    if (size <= SMALL_MAX)
        return slab->class == class_for(size);
    return !slab->class && size <= HEAP_SIZE_MAX && pages_for_large(size) == slab->pages;
}

void *heap_resize(void *memory, size_t size)
{
    const void *caller = __builtin_return_address(0);
    if (!memory)
        return allocate(size, caller);
    struct slot *slot = find_block(memory, caller);
    struct slab *slab = slab_of(memory);
    size_t old_size = slot->size;
    if (fits(slab, size)) {
        if (size < old_size)
            memset((char *)memory + size, HEAP_NOBODY, old_size - size);
        else
            memset((char *)memory + old_size, 0, size - old_size);
        slot->size = (uint32_t)size;
        slot->owner = caller;
        slab_close(slab, slot);
        return memory;
    }
    slab_close(slab, slot);

    void *moved = allocate(size, caller);
    if (!moved)
        return NULL;
    memcpy(moved, memory, size < old_size ? size : old_size);
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

void heap_statistics(struct heap_statistics *statistics)
{
    check_all(statistics, __builtin_return_address(0));
}

void heap_check(void)
{
    struct heap_statistics ignored;
    check_all(&ignored, __builtin_return_address(0));
}
