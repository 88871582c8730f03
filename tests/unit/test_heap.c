// SPDX-License-Identifier: MIT
//
// The heap. Its faults end the machine: they are provoked by chapter 07's program.
#include "boot/board.h"
#include "cmdline.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "slab.h"
#include "string.h"
#include "unit.h"

enum { BLOCKS = 1000, STEPS = 20000 };

static struct memory_range memory;
static uint64_t random_state;
static struct {
    uint8_t *bytes; // all are the block's number
    size_t size;
} blocks[BLOCKS];

static void start_with(size_t pages)
{
    size_t size = pages * PAGE_SIZE < memory.size ? pages * PAGE_SIZE : memory.size;
    machine_unpoison((void *)(uintptr_t)memory.start, size);
    page_init(&(struct memory_range){memory.start, size}, 1);
    heap_init();
}

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    for (unsigned i = 0; i < board->memory_count; i++)
        if (board->memory[i].size > memory.size)
            memory = board->memory[i];
    random_state = cmdline_number("seed", machine_clock_ns() | 1);
    print("seed %llu\n", (unsigned long long)random_state);
}

static size_t random_below(size_t limit)
{
    return (unit_random(&random_state) >> 16) % limit;
}

static size_t random_size(void)
{
    static const size_t limits[] = {20, 100, 300, 2100, 10000};
    return random_below(limits[random_below(5)]);
}

static bool holds(const uint8_t *bytes, size_t from, size_t to, unsigned value)
{
    for (size_t i = from; i < to; i++)
        if (bytes[i] != (uint8_t)value)
            return false;
    return true;
}

static size_t pages_used(size_t total)
{
    struct page_statistics pages;
    page_statistics(&pages);
    return total - pages.free;
}

// Allocates, resizes or frees one block; *bytes and *count follow what is live.
static void change_one(size_t *bytes, size_t *count)
{
    unsigned i = (unsigned)random_below(BLOCKS);
    size_t size = random_size(), old_size = blocks[i].size;
    uint8_t *old = blocks[i].bytes;
    if (!old) {
        blocks[i].bytes = heap_alloc(size);
        CHECK(blocks[i].bytes && (uintptr_t)blocks[i].bytes % 16 == 0);
        CHECK(holds(blocks[i].bytes, 0, size, 0));
        ++*count;
    } else {
        CHECK(holds(old, 0, old_size, i));
        *bytes -= old_size;
        if (random_below(3) > 0) {
            heap_free(old);
            blocks[i].bytes = NULL;
            --*count;
            return;
        }
        blocks[i].bytes = heap_resize(old, size);
        CHECK(blocks[i].bytes != NULL);
        CHECK(holds(blocks[i].bytes, 0, size < old_size ? size : old_size, i));
        if (size > old_size)
            CHECK(holds(blocks[i].bytes, old_size, size, 0));
    }
    blocks[i].size = size;
    *bytes += size;
    memset(blocks[i].bytes, (int)i, size);
}

static void random_against_model(void)
{
    start_with(8192);
    struct page_statistics pages;
    page_statistics(&pages);
    size_t bytes = 0, count = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        change_one(&bytes, &count);
        if (test_failures() > 0)
            return;
        if (i % 1000 != 0)
            continue;
        struct heap_statistics heap;
        heap_check();
        heap_statistics(&heap);
        CHECK_EQUAL(heap.allocations, count);
        CHECK_EQUAL(heap.bytes, bytes);
        CHECK_EQUAL(heap.pages, pages_used(pages.total));
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        heap_free(blocks[i].bytes);
        blocks[i].bytes = NULL;
    }
    struct heap_statistics heap;
    heap_statistics(&heap);
    CHECK_EQUAL(heap.allocations, 0);
    CHECK_EQUAL(heap.bytes, 0);
    CHECK(heap.pages <= 32); // one empty slab of each class may stay
    CHECK_EQUAL(heap.pages, pages_used(pages.total));
}

static void every_size_is_held_apart(void)
{
    start_with(8192);
    for (size_t size = 0; size < 5000; size++) {
        uint8_t *a = heap_alloc(size), *b = heap_alloc(size);
        CHECK(a && b && a != b);
        memset(a, 1, size);
        memset(b, 2, size);
        CHECK(holds(a, 0, size, 1));
        heap_free(a);
        heap_free(b);
    }
    heap_check();
}

