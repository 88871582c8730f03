// SPDX-License-Identifier: MIT
//
// Ethernet: frames go to the protocol that they are for, or nowhere.
#include "net/ethernet.h"

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

static struct {
    unsigned count, broadcasts, multicasts;
    uint32_t total;
    uintptr_t address;
} got;

static void take(struct net_device *device, struct packet *packet)
{
    (void)device;
    got.count++;
    got.broadcasts += packet->is_broadcast;
    got.multicasts += packet->is_multicast;
    got.total = packet->total;
    got.address = (uintptr_t)packet->data;
    packet_put(packet);
}

static void frames_go_to_their_protocol(void)
{
    static const struct ethernet_protocol ip = {"ip", ETHERNET_IPV4, take};
    static const struct ethernet_protocol *const protocols[] = {&ip, NULL};
    uint8_t bytes[64] = {0x52, 0x54, 0, 0, 0, 1, [12] = 0x08, [13] = 0x00};
    card_begin();
    ethernet_init(protocols);
    ethernet_attach(&card.device);
    card_receive(bytes, sizeof(bytes));
    CHECK_EQUAL(got.count, 1);
    CHECK_EQUAL(got.total, 50);
    CHECK_EQUAL(got.address % 4, 0);
    bytes[5] = 2; // somebody else's
    card_receive(bytes, sizeof(bytes));
    memset(bytes, 0xff, 6);
    card_receive(bytes, sizeof(bytes));
    bytes[0] = 0x01;
    card_receive(bytes, sizeof(bytes));
    CHECK_EQUAL(got.count, 3);
    CHECK_EQUAL(got.broadcasts, 1);
    CHECK_EQUAL(got.multicasts, 1);
    bytes[13] = 1; // a protocol that we do not have
    card_receive(bytes, sizeof(bytes));
    card_receive(bytes, 13); // no header
    CHECK_EQUAL(got.count, 3);
    CHECK_EQUAL(card.device.received.dropped, 2);
    CHECK_EQUAL(card.device.received.errors, 1);
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void a_header_is_put_in_front(void)
{
    static const uint8_t to[MAC_SIZE] = {2, 3, 4, 5, 6, 7};
    char text[MAC_TEXT_SIZE];
    card_begin();
    ethernet_send(&card.device, card_frame(46), to, ETHERNET_ARP);
    const uint8_t *bytes = card.sent[0]->data;
    CHECK_EQUAL(card.sent[0]->total, 60);
    CHECK_STRING(ethernet_print(bytes, text), "02:03:04:05:06:07");
    CHECK_STRING(ethernet_print(bytes + 6, text), "52:54:00:00:00:01");
    CHECK_EQUAL(be16_read(bytes + 12), ETHERNET_ARP);
    card_clear();
}

const struct test unit_tests[] = {
    {"frames go to their protocol", frames_go_to_their_protocol},
    {"a header is put in front", a_header_is_put_in_front},
    {0},
};
