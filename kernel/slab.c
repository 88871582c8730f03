// SPDX-License-Identifier: MIT
//
// Slabs: pages cut into slots of one size. See slab.h.
// Chapter 07.
#include "slab.h"

#include "page.h"
#include "panic.h"
#include "symbol.h"

struct slab *slab_create(size_t pages, size_t slot_size, struct class *class)
{
    struct slab *slab = page_alloc_dirty(pages);
    if (!slab)
        return NULL;
    *slab = (struct slab){
        .magic = SLAB_MAGIC,
        .capacity = (uint16_t)((pages * PAGE_SIZE - SLAB_OVERHEAD) / slot_size),
        .first_free = sizeof *slab,
        .pages = (uint32_t)pages,
        .slot_size = slot_size,
        .class = class,
    };

    size_t offset = sizeof *slab;
    for (unsigned i = 0; i < slab->capacity; i++, offset += slot_size) {
        struct slot *slot = slab_slot_at(slab, offset);
        *slot = (struct slot){.state = SLOT_FREE, .next = (uint16_t)(offset + slot_size)};
        if (class)
            slot_cover(slot, slot_size - sizeof *slot);
        slab->last_free = (uint16_t)offset;
    }
    slab_slot_at(slab, slab->last_free)->next = 0;
    *slab_slot_at(slab, offset) = (struct slot){.state = SLOT_LIVE}; // the fence
    machine_poison(slab + 1, pages * PAGE_SIZE - sizeof *slab);
    list_init(&slab->link);
    return slab;
}

void slab_destroy(struct slab *slab)
{
    list_remove(&slab->link);
    slab->magic = 0;
    page_free(slab, slab->pages);
}

void slab_check_slot(const struct slab *slab, const struct slot *slot, const void *caller)
{
    bool live = slot->state == SLOT_LIVE;
    if (!live && slot->state != SLOT_FREE)
        slab_report("its header is overwritten", slot, caller);
    if (!slot_is_untouched(slot, live ? slot->size : 0, slab->slot_size))
        slab_report(live ? "written past its end" : "written to after it was freed", slot,
                    caller);
    const struct slot *behind = slab_slot_behind(slab, slot);
    if ((behind->state | 1) != SLOT_LIVE)
        slab_report("written past its end", slot, caller);
}

void slab_blame(const struct slab *slab, const struct slot *slot, const void *caller)
{
    slab_check_slot(slab, slot, caller);
    slab_report("damaged", slot, caller);
}

void slab_check(const struct slab *slab, struct heap_statistics *found, const void *caller)
{
    found->pages += slab->pages;
    size_t offset = sizeof *slab;
    for (unsigned i = 0; i < slab->capacity; i++, offset += slab->slot_size) {
        const struct slot *slot = slab_slot_at(slab, offset);
        slab_open(slab, slot);
        slab_check_slot(slab, slot, caller);
        if (slot->state == SLOT_LIVE) {
            found->allocations++;
            found->bytes += slot->size;
        }
        slab_close(slab, slot);
    }
}

void slab_report(const char *fault, const struct slot *slot, const void *caller)
{
    char owner[128], finder[128];
    // Return addresses: the call is right before them.
    symbol_describe((uintptr_t)slot->owner - 1, owner, sizeof owner);
    symbol_describe((uintptr_t)caller - 1, finder, sizeof finder);
    panic("heap: %p was %s\n"
          "  a block of %u bytes, allocated by %s\n"
          "  noticed by %s",
          (const void *)slot->body, fault, slot->size, owner, finder);
}
