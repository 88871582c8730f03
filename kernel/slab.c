// SPDX-License-Identifier: MIT
//
// Slabs: pages cut into slots of one size. See slab.h.
// Chapter 07.
#include "slab.h"

#include "page.h"
#include "panic.h"
#include "symbol.h"

struct slab *slab_create(size_t pages, size_t body_size, struct class *class)
{
    size_t slot_size = sizeof(struct slot) + body_size;
    struct slab *slab = page_alloc(pages);
    if (!slab)
        return NULL;
    *slab = (struct slab){
        .tag = tag_for(slab, SLAB),
        .capacity = (uint8_t)((pages * PAGE_SIZE - SLAB_OVERHEAD) / slot_size),
        .first_free = sizeof *slab,
        .body_size = (uint32_t)body_size,
        .pages = (uint32_t)pages,
        .class = class,
    };

    struct slot *slot = slab_slot_at(slab, sizeof *slab);
    for (unsigned i = 0; i < slab->capacity; i++, slot = slab_slot_behind(slab, slot)) {
        slot->tag = tag_for(slot, SLOT_FREE);
        slot->next = (uint16_t)(slab_offset_of(slab, slot) + slot_size);
        slab->last_free = (uint32_t)slab_offset_of(slab, slot);
    }
    slab_slot_at(slab, slab->last_free)->next = 0;
    slot->tag = tag_for(slot, SLOT_FENCE);
    machine_poison(slab + 1, pages * PAGE_SIZE - sizeof *slab);
    list_init(&slab->link);
    return slab;
}

void slab_destroy(struct slab *slab)
{
    list_remove(&slab->link);
    slab->tag = 0;
    page_free(slab, slab->pages);
}

// A header is broken: most likely by the owner of the block before it.
static _Noreturn void blame_header(const struct slab *slab, const struct slot *slot,
                                   const void *caller)
{
    size_t offset = slab_offset_of(slab, slot);
    if (offset > sizeof *slab) {
        const struct slot *before = slab_slot_at(slab, offset - sizeof *slot - slab->body_size);
        machine_unpoison(before, sizeof *before);
        if (slot_is(before, SLOT_LIVE))
            slab_report("written past its end", before, caller);
    }
    slab_report("overwritten, its header too", slot, caller);
}

void slab_check_slot(const struct slab *slab, const struct slot *slot, const void *caller)
{
    const struct slot *behind = slab_slot_behind(slab, slot);
    bool live = slot_is(slot, SLOT_LIVE);
    if (!live && !slot_is(slot, SLOT_FREE))
        blame_header(slab, slot, caller);
    if (!slot_is_any(behind) || (live && !slot_is_guarded(slot, behind)))
        slab_report("written past its end", slot, caller);
    if (!live && !slot_is_clear(slot, behind))
        slab_report("written to after it was freed", slot, caller);
}

void slab_blame(const struct slab *slab, const struct slot *slot, const void *caller)
{
    slab_check_slot(slab, slot, caller);
    slab_report("damaged", slot, caller);
}

void slab_check(const struct slab *slab, struct heap_statistics *found, const void *caller)
{
    found->pages += slab->pages;
    const struct slot *slot = slab_slot_at(slab, sizeof *slab);
    for (unsigned i = 0; i < slab->capacity; i++) {
        const struct slot *behind = slab_slot_behind(slab, slot);
        slab_open(slab, slot);
        slab_check_slot(slab, slot, caller);
        if (slot_is(slot, SLOT_LIVE)) {
            found->allocations++;
            found->bytes += slab_block_size(slab, slot);
        }
        slab_close(slab, slot);
        slot = behind;
    }
}

bool slab_has_slot(const struct slab *slab, const struct slot *slot)
{
    if (slab->tag != tag_for(slab, SLAB))
        return false;
    size_t offset = slab_offset_of(slab, slot) - sizeof *slab;
    size_t slot_size = sizeof *slot + slab->body_size;
    return offset % slot_size == 0 && offset / slot_size < slab->capacity;
}

// All code of the kernel lies within the same 4 GiB: the upper half of an address is the same
// for all functions.
static const void *slot_owner(const struct slot *slot)
{
    return (const void *)((uintptr_t)slot_owner >> 32 << 32 | slot->owner);
}

void slab_report(const char *fault, const struct slot *slot, const void *caller)
{
    char owner[128], finder[128];
    symbol_describe_call(slot_owner(slot), owner, sizeof owner);
    symbol_describe_call(caller, finder, sizeof finder);
    panic("heap: %p was %s\n"
          "  a block of %zu bytes, allocated by %s\n"
          "  noticed by %s",
          (const void *)slot->body, fault, slab_block_size(slab_of(slot), slot), owner, finder);
}
