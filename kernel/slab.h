// SPDX-License-Identifier: MIT
//
// Slabs: pages cut into slots of one size, with all that is needed to find damage.
//
// Only heap.c uses this. Bytes that belong to nobody, those of free slots and those behind
// the end of a block, hold a pattern. Whoever writes where he should not breaks the pattern or
// a header, and the heap looks at both when a block is freed and when its slot is used again.
//
//   a slab:  struct slab | slot | slot | ... | one header more, as a fence
//   a slot:  struct slot | the block's bytes | HEAP_NOBODY ...
//
// Chapter 07.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"
#include "list.h"
#include "machine.h"

#define NOBODY (HEAP_NOBODY * 0x0101010101010101u) // eight bytes of it

enum {
    SLOT_STEP = 16, // addresses and sizes of slots are multiples of this
    SLAB_MAGIC = 0x51ab1e55,
    // The states differ in one bit: that it is one of the two takes one comparison.
    SLOT_FREE = 0x5a6, // and fit into an instruction
    SLOT_LIVE = SLOT_FREE | 1,
};

// In front of every block.
struct slot {
    uint16_t state;    // first: it breaks when the block before is written past its end
    uint16_t next;     // of a free slot: the offset in the slab of the one freed after it, or 0
    uint32_t size;     // that the owner asked for, bytes
    const void *owner; // the code that allocated it; stays when it is freed
    uint64_t body[];   // whole steps
};
_Static_assert(sizeof(struct slot) == SLOT_STEP, "bodies are as aligned as slots");

// At the start of a page.
struct slab {
    uint32_t magic;
    uint16_t used, capacity;        // slots
    uint16_t first_free, last_free; // offsets in the slab; the first is 0: all slots are used
    uint32_t pages;
    size_t slot_size;    // bytes, header included
    struct class *class; // heap.c's; NULL: the slab of one large block
    struct list link;    // in one of heap.c's lists
};
_Static_assert(sizeof(struct slab) % SLOT_STEP == 0, "slots are aligned");

// What a slab has besides its slots.
enum { SLAB_OVERHEAD = sizeof(struct slab) + sizeof(struct slot) };

// `pages` pages cut into as many free slots as fit, or NULL. Without a class the slots do not
// hold the pattern yet: large blocks are filled only once.
struct slab *slab_create(size_t pages, size_t slot_size, struct class *class);
void slab_destroy(struct slab *slab);
// Panics when something wrote where it should not have, in the slot or right behind it.
void slab_check_slot(const struct slab *slab, const struct slot *slot, const void *caller);
// The same where it is known that something is wrong.
_Noreturn void slab_blame(const struct slab *slab, const struct slot *slot, const void *caller);
// Checks all slots and adds what it finds.
void slab_check(const struct slab *slab, struct heap_statistics *found, const void *caller);
_Noreturn void slab_report(const char *fault, const struct slot *slot, const void *caller);

static inline struct slot *slab_slot_at(const struct slab *slab, size_t offset)
{
    return (void *)((char *)slab + offset);
}

static inline size_t slab_offset_of(const struct slab *slab, const struct slot *slot)
{
    return (uintptr_t)slot - (uintptr_t)slab;
}

// The next slot, or the fence.
static inline struct slot *slab_slot_behind(const struct slab *slab, const struct slot *slot)
{
    return slab_slot_at(slab, slab_offset_of(slab, slot) + slab->slot_size);
}

// The slab that memory would lie in.
static inline struct slab *slab_of(const void *memory)
{
    return (void *)((uintptr_t)memory & ~(uintptr_t)(PAGE_SIZE - 1));
}

// Whether this is a slab, and that the start of one of its slots.
static inline bool slab_has_slot(const struct slab *slab, const struct slot *slot)
{
    size_t offset = slab_offset_of(slab, slot) - sizeof *slab;
    return slab->magic == SLAB_MAGIC && offset % slab->slot_size == 0;
}

// Under a memory checker everything in a slab but its own header and the bytes of live blocks
// is out of bounds, for us too: a slot is opened, with the header behind it, and closed again.
static inline void slab_open(const struct slab *slab, const struct slot *slot)
{
    machine_unpoison(slot, slab->slot_size + sizeof *slot);
}

static inline void slab_close(const struct slab *slab, const struct slot *slot)
{
    size_t live_bytes = slot->state == SLOT_LIVE ? slot->size : 0;
    machine_poison(slot, slab->slot_size + sizeof *slot);
    machine_unpoison(slot->body, live_bytes);
}

// Whether the body holds the pattern from byte `size` on. (The machines store a number's low
// byte first.)
static inline bool slot_is_untouched(const struct slot *slot, size_t size, size_t slot_size)
{
    const uint64_t *word = slot->body + size / 8, *end = (const uint64_t *)slot + slot_size / 8;
    if (size % 8 != 0 && (*word++ ^ NOBODY) >> size % 8 * 8 != 0)
        return false;
    if (word < end && (uintptr_t)word % SLOT_STEP != 0 && *word++ != NOBODY)
        return false;
    for (; word < end; word += 2)
        if (word[0] != NOBODY || word[1] != NOBODY)
            return false;
    return true;
}

// Zeroes the first `size` bytes of a free slot's body, where all of it holds the pattern; false
// where not. Both at once: this is most of what an allocation costs.
static inline bool slot_clear(struct slot *slot, size_t size, size_t slot_size)
{
    uint64_t *word = slot->body, *end = word + size / SLOT_STEP * 2;
    for (; word < end; word += 2) {
        if (word[0] != NOBODY || word[1] != NOBODY)
            return false;
        word[0] = word[1] = 0;
    }
    for (uint64_t *rest = word; rest < (uint64_t *)slot + slot_size / 8; rest += 2)
        if (rest[0] != NOBODY || rest[1] != NOBODY)
            return false;
    if (size % SLOT_STEP >= 8)
        *word++ = 0;
    if (size % 8 != 0)
        *word = NOBODY << size % 8 * 8;
    return true;
}

// Puts the pattern over the first `size` bytes, in whole steps.
static inline void slot_cover(struct slot *slot, size_t size)
{
    uint64_t *end = slot->body + (size + 7) / 8;
    for (uint64_t *word = slot->body; word < end; word += 2)
        word[0] = word[1] = NOBODY;
}

// Whether a live slot is as it should be, and the header behind it.
static inline bool slot_is_sound(const struct slab *slab, const struct slot *slot)
{
    const struct slot *behind = slab_slot_behind(slab, slot);
    return slot->state == SLOT_LIVE && (behind->state | 1) == SLOT_LIVE &&
           slot_is_untouched(slot, slot->size, slab->slot_size);
}
