// SPDX-License-Identifier: MIT
//
// The block cache against a model: several threads do what they like to two disks, which end
// their requests in any order.
#include "cached_disk.h"
#include "heap.h"
#include "print.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(LIMIT * CACHE_BLOCK_SIZE);
}

enum {
    MODEL_THREADS = 4,
    MODEL_STEPS = 400,
    MODEL_BLOCKS = DISK_BLOCKS / MODEL_THREADS, // of each thread, which no other changes
    MODEL_PIECE = 48 * CACHE_BLOCK_SIZE,        // some go past the cache
};

static struct {
    struct ram_disk *disks[2];
    uint8_t *contents; // of one half of each disk, as it must be
    uint64_t random;
    unsigned wrong, errors;
} model;

static uint64_t random_below(uint64_t limit)
{
    return unit_random(&model.random) % limit;
}

struct region {
    struct block_device *device;
    uint64_t offset; // on the device
    uint8_t *contents, *buffer;
};

static void model_bytes(const struct region *region, bool write)
{
    uint64_t size = 1 + random_below(random_below(2) ? 9000 : MODEL_PIECE);
    uint64_t at = random_below(MODEL_BLOCKS * CACHE_BLOCK_SIZE - size);
    if (random_below(2)) { // whole blocks
        at = at / CACHE_BLOCK_SIZE * CACHE_BLOCK_SIZE;
        size = (size + CACHE_BLOCK_SIZE - 1) / CACHE_BLOCK_SIZE * CACHE_BLOCK_SIZE;
    }
    uint8_t *bytes = region->buffer + random_below(8);
    if (!write) {
        model.errors += cache_read(region->device, region->offset + at, bytes, size) != 0;
        model.wrong += memcmp(bytes, region->contents + at, size) != 0;
        return;
    }
    uint8_t value = (uint8_t)random_below(256);
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value + i / 64);
    memcpy(region->contents + at, bytes, size);
    model.errors += cache_write(region->device, region->offset + at, bytes, size) != 0;
}

// Changes a block in place, sometimes under a hold, sleeping here and there.
static void model_block(const struct region *region)
{
    uint64_t number = random_below(MODEL_BLOCKS), at = number * CACHE_BLOCK_SIZE;
    struct cache_block *block;
    bool fresh = random_below(4) == 0, hold = random_below(2);
    uint64_t on_device = region->offset / CACHE_BLOCK_SIZE + number;
    int error = fresh ? cache_get_new(region->device, on_device, &block)
                      : cache_get(region->device, on_device, &block);
    model.errors += error != 0;
    if (error)
        return;
    if (fresh)
        memset(region->contents + at, 0, CACHE_BLOCK_SIZE);
    model.wrong += memcmp(block->data, region->contents + at, CACHE_BLOCK_SIZE) != 0;
    if (fresh)
        cache_mark_dirty(block);
    if (hold) {
        cache_hold(block);
        timer_sleep(random_below(3) * 1000);
    }
    cache_prepare(block);
    memset(block->data + 100, (int)number, 1000);
    memset(region->contents + at + 100, (int)number, 1000);
    cache_mark_dirty(block);
    timer_sleep(random_below(3) * 1000);
    if (hold)
        cache_release_hold(block);
    cache_put(block);
}

static void run_model(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    struct ram_disk *disk = model.disks[number % 2];
    uint64_t size = MODEL_BLOCKS * CACHE_BLOCK_SIZE;
    struct region region = {&disk->device, number * size, model.contents + number * size,
                            heap_alloc(MODEL_PIECE + CACHE_BLOCK_SIZE + 8)};
    for (unsigned i = 0; i < MODEL_STEPS; i++) {
        switch (random_below(8)) {
        case 0: // a reader of the other's region: what it sees may be anything
            model.errors += cache_read(region.device, random_below(size * 4 - 5000),
                                       region.buffer, 5000) != 0;
            break;
        case 1:
            if (random_below(10) == 0)
                model.errors += cache_sync(region.device) != 0;
            break;
        case 2:
        case 3:
            model_block(&region);
            break;
        case 4:
        case 5:
            model_bytes(&region, true);
            break;
        default:
            model_bytes(&region, false);
        }
    }
    heap_free(region.buffer);
}

static void random_operations_agree_with_a_model(void)
{
    uint64_t size = MODEL_BLOCKS * CACHE_BLOCK_SIZE;
    struct thread *threads[MODEL_THREADS];
    model.random = machine_clock_ns() | 1;
    print("seed %llu ", (unsigned long long)model.random);
    model.contents = heap_alloc(MODEL_THREADS * size);
    for (unsigned i = 0; i < 2; i++) {
        model.disks[i] = ram_disk_create(DISK_SECTORS);
        model.disks[i]->in_any_order = true;
        model.disks[i]->random = model.random + 2 * i;
        model.disks[i]->device.segments_max = i ? 7 : 64;
    }
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        memcpy(model.contents + i * size, model.disks[i % 2]->bytes + i * size, size);
    for (uintptr_t i = 0; i < MODEL_THREADS; i++)
        threads[i] = thread_create("model", run_model, (void *)i);
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        thread_join(threads[i], NULL, MACHINE_NEVER);
    CHECK_EQUAL(model.errors, 0);
    CHECK_EQUAL(model.wrong, 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQUAL(cache_drop(&model.disks[i]->device), 0);
        CHECK_EQUAL(model.disks[i]->torn, 0);
    }
    CHECK_EQUAL(now().blocks, 0);
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        CHECK(memcmp(model.contents + i * size, model.disks[i % 2]->bytes + i * size, size) ==
              0);
    heap_free(model.contents);
}

const struct test unit_tests[] = {
    {"random operations agree with a model", random_operations_agree_with_a_model},
    {0},
};
