// SPDX-License-Identifier: MIT
//
// virtqueue.c: when a device is told of requests, and when it is to tell us, by flags and by
// event indexes, also where these wrap around.
#include "boot/board.h"
#include "heap.h"
#include "page.h"
#include "string.h"
#include "test.h"
#include "unit.h"
#include "virtio_device.h"

enum { SIZE = 8 };

static struct virtqueue *queue;
static char byte;
static const struct segment one = {&byte, 1};

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

// So many requests from end to end, to bring the indexes to a place.
static void advance(unsigned count)
{
    uint32_t length;
    for (unsigned i = 0; i < count; i++) {
        virtqueue_submit(queue, &one, 1, 0, &byte);
        virtqueue_notify(queue);
        fake_use(fake_take().head, 0);
        virtqueue_collect(queue, &length);
        virtqueue_collect(queue, &length);
    }
    fake.notifications = 0;
}

static void notifies_by_flag(void)
{
    begin_with(0);
    fake.queue->used->flags = VIRTQ_USED_NO_NOTIFY;
    virtqueue_submit(queue, &one, 1, 0, &byte);
    virtqueue_notify(queue);
    CHECK_EQUAL(fake.notifications, 0);
    fake.queue->used->flags = 0;
    virtqueue_submit(queue, &one, 1, 0, &byte);
    virtqueue_submit(queue, &one, 1, 0, &byte);
    virtqueue_notify(queue);
    CHECK_EQUAL(fake.notifications, 1);
}

// The device wants to hear when the index goes past `event`.
static void check_event(uint16_t start, uint16_t event, unsigned count, unsigned expected)
{
    begin_with(VIRTIO_F_EVENT_IDX);
    advance(start);
    CHECK_EQUAL(queue->avail->index, start);
    *queue->avail_event = event;
    for (unsigned i = 0; i < count; i++)
        virtqueue_submit(queue, &one, 1, 0, &byte);
    virtqueue_notify(queue);
    CHECK_EQUAL(fake.notifications, expected);
}

static void notifies_by_event_index(void)
{
    check_event(0, 0, 1, 1);
    check_event(0, 1, 1, 0);
    check_event(0, 1, 2, 1);
    check_event(5, 4, 3, 0); // it has been told of that one
    check_event(65533, 65535, 2, 0);
    check_event(65533, 65535, 3, 1);
    check_event(65535, 65535, 1, 1);
    check_event(65535, 0, 1, 0);
    check_event(65535, 0, 2, 1);
    check_event(65535, 65534, 4, 0);
}

static void interrupts_by_flag(void)
{
    begin_with(0);
    CHECK_EQUAL(fake.queue->avail->flags, 0);
    virtqueue_submit(queue, &one, 1, 0, &byte);
    virtqueue_submit(queue, &one, 1, 0, &byte);
    fake_use(fake_take().head, 0);
    virtio_queues_interrupt(fake.device);
    CHECK_EQUAL(fake.completions, 1);
    // Not collected yet: the device need not say it again.
    CHECK_EQUAL(fake.queue->avail->flags, VIRTQ_AVAIL_NO_INTERRUPT);
    uint32_t length;
    CHECK(virtqueue_collect(queue, &length));
    CHECK(!virtqueue_collect(queue, &length));
    CHECK_EQUAL(fake.queue->avail->flags, 0);
    virtio_queues_interrupt(fake.device); // in vain: counted, not passed on
    CHECK_EQUAL(fake.completions, 1);
    CHECK_EQUAL(queue->counters.interrupts, 2);
}

static void interrupts_by_event_index(void)
{
    begin_with(VIRTIO_F_EVENT_IDX);
    advance(65534);
    uint32_t length;
    for (unsigned i = 0; i < 4; i++)
        virtqueue_submit(queue, &one, 1, 0, &byte);
    for (unsigned i = 0; i < 4; i++) {
        fake_use(fake_take().head, 0);
        // Of the first one only, until all that there is has been collected.
        CHECK_EQUAL(fake_would_interrupt((uint16_t)(65534 + i)), i == 0);
    }
    for (unsigned i = 0; i < 4; i++)
        CHECK(virtqueue_collect(queue, &length));
    CHECK_EQUAL(*queue->used_event, 65534);
    CHECK(!virtqueue_collect(queue, &length));
    CHECK_EQUAL(*queue->used_event, 2);
    CHECK_EQUAL(fake.queue->avail->flags, 0); // virtio 1.2, 2.7.7.1
}

static void nobody_asks_for_interrupts(void)
{
    for (unsigned i = 0; i < 2; i++) {
        begin_with(i == 0 ? 0 : VIRTIO_F_EVENT_IDX);
        virtqueue_destroy(queue);
        CHECK_EQUAL(virtqueue_create(fake.device, 0, SIZE, "quiet", NULL, &queue), 0);
        for (unsigned n = 0; n < 5; n++) {
            virtqueue_submit(queue, &one, 1, 0, &byte);
            fake_use(fake_take().head, 0);
            CHECK(!fake_would_interrupt((uint16_t)n));
        }
        uint32_t length;
        while (virtqueue_collect(queue, &length))
            ;
        CHECK_EQUAL(virtqueue_in_flight(queue), 0);
    }
}

// The device falls asleep, or finishes a request, while we look: what only a register's read
// brings out, on an emulator that leaves out barriers.
static void fall_asleep(void)
{
    *queue->avail_event = 0;
}

static void finish_one(void)
{
    fake.meanwhile = NULL;
    fake_use(fake_take().head, 0);
}

static void nothing_is_missed(void)
{
    begin_with(VIRTIO_F_EVENT_IDX);
    *queue->avail_event = 65535;
    virtqueue_submit(queue, &one, 1, 0, &byte);
    fake.meanwhile = fall_asleep;
    virtqueue_notify(queue);
    CHECK_EQUAL(fake.notifications, 1);

    uint32_t length;
    fake.meanwhile = finish_one;
    CHECK(virtqueue_collect(queue, &length) == &byte);
    CHECK(!virtqueue_collect(queue, &length));
}

const struct test unit_tests[] = {
    {"notifies by flag", notifies_by_flag},
    {"notifies by event index", notifies_by_event_index},
    {"interrupts by flag", interrupts_by_flag},
    {"interrupts by event index", interrupts_by_event_index},
    {"nobody asks for interrupts", nobody_asks_for_interrupts},
    {"nothing is missed", nothing_is_missed},
    {0},
};
