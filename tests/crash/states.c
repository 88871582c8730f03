// SPDX-License-Identifier: MIT
//
// States after a power cut.
//
// At any moment the writes that were submitted fall into two kinds. Those that had ended
// before a flush was submitted which has ended are on the disk. Of the others each may be
// there or not, or some of its sectors. So the moments are the events after which something
// is different, and for each there are: all of the others, none, every choice of them when
// they are few, some at random when they are many, and torn ones.
#include "states.h"

#include "heap.h"
#include "panic.h"
#include "string.h"
#include "tests/unit/unit.h"

enum {
    PENDING_MAX = 256, // writes that are not on the disk for sure
    FEW = 4,           // so many are tried in every combination
    SOME = 6,          // combinations tried of more
    TORN = 4,
};

static struct {
    struct disk_model *disk;
    uint64_t *random;
    uint8_t *sure;  // what is on the disk for sure
    uint8_t *state; // the one that is looked at
    unsigned pending[PENDING_MAX];
    unsigned pending_count;
    unsigned limit, total, checked; // states
    struct crash_state now;
    const bool *promises;
    bool (*check)(const struct crash_state *state);
    bool failed;
} states;

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)(unit_random(states.random) >> 20) % limit;
}

static void apply_sector(uint8_t *contents, const struct disk_write *write, uint32_t sector)
{
    memcpy(contents + (write->sector + sector) * SECTOR_SIZE,
           write->data + sector * SECTOR_SIZE, SECTOR_SIZE);
}

static void apply(uint8_t *contents, const struct disk_write *write)
{
    memcpy(contents + write->sector * SECTOR_SIZE, write->data,
           (size_t)write->sectors * SECTOR_SIZE);
}

static void apply_torn(uint8_t *contents, const struct disk_write *write)
{
    for (uint32_t i = 0; i < write->sectors; i++) {
        if (random_below(2))
            apply_sector(contents, write, i);
    }
}

// ---- One state --------------------------------------------------------------------------
static bool is_chosen(void)
{
    return states.limit == 0 || states.total <= states.limit ||
           random_below(states.total) < states.limit;
}

static void check_state(void)
{
    if (states.failed)
        return;
    states.checked++;
    states.now.contents = states.state;
    states.failed = !states.check(&states.now);
}

// Writes of the mask, in the order they were submitted.
static void try_choice(uint64_t mask)
{
    states.now.variant++;
    if (!is_chosen() || states.failed)
        return;
    memcpy(states.state, states.sure, states.disk->size);
    for (unsigned i = 0; i < states.pending_count; i++) {
        if (mask >> (i % 64) & 1)
            apply(states.state, &states.disk->writes[states.pending[i]]);
    }
    check_state();
}

// One write in parts, those before it there or not.
static void try_torn(void)
{
    states.now.variant++;
    if (!is_chosen() || states.failed)
        return;
    unsigned torn = random_below(states.pending_count);
    uint64_t mask = random_below(2) ? UINT64_MAX : unit_random(states.random);
    memcpy(states.state, states.sure, states.disk->size);
    for (unsigned i = 0; i < states.pending_count; i++) {
        const struct disk_write *write = &states.disk->writes[states.pending[i]];
        if (i == torn)
            apply_torn(states.state, write);
        else if (mask >> (i % 64) & 1)
            apply(states.state, write);
    }
    check_state();
}

// ---- One moment -------------------------------------------------------------------------
static unsigned variants_of(unsigned pending)
{
    if (pending == 0)
        return 1;
    return (pending <= FEW ? 1u << pending : 2 + SOME) + TORN;
}

static void try_all(void)
{
    unsigned count = states.pending_count;
    states.now.variant = 0;
    if (count <= FEW) {
        for (unsigned mask = 0; mask < 1u << count; mask++)
            try_choice(mask);
    } else {
        try_choice(0);
        try_choice(UINT64_MAX);
        for (unsigned i = 0; i < SOME; i++)
            try_choice(i % 2 ? unit_random(states.random)
                             : ~(UINT64_C(1) << random_below(count < 64 ? count : 64)));
    }
    for (unsigned i = 0; i < TORN && count > 0; i++)
        try_torn();
}

// ---- Going through the record -----------------------------------------------------------
// What had ended when the flush was submitted is there for good.
static void end_flush(unsigned number)
{
    unsigned submitted = states.disk->flushes[number].submitted, kept = 0;
    if (states.disk->forgets)
        return;
    for (unsigned i = 0; i < states.pending_count; i++) {
        unsigned index = states.pending[i];
        const struct disk_write *write = &states.disk->writes[index];
        if (write->ended && write->ended < submitted)
            apply(states.sure, write);
        else
            states.pending[kept++] = index;
    }
    states.pending_count = kept;
}

// True: the disk may have other contents now, or other promises hold.
static bool go_on(const struct disk_event *event)
{
    switch (event->kind) {
    case EVENT_WRITE:
        if (states.pending_count == PENDING_MAX) { // never flushed: then the oldest are there
            apply(states.sure, &states.disk->writes[states.pending[0]]);
            memmove(states.pending, states.pending + 1,
                    --states.pending_count * sizeof(states.pending[0]));
        }
        states.pending[states.pending_count++] = event->number;
        return true;
    case EVENT_FLUSHED:
        end_flush(event->number);
        return true;
    case EVENT_BEGIN:
        states.now.begun = event->number + 1;
        return false;
    case EVENT_END:
        if (states.promises[event->number])
            states.now.promised = event->number + 1;
        return states.promises[event->number];
    default:
        return false;
    }
}

static void walk(void (*at_moment)(void))
{
    struct disk_model *disk = states.disk;
    memcpy(states.sure, disk->start, disk->size);
    states.pending_count = 0;
    states.now = (struct crash_state){0};
    for (unsigned i = 0; i < disk->event_count && !states.failed; i++) {
        states.now.event = i + 1;
        if (go_on(&disk->events[i]))
            at_moment();
    }
}

static void count(void)
{
    states.total += variants_of(states.pending_count);
}

unsigned states_check(struct disk_model *disk, unsigned limit, uint64_t *random,
                      const bool *promises, bool (*check)(const struct crash_state *state),
                      bool *failed)
{
    typeof(states) outer = states; // a check may look at states itself
    memset(&states, 0, sizeof(states));
    states.disk = disk;
    states.random = random;
    states.promises = promises;
    states.check = check;
    states.sure = heap_alloc(disk->size);
    states.state = heap_alloc(disk->size);
    ASSERT(states.sure && states.state);
    walk(count);
    states.limit = limit;
    walk(try_all);
    heap_free(states.sure);
    heap_free(states.state);
    *failed = states.failed;
    unsigned checked = states.checked;
    states = outer;
    return checked;
}
