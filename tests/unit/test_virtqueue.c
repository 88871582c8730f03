// SPDX-License-Identifier: MIT
//
// virtqueue.c against a device made of variables: what it is handed, that nothing is lost
// where indexes wrap around, and that no lie of its does any harm.
#include "boot/board.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "unit.h"
#include "virtio_device.h"

enum { SIZE = 8, BUFFERS = 64, BUFFER_SIZE = 16 };

static struct virtqueue *queue;
static char buffers[BUFFERS][BUFFER_SIZE];

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static void begin_with(uint64_t features)
{
    queue = fake_begin(features, SIZE);
}

static const uint64_t all_features[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC,
                                        VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC};

static struct segment buffer(unsigned i)
{
    return (struct segment){buffers[i], BUFFER_SIZE};
}

// ---- Requests ---------------------------------------------------------------------------
static void check_request(uint64_t features)
{
    begin_with(features);
    const struct segment segments[] = {{buffers[0], 2}, buffer(1), buffer(2)};
    uint32_t length = 0;
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[0]), 0);
    CHECK_EQUAL(fake.notifications, 0);
    virtqueue_notify(queue);
    virtqueue_notify(queue); // nothing new: nothing to say
    CHECK_EQUAL(fake.notifications, 1);
    CHECK(virtqueue_collect(queue, &length) == NULL);

    CHECK(fake_has_request());
    struct fake_chain chain = fake_take();
    for (unsigned i = 0; i < 3; i++) {
        const struct virtq_desc *desc = fake_next(&chain);
        CHECK(desc);
        CHECK(fake_memory(desc->address) == segments[i].data);
        CHECK_EQUAL(desc->length, segments[i].size);
        CHECK_EQUAL(desc->flags & VIRTQ_DESC_WRITE, i == 0 ? 0 : VIRTQ_DESC_WRITE);
    }
    CHECK(fake_next(&chain) == NULL);
    CHECK(!fake_has_request());
    fake_use(chain.head, 2 * BUFFER_SIZE);
    CHECK(virtqueue_has_used(queue));
    CHECK(virtqueue_collect(queue, &length) == buffers[0]);
    CHECK_EQUAL(length, 2 * BUFFER_SIZE);
    CHECK(virtqueue_collect(queue, &length) == NULL);
    CHECK_EQUAL(queue->free_count, SIZE);
    CHECK_EQUAL(queue->counters.requests, 1);
    CHECK_EQUAL(queue->counters.completions, 1);
    CHECK_EQUAL(queue->counters.notifications, 1);
    CHECK_EQUAL(queue->counters.descriptors, queue->indirect ? 1 : 3);
}

static void hands_over_and_takes_back(void)
{
    for (unsigned i = 0; i < 4; i++)
        check_request(all_features[i]);
}

static void refuses_bad_requests(void)
{
    begin_with(0);
    struct segment segments[SIZE + 1];
    for (unsigned i = 0; i <= SIZE; i++)
        segments[i] = buffer(i);
    CHECK_EQUAL(virtqueue_segments_max(queue), SIZE);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 0, 0, buffers[0]), -EINVAL);
    CHECK_EQUAL(virtqueue_submit(queue, segments, SIZE, 1, buffers[0]), -EINVAL);
    segments[1].size = 0;
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 1, buffers[0]), -EINVAL);
    segments[1].size = (size_t)UINT32_MAX + 1; // more than a descriptor can say
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 1, buffers[0]), -EINVAL);
    segments[1] = buffer(1);
    CHECK(!fake_has_request());
    CHECK_EQUAL(queue->free_count, SIZE);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 0, SIZE, buffers[0]), 0);
    CHECK_EQUAL(queue->free_count, 0);
}

static void a_full_queue_says_busy(void)
{
    begin_with(0);
    const struct segment segments[] = {buffer(0), buffer(1), buffer(2)};
    uint32_t length;
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[0]), 0);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[1]), 0);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[2]), -EBUSY);
    CHECK(!virtqueue_is_full(queue));
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 1, buffers[2]), 0);
    CHECK(virtqueue_is_full(queue));
    CHECK_EQUAL(virtqueue_in_flight(queue), 3);
    fake_take();
    fake_use(fake_take().head, 0); // the second
    CHECK(virtqueue_collect(queue, &length) == buffers[1]);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[3]), 0);

    begin_with(VIRTIO_F_INDIRECT_DESC);
    for (unsigned i = 0; i < SIZE; i++) // one descriptor each
        CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[0]), 0);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 0, 1, buffers[0]), -EBUSY);
}

