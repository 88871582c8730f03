// SPDX-License-Identifier: MIT
//
// Channels: order, room, deadlines, interruptions, closing, and that nothing gets lost.
#include "channel.h"
#include "error.h"
#include "machine.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "timer.h"
#include "unit.h"

enum { MS = 1000000 }; // nanoseconds

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
}

// ---- Helpers: threads that do one thing and note how it ended -----------------------
static struct channel *channel;

enum { DOERS = 4 };
struct doer {
    struct thread *thread;
    uint64_t deadline_ns;
    int result;
    uint64_t item;
    unsigned order; // when it was done: 1, 2 ...; 0: not yet
};
static struct doer doers[DOERS];
static unsigned done;

static void finish(struct doer *doer, int result)
{
    doer->result = result;
    doer->order = ++done;
}

static void send_item(void *argument)
{
    struct doer *doer = argument;
    finish(doer, channel_send(channel, &doer->item, doer->deadline_ns));
}

static void receive_item(void *argument)
{
    struct doer *doer = argument;
    finish(doer, channel_receive(channel, &doer->item, doer->deadline_ns));
}

// Starts all doers and lets each come as far as it does. Their items are 100, 101 ...
static void start_doers(void (*function)(void *doer))
{
    done = 0;
    for (unsigned i = 0; i < DOERS; i++) {
        doers[i] = (struct doer){.deadline_ns = MACHINE_NEVER, .item = 100 + i};
        doers[i].thread = thread_create("doer", function, &doers[i]);
    }
    thread_yield();
}

static void join_doers(void)
{
    for (unsigned i = 0; i < DOERS; i++)
        thread_join(doers[i].thread, NULL, MACHINE_NEVER);
}

static void sends_in_order_and_waits_when_full(void)
{
    uint64_t item = 0;

    channel = channel_create("test", sizeof item, 2);
    CHECK(channel);
    start_doers(send_item);
    CHECK_EQUAL(done, 2);
    // Room goes to who has waited for it, not to who comes now.
    CHECK_EQUAL(channel_receive(channel, &item, MACHINE_NEVER), 0);
    CHECK_EQUAL(item, 100);
    CHECK_EQUAL(channel->count, 2);
    for (unsigned i = 1; i < DOERS; i++) {
        CHECK_EQUAL(channel_receive(channel, &item, MACHINE_NEVER), 0);
        CHECK_EQUAL(item, 100 + i);
    }
    CHECK_EQUAL(channel_receive(channel, &item, timer_deadline_after(MS)), -ETIMEDOUT);
    join_doers();
    channel_destroy(channel);
}

static void receivers_are_served_in_order(void)
{
    channel = channel_create("test", sizeof(uint64_t), 1);
    start_doers(receive_item);
    thread_interrupt(doers[2].thread);
    for (uint64_t item = 1; item <= 3; item++)
        CHECK_EQUAL(channel_send(channel, &item, 0), 0);
    join_doers();
    CHECK_EQUAL(doers[0].item, 1);
    CHECK_EQUAL(doers[1].item, 2);
    CHECK_EQUAL(doers[2].result, -EINTR);
    CHECK_EQUAL(doers[3].item, 3);
    CHECK_EQUAL(channel->count, 0);
    channel_destroy(channel);
}

static void a_full_one_times_out(void)
{
    uint64_t item = 1;

    channel = channel_create("test", sizeof item, 1);
    CHECK_EQUAL(channel_send(channel, &item, 0), 0);
    item = 2;
    CHECK_EQUAL(channel_send(channel, &item, timer_deadline_after(MS)), -ETIMEDOUT);
    CHECK_EQUAL(channel_receive(channel, &item, 0), 0);
    CHECK_EQUAL(item, 1);
    CHECK_EQUAL(channel->count, 0); // what was not sent does not arrive
    channel_destroy(channel);
}

static void closing_wakes_everybody(void)
{
    uint64_t item = 0;

    channel = channel_create("test", sizeof item, 1);
    start_doers(send_item);
    channel_close(channel);
    join_doers();
    CHECK_EQUAL(doers[0].result, 0);
    for (unsigned i = 1; i < DOERS; i++)
        CHECK_EQUAL(doers[i].result, -EPIPE);
    CHECK_EQUAL(channel_send(channel, &item, MACHINE_NEVER), -EPIPE);
    CHECK_EQUAL(channel_receive(channel, &item, MACHINE_NEVER), 0); // what was sent arrives
    CHECK_EQUAL(item, 100);
    CHECK_EQUAL(channel_receive(channel, &item, MACHINE_NEVER), -EPIPE);
    channel_destroy(channel);

    channel = channel_create("test", sizeof item, 1);
    start_doers(receive_item);
    channel_close(channel);
    join_doers();
    for (unsigned i = 0; i < DOERS; i++)
        CHECK_EQUAL(doers[i].result, -EPIPE);
    channel_destroy(channel);
}

