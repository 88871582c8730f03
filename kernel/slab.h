// SPDX-License-Identifier: MIT
//
// Slabs: pages cut into slots of one size, with all that is needed to find damage.
//
// Only heap.c uses this. Free slots hold zeros, and the bytes behind the end of a block hold a
// pattern. Each header begins with a tag that no other place in memory has. Whoever writes
// where he should not breaks one of the three, and the heap looks at them when a block is freed
// and when its slot is used again.
//
//   a slab:  struct slab | slot | slot | ... | one header more, as a fence
//   a slot:  struct slot | the block's bytes | HEAP_GUARD ...
//
// Chapter 07.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"
#include "list.h"
#include "machine.h"

#define GUARD (HEAP_GUARD * 0x0101010101010101u) // eight bytes of it

enum { BODY_STEP = 32 }; // the sizes of bodies are multiples of this

// What a header says of itself. A tag is the header's own address with one of these in it, by
// XOR. They are negative and turn all its upper bits around: a tag looks like no pointer and no
// number. Their lowest byte is the same: one byte too many cannot make a free slot a live one.
// And they are small enough to be part of an instruction.
enum tag {
    SLOT_LIVE = ~0x05a,
    SLOT_FREE = ~0x15a,
    SLOT_FENCE = ~0x35a,
    SLAB = ~0x45a,
    TAG_SLOT_BITS = 0x300, // in which those of slots differ: set in SLOT_LIVE
};

// In front of every block.
struct slot {
    uint64_t tag;   // first: it breaks when the block before is written past its end
    uint32_t owner; // the code that allocated it, lower half of the address; stays when freed
    uint16_t next;  // of a free slot: the offset of the one freed after it, or 0
    uint16_t spare; // how many bytes of the body lie behind the block's end
    uint64_t body[];
};
_Static_assert(sizeof(struct slot) == 16, "bodies are as aligned as slots");

// At the start of a page.
struct slab {
    struct list link; // in one of heap.c's lists
    uint64_t tag;
    struct class *class;    // heap.c's; NULL: the slab of one large block
    uint8_t used, capacity; // slots
    uint16_t first_free;    // offset of the slot that was freed first; 0: all are used
    uint32_t last_free;     // offset of the one freed last
    uint32_t body_size;     // of each slot, bytes
    uint32_t pages;
};
_Static_assert(sizeof(struct slab) % sizeof(struct slot) == 0, "slots are aligned");

// What a slab has besides its slots.
enum { SLAB_OVERHEAD = sizeof(struct slab) + sizeof(struct slot) };

// `pages` pages cut into as many free slots as fit, or NULL.
struct slab *slab_create(size_t pages, size_t body_size, struct class *class);
void slab_destroy(struct slab *slab);
// Whether this is a slab, and that the start of one of its slots.
bool slab_has_slot(const struct slab *slab, const struct slot *slot);
// Panics when something wrote where it should not have, in the slot or right behind it.
void slab_check_slot(const struct slab *slab, const struct slot *slot, const void *caller);
// The same where it is known that something is wrong.
_Noreturn void slab_blame(const struct slab *slab, const struct slot *slot, const void *caller);
// Checks all slots and adds what it finds.
void slab_check(const struct slab *slab, struct heap_statistics *found, const void *caller);
_Noreturn void slab_report(const char *fault, const struct slot *slot, const void *caller);

static inline uint64_t tag_for(const void *header, enum tag tag)
{
    return (uintptr_t)header ^ (uint64_t)(int64_t)(int)tag;
}

static inline bool slot_is(const struct slot *slot, enum tag tag)
{
    return slot->tag == tag_for(slot, tag);
}

// Whether its header is whole, whatever it says.
static inline bool slot_is_any(const struct slot *slot)
{
    return ((slot->tag ^ (uintptr_t)slot) | TAG_SLOT_BITS) == (uint64_t)(int64_t)SLOT_LIVE;
}

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
    return (void *)((char *)slot->body + slab->body_size);
}

// The slab that memory would lie in.
static inline struct slab *slab_of(const void *memory)
{
    return (void *)((uintptr_t)memory & ~(uintptr_t)(PAGE_SIZE - 1));
}

// The bytes that its owner asked for, also when it is free again.
static inline size_t slab_block_size(const struct slab *slab, const struct slot *slot)
{
    return slab->body_size - slot->spare;
}

// Under a memory checker everything in a slab but its own header and the bytes of live blocks
// is out of bounds, for us too: a slot is opened, with the header behind it, and closed again.
static inline void slab_open(const struct slab *slab, const struct slot *slot)
{
    machine_unpoison(slot, slab->body_size + 2 * sizeof *slot);
}

static inline void slab_close(const struct slab *slab, const struct slot *slot)
{
    size_t live_bytes = slot_is(slot, SLOT_LIVE) ? slab_block_size(slab, slot) : 0;
    machine_poison(slot, slab->body_size + 2 * sizeof *slot);
    machine_unpoison(slot->body, live_bytes);
}

// Whether the body of a free slot holds nothing but zeros. This and the next are most of what
// a block costs, hence a whole step at once; a body has at least one.
static inline bool slot_is_clear(const struct slot *slot, const struct slot *behind)
{
    const uint64_t *word = slot->body, *end = (const uint64_t *)behind;
    do {
        if ((word[0] | word[1] | word[2] | word[3]) != 0)
            return false;
        word += BODY_STEP / 8;
    } while (word < end);
    return true;
}

static inline void slot_clear(struct slot *slot, const struct slot *behind)
{
    uint64_t *word = slot->body;
    const uint64_t *end = (const uint64_t *)behind;
    do {
        word[0] = word[1] = word[2] = word[3] = 0;
        word += BODY_STEP / 8;
    } while (word < end);
}

// Puts the pattern behind the block's end, where zeros are. (The machines store a number's low
// byte first.)
static inline void slot_guard(struct slot *slot, const struct slot *behind)
{
    const uint64_t *end = (const uint64_t *)behind;
    uint64_t *word = (uint64_t *)end - slot->spare / 8;
    if (slot->spare % 8 != 0)
        word[-1] |= GUARD << (8 - slot->spare % 8) * 8;
    for (; word < end; word++)
        *word = GUARD;
}

// Whether the pattern is still there.
static inline bool slot_is_guarded(const struct slot *slot, const struct slot *behind)
{
    const uint64_t *end = (const uint64_t *)behind, *word = end - slot->spare / 8;
    if (word < slot->body)
        return false; // the header is not what it was
    if (slot->spare % 8 != 0 && (word[-1] ^ GUARD) >> (8 - slot->spare % 8) * 8 != 0)
        return false;
    for (; word < end; word++)
        if (*word != GUARD)
            return false;
    return true;
}