static void chooses_a_size(void)
{
    static const struct {
        uint32_t allowed;
        unsigned wanted;
        int result;
    } cases[] = {{0, 8, -ENOENT},  {3, 8, -EINVAL}, {4, 8, 4},          {1024, 8, 8},
                 {1000, 600, 512}, {7, 7, 4},       {UINT32_MAX, 9, 8}, {65536, 65536, 32768}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_with(0);
        virtqueue_destroy(queue);
        queue = NULL;
        fake.size_max = cases[i].allowed;
        int error =
            virtqueue_create(fake.device, 0, cases[i].wanted, "q", fake_completed, &queue);
        CHECK_EQUAL(error ? error : queue->size, cases[i].result);
    }
}

// ---- Wrapping around --------------------------------------------------------------------
static struct {
    struct {
        uint16_t head;
        uint32_t room;
    } taken[BUFFERS];
    unsigned taken_count;
    bool in_flight[BUFFERS];
    unsigned submitted, collected;
} traffic;

// Request number `i` has the buffer of that number, `count` times over.
static bool submit_some(uint64_t *state)
{
    for (unsigned i = 0; i < BUFFERS; i++) {
        if (traffic.in_flight[i])
            continue;
        struct segment segments[SIZE];
        unsigned count = 1 + (unsigned)(unit_random(state) % SIZE);
        for (unsigned j = 0; j < count; j++)
            segments[j] = buffer(i);
        unsigned in = (unsigned)(unit_random(state) % (count + 1));
        int error = virtqueue_submit(queue, segments, count - in, in, buffers[i]);
        if (error)
            return error == -EBUSY;
        traffic.in_flight[i] = true;
        traffic.submitted++;
    }
    return true;
}

// The device takes what there is and finishes some, in any order.
static void work(uint64_t *state)
{
    while (fake_has_request()) {
        struct fake_chain chain = fake_take();
        traffic.taken[traffic.taken_count].head = chain.head;
        uint32_t *room = &traffic.taken[traffic.taken_count++].room;
        *room = 0;
        for (const struct virtq_desc *desc; (desc = fake_next(&chain));)
            *room += desc->flags & VIRTQ_DESC_WRITE ? desc->length : 0;
    }
    while (traffic.taken_count > 0 && unit_random(state) % 4 != 0) {
        unsigned which = (unsigned)(unit_random(state) % traffic.taken_count);
        fake_use(traffic.taken[which].head, traffic.taken[which].room);
        traffic.taken[which] = traffic.taken[--traffic.taken_count];
    }
}

static bool collect_all(void)
{
    uint32_t length;
    for (char *cookie; (cookie = virtqueue_collect(queue, &length));) {
        unsigned i = (unsigned)(cookie - buffers[0]) / BUFFER_SIZE;
        if (i >= BUFFERS || !traffic.in_flight[i])
            return false;
        traffic.in_flight[i] = false;
        traffic.collected++;
    }
    return true;
}

// Far enough that the 16-bit indexes go around three times.
static void carry_traffic(uint64_t features, uint64_t seed)
{
    begin_with(features);
    memset(&traffic, 0, sizeof(traffic));
    while (traffic.submitted < 200000) {
        CHECK(submit_some(&seed));
        uint16_t used = fake.queue->used->index;
        work(&seed);
        // All had been collected, so whatever has come since is told.
        CHECK(fake.queue->used->index == used || fake_would_interrupt(used));
        CHECK(collect_all());
    }
    while (virtqueue_in_flight(queue) > 0) {
        work(&seed);
        CHECK(collect_all());
    }
    CHECK_EQUAL(traffic.collected, traffic.submitted);
    CHECK_EQUAL(queue->free_count, SIZE);
    CHECK(!fake.device->broken);
}

