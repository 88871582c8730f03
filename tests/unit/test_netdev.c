// SPDX-License-Identifier: MIT
//
// Network devices: what is sent arrives at the driver, once and in order; what comes in is seen
// by who looks.
#include "net/netdev.h"

#include "boot/board.h"
#include "heap.h"
#include "page.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "fake_card.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    card_add();
}

// ---- Devices ----------------------------------------------------------------------------

static void devices_have_names(void)
{
    static struct net_device second = {.mtu = 1500}, same = {.name = "eth1", .mtu = 1500};
    static struct net_device narrow = {.mtu = 67};
    CHECK_STRING(card.device.name, "eth0");
    CHECK(netdev_find("eth0") == &card.device);
    CHECK(!netdev_find("eth1"));
    CHECK_EQUAL(netdev_add(&second), 0);
    CHECK_EQUAL(netdev_add(&same), -EEXIST);
    CHECK_EQUAL(netdev_add(&narrow), -EINVAL);
    CHECK(netdev_find("eth1") == &second);
    CHECK_EQUAL(second.index, card.device.index + 1);
    CHECK(netdev_next(NULL) == &card.device);
    CHECK(netdev_next(&card.device) == &second);
    CHECK(!netdev_next(&second));
}

// ---- Sending ----------------------------------------------------------------------------

static void many_frames_are_one_start(void)
{
    card_begin();
    for (unsigned i = 0; i < 10; i++)
        netdev_transmit(&card.device, card_frame(60));
    CHECK_EQUAL(card.count, 10);
    CHECK_EQUAL(card.starts, 0);
    thread_yield();
    CHECK_EQUAL(card.starts, 1);
    netdev_start_all();
    CHECK_EQUAL(card.starts, 1);
    CHECK_EQUAL(card.device.sent.packets, 10);
    CHECK_EQUAL(card.device.sent.bytes, 600);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void what_has_no_room_waits_in_order(void)
{
    card_begin();
    card.room = 3;
    for (unsigned i = 0; i < NETDEV_QUEUE_MAX + 5; i++) {
        struct packet *packet = card_frame(60);
        packet->data[0] = (uint8_t)i;
        netdev_transmit(&card.device, packet);
    }
    CHECK_EQUAL(card.count, 3);
    CHECK_EQUAL(card.device.waiting_count, NETDEV_QUEUE_MAX);
    CHECK_EQUAL(card.device.sent.dropped, 2); // the queue is bounded
    card.room = 2;
    netdev_has_room(&card.device);
    CHECK_EQUAL(card.count, 5);
    card.room = 1;
    netdev_transmit(&card.device, card_frame(60)); // does not overtake
    CHECK_EQUAL(card.count, 5);
    card.room = CARD_FRAMES;
    netdev_has_room(&card.device);
    CHECK_EQUAL(card.device.waiting_count, 0);
    for (unsigned i = 0; i < NETDEV_QUEUE_MAX + 3; i++)
        CHECK_EQUAL(card.sent[i]->data[0], (uint8_t)i);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void a_cable_that_is_out_drops(void)
{
    card_begin();
    card.room = 1;
    netdev_transmit(&card.device, card_frame(60));
    netdev_transmit(&card.device, card_frame(60)); // waits
    netdev_link(&card.device, false);
    CHECK_EQUAL(card.device.waiting_count, 0);
    netdev_transmit(&card.device, card_frame(60));
    CHECK_EQUAL(card.device.sent.dropped, 2);
    netdev_link(&card.device, true);
    card.room = 1;
    netdev_transmit(&card.device, card_frame(60));
    CHECK_EQUAL(card.count, 2);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void frames_that_are_too_long_or_fail_are_counted(void)
{
    card_begin();
    netdev_transmit(&card.device, card_frame(1514));
    netdev_transmit(&card.device, card_frame(1515));
    CHECK_EQUAL(card.count, 1);
    CHECK_EQUAL(card.device.sent.dropped, 1);
    card.error = -EIO;
    netdev_transmit(&card.device, card_frame(60));
    CHECK_EQUAL(card.device.sent.errors, 1);
    CHECK_EQUAL(card.device.sent.packets, 1);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static unsigned changes;

static void count_change(struct net_listener *listener, struct net_device *device)
{
    (void)listener;
    changes += device == &card.device;
}

static void listeners_hear_of_the_cable(void)
{
    static struct net_listener listener = {.changed = count_change};
    card_begin();
    netdev_listen(&listener);
    netdev_link(&card.device, true); // no change
    CHECK_EQUAL(changes, 0);
    netdev_link(&card.device, false);
    netdev_link(&card.device, true);
    CHECK_EQUAL(changes, 2);
}

static unsigned seen_sent, seen_received;

static void see(struct net_tap *tap, const struct net_device *device,
                const struct packet *packet, bool is_sent)
{
    (void)tap, (void)device;
    seen_sent += is_sent ? packet->total : 0;
    seen_received += is_sent ? 0 : packet->total;
}

static void taps_see_both_ways(void)
{
    static struct net_tap tap = {.frame = see};
    card_begin();
    netdev_tap_add(&tap);
    netdev_transmit(&card.device, card_frame(70));
    card_receive("0123456789", 10);
    netdev_tap_remove(&tap);
    netdev_transmit(&card.device, card_frame(70));
    CHECK_EQUAL(seen_sent, 70);
    CHECK_EQUAL(seen_received, 10);
    CHECK_EQUAL(card.device.received.packets, 1);
    CHECK_EQUAL(card.device.received.dropped, 1); // nobody is above
    card_clear();
}

static void one_that_is_gone_takes_nothing(void)
{
    card_begin();
    netdev_gone(&card.device);
    netdev_transmit(&card.device, card_frame(60));
    card_receive("0123456789", 10);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(card.device.sent.dropped, 1);
    CHECK_EQUAL(card.device.received.dropped, 1);
    CHECK_EQUAL(card_live_pieces(), 0);
}

const struct test unit_tests[] = {
    {"devices have names", devices_have_names},
    {"many frames are one start", many_frames_are_one_start},
    {"what has no room waits in order", what_has_no_room_waits_in_order},
    {"a cable that is out drops", a_cable_that_is_out_drops},
    {"frames that are too long or fail are counted",
     frames_that_are_too_long_or_fail_are_counted},
    {"listeners hear of the cable", listeners_hear_of_the_cable},
    {"taps see both ways", taps_see_both_ways},
    {"one that is gone takes nothing", one_that_is_gone_takes_nothing},
    {0},
};