static void carries_items_of_any_size(void)
{
    static const size_t sizes[] = {1, 3, 4, 8, 12, 100, 5000};
    static unsigned char sent[5000], received[5001];

    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        channel = channel_create("test", sizes[s], 3);
        CHECK(channel);
        for (unsigned i = 0; i < 10; i++) { // goes around the ring
            memset(sent, (int)i, sizes[s]);
            memset(received, 0xff, sizeof received);
            CHECK_EQUAL(channel_send(channel, sent, 0), 0);
            CHECK_EQUAL(channel_receive(channel, received + 1, 0), 0); // in any place
            CHECK_EQUAL(memcmp(sent, received + 1, sizes[s]), 0);
            CHECK_EQUAL(received[0], 0xff);
        }
        channel_destroy(channel);
    }
}

static void impossible_ones_are_refused(void)
{
    CHECK(!channel_create("empty", 8, 0));
    CHECK(!channel_create("huge", SIZE_MAX / 2, 3));
    CHECK(!channel_create("huge", SIZE_MAX, 1));
}

// ---- Everything at once -------------------------------------------------------------
enum { SENDERS = 8, RECEIVERS = 5, ITEMS = 500 };
static struct {
    uint64_t random;
    uint64_t sent, received; // sums of the items
    unsigned timeouts;
} traffic;

static unsigned random_below(unsigned limit)
{
    return unit_random(&traffic.random) % limit;
}

static uint64_t random_deadline(void)
{
    return random_below(2) ? MACHINE_NEVER : timer_deadline_after(random_below(MS / 10));
}

static void pause_at_random(void)
{
    if (random_below(4) == 0)
        thread_yield();
    else if (random_below(16) == 0)
        timer_sleep(random_below(MS / 2));
}

static void send_many(void *argument)
{
    uint64_t sender = (uintptr_t)argument;

    for (uint64_t i = 1; i <= ITEMS; i++) {
        uint64_t item = i * SENDERS + sender;
        while (channel_send(channel, &item, random_deadline()) == -ETIMEDOUT)
            traffic.timeouts++;
        traffic.sent += item;
        pause_at_random();
    }
}

static void receive_many(void *argument)
{
    uint64_t item = 0;
    int error;

    while ((error = channel_receive(channel, &item, random_deadline())) != -EPIPE) {
        if (error == -ETIMEDOUT) {
            traffic.timeouts++;
            continue;
        }
        traffic.received += item;
        pause_at_random();
    }
}

static void nothing_is_lost_in_traffic(void)
{
    struct thread *senders[SENDERS], *receivers[RECEIVERS];
    size_t before = unit_free_pages();

    memset(&traffic, 0, sizeof traffic);
    traffic.random = machine_clock_ns() | 1;
    print("    seed %llu\n", (unsigned long long)traffic.random);
    channel = channel_create("traffic", sizeof(uint64_t), 3);
    for (uintptr_t i = 0; i < SENDERS; i++)
        senders[i] = thread_create("sender", send_many, (void *)i);
    for (uintptr_t i = 0; i < RECEIVERS; i++)
        receivers[i] = thread_create("receiver", receive_many, NULL);
    for (unsigned i = 0; i < SENDERS; i++)
        CHECK_EQUAL(thread_join(senders[i], NULL, MACHINE_NEVER), 0);
    channel_close(channel);
    for (unsigned i = 0; i < RECEIVERS; i++)
        CHECK_EQUAL(thread_join(receivers[i], NULL, MACHINE_NEVER), 0);
    channel_destroy(channel);

    CHECK_EQUAL(traffic.received, traffic.sent);
    CHECK(traffic.timeouts > 0);
    CHECK(!thread_hooks()->has_deadline());
    CHECK_EQUAL(unit_free_pages(), before);
}

const struct test unit_tests[] = {
    {"a channel keeps the order and waits when full", sends_in_order_and_waits_when_full},
    {"receivers are served in the order of arrival", receivers_are_served_in_order},
    {"a send that times out sends nothing", a_full_one_times_out},
    {"closing wakes everybody, what was sent arrives", closing_wakes_everybody},
    {"items may have any size", carries_items_of_any_size},
    {"impossible channels are refused", impossible_ones_are_refused},
    {"nothing is lost in random traffic", nothing_is_lost_in_traffic},
    {0},
};