static void no_memory_left(void)
{
    start_with(64);
    struct page_statistics before, after;
    void **chain = NULL, **block;
    while ((block = heap_alloc(400)) != NULL) {
        *block = chain;
        chain = block;
    }
    page_statistics(&before);
    CHECK_EQUAL(before.free, 0);
    CHECK(heap_alloc(100000) == NULL);
    char *text = heap_resize(chain, 3000); // no room: the block stays as it is
    CHECK(text == NULL);
    heap_check();
    while (chain) {
        block = chain;
        chain = *chain;
        heap_free(block);
    }
    page_statistics(&after);
    CHECK_EQUAL(after.free, after.total - 1);
}

static void absurd_sizes(void)
{
    start_with(64);
    CHECK(heap_alloc(HEAP_SIZE_MAX) == NULL);
    volatile size_t all = SIZE_MAX;
    CHECK(heap_alloc(all) == NULL);
    CHECK(heap_alloc(all / 2) == NULL);
    heap_free(NULL);
    void *block = heap_resize(NULL, 10);
    CHECK(block && heap_resize(block, all) == NULL);
    heap_free(block);
}

static void strings_are_copied(void)
{
    start_with(64);
    char *copy = heap_copy_string("tsumiki");
    CHECK_STRING(copy, "tsumiki");
    heap_free(copy);
    copy = heap_copy_string("");
    CHECK_STRING(copy, "");
    heap_free(copy);
}

static void every_byte_behind_a_block_is_watched(void)
{
    enum { BODY = 2 * BODY_STEP };
    static _Alignas(16) uint8_t room[sizeof(struct slot) + BODY];
    struct slot *slot = (void *)room, *behind = (void *)(room + sizeof room);
    uint8_t *bytes = room + sizeof *slot;
    for (size_t size = 0; size <= BODY; size++) {
        memset(room, 0, sizeof room);
        slot->spare = (uint16_t)(BODY - size);
        slot_guard(slot, behind);
        CHECK(holds(bytes, 0, size, 0));
        CHECK(slot_is_guarded(slot, behind));
        for (size_t i = size; i < BODY; i++) {
            bytes[i] ^= (uint8_t)(1 << i % 8);
            CHECK(!slot_is_guarded(slot, behind));
            bytes[i] ^= (uint8_t)(1 << i % 8);
        }
        memset(bytes, 0xff, size); // the owner may write what he likes
        CHECK(slot_is_guarded(slot, behind));
    }
    slot->spare = BODY + 8; // a damaged header
    CHECK(!slot_is_guarded(slot, behind));
}

static void every_byte_of_a_free_slot_is_watched(void)
{
    static _Alignas(16) uint8_t room[sizeof(struct slot) + 3 * BODY_STEP];
    struct slot *slot = (void *)room, *behind = (void *)(room + sizeof room);
    memset(room, 0xff, sizeof room);
    slot_clear(slot, behind);
    CHECK(slot_is_clear(slot, behind));
    for (size_t i = sizeof *slot; i < sizeof room; i++) {
        room[i] = 1;
        CHECK(!slot_is_clear(slot, behind));
        room[i] = 0;
    }
}

// Whatever the first byte of a tag becomes, it is no tag any more.
static void one_byte_breaks_a_tag(void)
{
    static _Alignas(16) uint8_t room[sizeof(struct slot)];
    struct slot *slot = (void *)room;
    static const enum tag tags[] = {SLOT_LIVE, SLOT_FREE, SLOT_FENCE};
    for (unsigned i = 0; i < 3; i++) {
        slot->tag = tag_for(slot, tags[i]);
        CHECK(slot_is(slot, tags[i]) && slot_is_any(slot));
        for (unsigned value = 1; value < 256; value++) {
            room[0] ^= (uint8_t)value; // the first byte: what is written past an end comes here
            CHECK(!slot_is_any(slot));
            room[0] ^= (uint8_t)value;
        }
        slot->tag = tag_for(slot + 1, tags[i]); // of another address
        CHECK(!slot_is_any(slot));
    }
}

const struct test unit_tests[] = {
    {"random against a model", random_against_model},
    {"every size is held apart", every_size_is_held_apart},
    {"no memory left", no_memory_left},
    {"absurd sizes", absurd_sizes},
    {"strings are copied", strings_are_copied},
    {"every byte behind a block is watched", every_byte_behind_a_block_is_watched},
    {"every byte of a free slot is watched", every_byte_of_a_free_slot_is_watched},
    {"one byte breaks a tag", one_byte_breaks_a_tag},
    {0},
};