static void wraps_around(void)
{
    uint64_t seed = 20261122;
    print("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 4; i++)
        carry_traffic(all_features[i], seed);
}

// ---- Lies -------------------------------------------------------------------------------
static void lie_id_too_large(uint16_t head)
{
    fake_use(SIZE, 0);
}

static void lie_id_far_too_large(uint16_t head)
{
    fake_use(UINT32_MAX - 1, 0);
}

static void lie_id_not_in_flight(uint16_t head)
{
    fake_use((head + 3u) % SIZE, 0); // behind both chains
}

static void lie_inside_of_chain(uint16_t head)
{
    fake_use((head + 1u) % SIZE, 0);
}

static void lie_twice(uint16_t head)
{
    fake_use(head, 0);
    fake_use(head, 0);
}

static void lie_index_ahead(uint16_t head)
{
    fake.queue->used->index = (uint16_t)(fake.queue->used->index + 3);
}

static void lie_index_back(uint16_t head)
{
    fake.queue->used->index--;
}

static void lie_length(uint16_t head)
{
    fake_use(head, BUFFER_SIZE + 1);
}

static void lie_length_where_nothing_fits(uint16_t head)
{
    fake_use(fake_take().head, 1); // the second request has nothing to write to
}

// After each: broken, said once, nothing completes, all that is in flight is given up.
static void check_lie(uint64_t features, void (*lie)(uint16_t head), unsigned honest)
{
    begin_with(features);
    const struct segment segments[] = {buffer(0), buffer(1), buffer(2)};
    virtqueue_submit(queue, segments, 1, 1, buffers[0]);
    virtqueue_submit(queue, segments, 1, 0, buffers[1]);
    lie(fake_take().head);

    uint32_t length;
    for (unsigned i = 0; i < honest; i++)
        CHECK(virtqueue_collect(queue, &length));
    CHECK(virtqueue_collect(queue, &length) == NULL);
    CHECK(fake.device->broken);
    CHECK_EQUAL(fake.brokens, 1);
    CHECK_EQUAL(fake.status, VIRTIO_FAILED);
    CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 1, buffers[2]), -EIO);
    CHECK(virtqueue_collect(queue, &length) == NULL);
    virtqueue_notify(queue);
    CHECK_EQUAL(fake.notifications, 0);
    for (unsigned i = honest; i < 2; i++)
        CHECK(virtqueue_abandon(queue));
    CHECK(virtqueue_abandon(queue) == NULL);
    CHECK_EQUAL(virtqueue_in_flight(queue), 0);
    CHECK_EQUAL(queue->free_count, SIZE);
    CHECK_EQUAL(fake.brokens, 1);
}

static void survives_lies(void)
{
    static void (*const lies[])(uint16_t head) = {
        lie_id_too_large,     lie_id_far_too_large,
        lie_id_not_in_flight, lie_inside_of_chain,
        lie_index_ahead,      lie_index_back,
        lie_length,           lie_length_where_nothing_fits,
    };
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++)
        check_lie(0, lies[i], 0);
    check_lie(0, lie_twice, 1);
    check_lie(VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, lie_twice, 1);
    check_lie(VIRTIO_F_INDIRECT_DESC, lie_length, 0);
}

// What it scribbles over the descriptors does not reach what we keep.
static void believes_only_itself(void)
{
    begin_with(0);
    const struct segment segments[] = {buffer(0), buffer(1), buffer(2)};
    uint32_t length;
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_EQUAL(virtqueue_submit(queue, segments, 1, 2, buffers[0]), 0);
        CHECK_EQUAL(virtqueue_submit(queue, segments, 2, 0, buffers[1]), 0);
        uint16_t first = fake_take().head, second = fake_take().head;
        memset(fake.queue->desc, 0xff, SIZE * sizeof(struct virtq_desc));
        fake_use(second, 0);
        fake_use(first, 0);
        CHECK(virtqueue_collect(queue, &length) == buffers[1]);
        CHECK(virtqueue_collect(queue, &length) == buffers[0]);
        CHECK_EQUAL(queue->free_count, SIZE);
    }
    heap_check();
}

const struct test unit_tests[] = {
    {"hands over and takes back", hands_over_and_takes_back},
    {"refuses bad requests", refuses_bad_requests},
    {"a full queue says busy", a_full_queue_says_busy},
    {"chooses a size", chooses_a_size},
    {"wraps around", wraps_around},
    {"survives lies", survives_lies},
    {"believes only itself", believes_only_itself},
    {0},
};
