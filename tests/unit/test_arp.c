// SPDX-License-Identifier: MIT
//
// ARP: neighbours are asked for and remembered, and nobody is believed who was not asked.
#include "arp_link.h"

void unit_setup(const struct boot_info *boot)
{
    arp_setup(boot);
}

static void asks_and_then_sends_what_waited(void)
{
    arp_begin();
    arp_send_to(PEER, 1);
    arp_send_to(PEER, 2);
    CHECK_EQUAL(card.count, 1); // one question for both
    CHECK(arp_is_sent(0, REQUEST, US, PEER, ethernet_broadcast));
    CHECK_EQUAL(arp_state_of(PEER), ARP_INCOMPLETE);
    arp_hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(arp_state_of(PEER), ARP_REACHABLE);
    CHECK_EQUAL(card.count, 3);
    CHECK_EQUAL(card.sent[1]->data[14], 1);
    CHECK_EQUAL(card.sent[2]->data[14], 2);
    CHECK_EQUAL(memcmp(card.sent[1]->data, peer_mac, MAC_SIZE), 0);
    arp_send_to(PEER, 3);
    CHECK_EQUAL(card.count, 4);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void few_packets_wait_and_the_oldest_goes(void)
{
    arp_begin();
    for (unsigned i = 0; i < 40; i++)
        arp_send_to(PEER, (uint8_t)i);
    CHECK_EQUAL(card_live_pieces(), 16 + 1); // and the question
    arp_hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(card.count, 17);
    CHECK_EQUAL(card.sent[1]->data[14], 24);
    CHECK_EQUAL(card.sent[16]->data[14], 39);
    card_clear();
    for (unsigned i = 0; i < 200; i++) // many neighbours with one packet each
        arp_send_to(IPV4(10, 0, 3, i), 0);
    CHECK_EQUAL(card_live_pieces() - card.count, 128);
    arp_flush(&card.device);
    CHECK_EQUAL(unreachable, 128);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void answers_who_asks_for_us_and_nobody_else(void)
{
    arp_begin();
    arp_hear(REQUEST, peer_mac, PEER, OTHER);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(arp_entries(), 0);
    arp_hear(REQUEST, peer_mac, PEER, US);
    CHECK_EQUAL(card.count, 1);
    CHECK(arp_is_sent(0, REPLY, US, PEER, peer_mac));
    CHECK_EQUAL(arp_state_of(PEER), ARP_STALE);
    arp_hear(REQUEST, other_mac, 0, US); // a probe: it is ours
    CHECK(arp_is_sent(1, REPLY, US, 0, other_mac));
    CHECK_EQUAL(arp_entries(), 1);
    arp_set_address(&card.device, 0);
    arp_hear(REQUEST, peer_mac, PEER, US);
    arp_hear(REQUEST, peer_mac, PEER, 0);
    CHECK_EQUAL(card.count, 2);
    card_clear();
}

static void nobody_is_believed_unasked(void)
{
    arp_begin();
    arp_hear(REPLY, peer_mac, PEER, US);
    arp_hear(REPLY, peer_mac, PEER, PEER);
    arp_hear(REQUEST, peer_mac, PEER, PEER); // gratuitous
    CHECK_EQUAL(arp_entries(), 0);
    arp_set(&card.device, PEER, peer_mac);
    arp_hear(REPLY, other_mac, PEER, US);
    arp_send_to(PEER, 0);
    CHECK_EQUAL(memcmp(card.sent[0]->data, peer_mac, MAC_SIZE), 0);
    CHECK_EQUAL(arp_state_of(PEER), ARP_PERMANENT);
    arp_flush(&card.device);
    CHECK_EQUAL(arp_entries(), 1);
    CHECK_EQUAL(arp_forget(PEER), 0);
    CHECK_EQUAL(arp_forget(PEER), -ENOENT);
    card_clear();
}

// Whether the next packet goes to that card.
static bool goes_to(const uint8_t *mac)
{
    card_clear();
    arp_send_to(PEER, 0);
    bool result = memcmp(card.sent[0]->data, mac, MAC_SIZE) == 0;
    card_clear();
    return result;
}

// Reply or request, asked for or not: the known one is asked, alone and once, and that holds.
static void another_who_says_so_is_not_believed(void)
{
    for (unsigned operation = REQUEST; operation <= REPLY; operation++) {
        arp_begin();
        arp_send_to(PEER, 0);
        arp_hear(REPLY, peer_mac, PEER, US);
        card_clear();
        arp_hear(operation, other_mac, PEER, PEER);
        arp_hear(operation, other_mac, PEER, PEER);
        CHECK_EQUAL(card.count, 1);
        CHECK(arp_is_sent(0, REQUEST, US, PEER, peer_mac));
        CHECK(goes_to(peer_mac));
        arp_hear(REPLY, peer_mac, PEER, US);
        CHECK_EQUAL(arp_state_of(PEER), ARP_REACHABLE);
        CHECK(goes_to(peer_mac));
    }
    arp_begin();
    arp_hear(REQUEST, peer_mac, PEER, US); // stale, and nobody asks for it yet
    arp_hear(REQUEST, other_mac, PEER, US);
    CHECK(goes_to(peer_mac));
}

static void stale_ones_are_used_and_asked(void)
{
    arp_begin();
    arp_hear(REQUEST, peer_mac, PEER, US);
    card_clear();
    arp_send_to(PEER, 0);
    arp_send_to(PEER, 0);
    CHECK_EQUAL(card.count, 3); // two packets, one question, to that neighbour alone
    CHECK(arp_is_sent(1, REQUEST, US, PEER, peer_mac));
    arp_hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(arp_state_of(PEER), ARP_REACHABLE);
    card_clear();
}

// Who sends there has no answer: it is asked although it was heard of lately, with what is
// sent next.
static void suspected_ones_are_asked(void)
{
    arp_begin();
    arp_suspect(&card.device, PEER); // of that nobody knows anything
    arp_send_to(PEER, 0);
    arp_hear(REPLY, peer_mac, PEER, US);
    arp_suspect(&card.device, PEER);
    card_clear();
    arp_send_to(PEER, 0);
    CHECK_EQUAL(card.count, 2);
    CHECK(arp_is_sent(1, REQUEST, US, PEER, peer_mac));
    arp_hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(arp_state_of(PEER), ARP_REACHABLE);
    card_clear();
}

static void the_table_is_bounded(void)
{
    arp_begin();
    arp_send_to(PEER, 0);
    arp_hear(REPLY, peer_mac, PEER, US);
    for (unsigned i = 0; i < 2 * TABLE; i++) {
        arp_send_to(IPV4(10, 1, i / 256, i % 256), 0);
        card_clear();
    }
    CHECK_EQUAL(arp_entries(), TABLE);
    CHECK_EQUAL(arp_state_of(PEER), ARP_REACHABLE); // those who do not answer go first
    arp_begin();
    for (unsigned i = 0; i < 2 * TABLE; i++) // a crowd that asks
        arp_hear(REQUEST, peer_mac, IPV4(10, 1, i / 256, i % 256), US);
    CHECK_EQUAL(arp_entries(), TABLE);
    arp_begin();
    for (unsigned i = 0; i < TABLE; i++)
        CHECK_EQUAL(arp_set(&card.device, IPV4(10, 1, 0, i), peer_mac), 0);
    CHECK_EQUAL(arp_set(&card.device, PEER, peer_mac), -ENOMEM);
    arp_send_to(PEER, 0); // no place for it: dropped
    CHECK_EQUAL(card.count, 0);
    for (unsigned i = 0; i < TABLE; i++)
        arp_forget(IPV4(10, 1, 0, i));
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

// Every bit of a request for us flipped once, and every length: no crash, and no answer to
// what is no request for us.
static void nonsense_is_dropped(void)
{
    arp_begin();
    struct arp_test_message right = arp_message(REQUEST, peer_mac, PEER, US), wrong;
    for (unsigned bit = 12 * 8; bit < 22 * 8; bit++) {
        wrong = right;
        ((uint8_t *)&wrong)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        card_receive(&wrong, sizeof(wrong));
        CHECK_EQUAL(card.count, 0);
        CHECK_EQUAL(arp_entries(), 0);
    }
    for (size_t size = 0; size < sizeof(right); size++)
        card_receive(&right, size);
    arp_hear(REQUEST, ethernet_broadcast, PEER, US); // nobody has a group's address
    arp_hear(REQUEST, peer_mac, IPV4(127, 0, 0, 1), US);
    arp_hear(REQUEST, peer_mac, IPV4(224, 0, 0, 1), US);
    arp_hear(REQUEST, peer_mac, IPV4(255, 255, 255, 255), US);
    arp_hear(REQUEST, card.device.mac, US, US); // our own, come back
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(arp_entries(), 0);
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void a_cable_that_is_out_forgets_them(void)
{
    arp_begin();
    arp_send_to(PEER, 0);
    arp_hear(REPLY, peer_mac, PEER, US);
    arp_send_to(OTHER, 0);
    card_clear();
    netdev_link(&card.device, false);
    CHECK_EQUAL(arp_entries(), 0);
    CHECK_EQUAL(unreachable, 1);
    netdev_link(&card.device, true);
    CHECK(arp_is_sent(0, REQUEST, US, US, ethernet_broadcast)); // we are here again
    card_clear();
}

const struct test unit_tests[] = {
    {"asks, and then sends what waited", asks_and_then_sends_what_waited},
    {"few packets wait, and the oldest goes", few_packets_wait_and_the_oldest_goes},
    {"answers who asks for us and nobody else", answers_who_asks_for_us_and_nobody_else},
    {"nobody is believed unasked", nobody_is_believed_unasked},
    {"another who says so is not believed", another_who_says_so_is_not_believed},
    {"stale ones are used and asked", stale_ones_are_used_and_asked},
    {"suspected ones are asked", suspected_ones_are_asked},
    {"the table is bounded", the_table_is_bounded},
    {"nonsense is dropped", nonsense_is_dropped},
    {"a cable that is out forgets them", a_cable_that_is_out_forgets_them},
    {0},
};
