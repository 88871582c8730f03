// SPDX-License-Identifier: MIT
//
// ARP: neighbours are asked for and remembered, nobody is believed who was not asked, our own
// address is announced, probed and defended.
#include "net/arp.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "net/address.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "fake_card.h"

#define US    IPV4(10, 0, 2, 15)
#define PEER  IPV4(10, 0, 2, 2)
#define OTHER IPV4(10, 0, 2, 3)

enum { REQUEST = 1, REPLY = 2, TABLE = 256, MS = 1000000 };

static const uint8_t peer_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 2};
static const uint8_t other_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 3};

static unsigned unreachable; // packets that came back

static void count_unreachable(struct packet *packet)
{
    unreachable++;
    packet_put(packet);
}

void unit_setup(const struct boot_info *boot)
{
    static const struct ethernet_protocol *const protocols[] = {&arp_protocol, NULL};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
    card_add();
    ethernet_init(protocols);
    ethernet_attach(&card.device);
    arp_init();
    arp_set_unreachable(count_unreachable);
}

static void begin(void)
{
    arp_flush(&card.device);
    arp_forget(PEER);
    arp_set_address(&card.device, US);
    card_clear();
    unreachable = 0;
}

static size_t live(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

// ---- Messages ---------------------------------------------------------------------------

struct message {
    uint8_t to[MAC_SIZE], from[MAC_SIZE], fixed[8]; // up to the sizes
    uint8_t operation[2], sender[MAC_SIZE], sender_ip[4], target[MAC_SIZE], target_ip[4];
};

static struct message message(unsigned operation, const uint8_t *mac, be32 sender, be32 target)
{
    struct message made = {.fixed = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4},
                           .operation = {0, (uint8_t)operation}};
    memcpy(made.to, card.device.mac, MAC_SIZE);
    memcpy(made.from, mac, MAC_SIZE);
    memcpy(made.sender, mac, MAC_SIZE);
    memcpy(made.sender_ip, &sender, 4);
    memcpy(made.target_ip, &target, 4);
    return made;
}

static void hear(unsigned operation, const uint8_t *mac, be32 sender, be32 target)
{
    struct message made = message(operation, mac, sender, target);
    card_receive(&made, sizeof(made));
}

// Whether the i-th frame that was sent is that.
static bool is_sent(unsigned i, unsigned operation, be32 sender, be32 target, const uint8_t *to)
{
    struct message sent;
    if (i >= card.count || card.sent[i]->total != sizeof(sent))
        return false;
    packet_read(card.sent[i], 0, &sent, sizeof(sent));
    return sent.operation[1] == operation && memcmp(sent.sender_ip, &sender, 4) == 0 &&
           memcmp(sent.target_ip, &target, 4) == 0 && memcmp(sent.to, to, MAC_SIZE) == 0 &&
           memcmp(sent.sender, card.device.mac, MAC_SIZE) == 0;
}

static void send_to(be32 next_hop, uint8_t number)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 1);
    *(uint8_t *)packet_extend(packet, 1) = number;
    arp_send(&card.device, packet, next_hop);
}

static int state_of(be32 ip)
{
    struct arp_entry_info info;
    for (unsigned i = 0; arp_next(i, &info); i++) {
        if (info.ip == ip)
            return (int)info.state;
    }
    return -1;
}

static unsigned entries(void)
{
    struct arp_entry_info info;
    unsigned count = 0;
    while (arp_next(count, &info))
        count++;
    return count;
}

// ---- Neighbours -------------------------------------------------------------------------

static void asks_and_then_sends_what_waited(void)
{
    begin();
    send_to(PEER, 1);
    send_to(PEER, 2);
    CHECK_EQUAL(card.count, 1); // one question for both
    CHECK(is_sent(0, REQUEST, US, PEER, ethernet_broadcast));
    CHECK_EQUAL(state_of(PEER), ARP_INCOMPLETE);
    hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(state_of(PEER), ARP_REACHABLE);
    CHECK_EQUAL(card.count, 3);
    CHECK_EQUAL(card.sent[1]->data[14], 1);
    CHECK_EQUAL(card.sent[2]->data[14], 2);
    CHECK_EQUAL(memcmp(card.sent[1]->data, peer_mac, MAC_SIZE), 0);
    send_to(PEER, 3);
    CHECK_EQUAL(card.count, 4);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void few_packets_wait_and_the_oldest_goes(void)
{
    begin();
    for (unsigned i = 0; i < 40; i++)
        send_to(PEER, (uint8_t)i);
    CHECK_EQUAL(live(), 16 + 1); // and the question
    hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(card.count, 17);
    CHECK_EQUAL(card.sent[1]->data[14], 24);
    CHECK_EQUAL(card.sent[16]->data[14], 39);
    card_clear();
    for (unsigned i = 0; i < 200; i++) // many neighbours with one packet each
        send_to(IPV4(10, 0, 3, i), 0);
    CHECK_EQUAL(live() - card.count, 128);
    arp_flush(&card.device);
    CHECK_EQUAL(unreachable, 128);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void answers_who_asks_for_us_and_nobody_else(void)
{
    begin();
    hear(REQUEST, peer_mac, PEER, OTHER);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(entries(), 0);
    hear(REQUEST, peer_mac, PEER, US);
    CHECK_EQUAL(card.count, 1);
    CHECK(is_sent(0, REPLY, US, PEER, peer_mac));
    CHECK_EQUAL(state_of(PEER), ARP_STALE);
    hear(REQUEST, other_mac, 0, US); // a probe: it is ours
    CHECK(is_sent(1, REPLY, US, 0, other_mac));
    CHECK_EQUAL(entries(), 1);
    arp_set_address(&card.device, 0);
    hear(REQUEST, peer_mac, PEER, US);
    hear(REQUEST, peer_mac, PEER, 0);
    CHECK_EQUAL(card.count, 2);
    card_clear();
}

static void nobody_is_believed_unasked(void)
{
    begin();
    hear(REPLY, peer_mac, PEER, US);
    hear(REPLY, peer_mac, PEER, PEER);
    hear(REQUEST, peer_mac, PEER, PEER); // gratuitous
    CHECK_EQUAL(entries(), 0);
    arp_set(&card.device, PEER, peer_mac);
    hear(REPLY, other_mac, PEER, US);
    send_to(PEER, 0);
    CHECK_EQUAL(memcmp(card.sent[0]->data, peer_mac, MAC_SIZE), 0);
    CHECK_EQUAL(state_of(PEER), ARP_PERMANENT);
    arp_flush(&card.device);
    CHECK_EQUAL(entries(), 1);
    CHECK_EQUAL(arp_forget(PEER), 0);
    CHECK_EQUAL(arp_forget(PEER), -ENOENT);
    card_clear();
}

static void a_neighbour_may_move(void)
{
    begin();
    send_to(PEER, 0);
    hear(REPLY, peer_mac, PEER, US);
    hear(REQUEST, other_mac, PEER, PEER); // announced: another card has the address now
    card_clear();
    send_to(PEER, 0);
    CHECK_EQUAL(memcmp(card.sent[0]->data, other_mac, MAC_SIZE), 0);
    card_clear();
}

static void stale_ones_are_used_and_asked(void)
{
    begin();
    hear(REQUEST, peer_mac, PEER, US);
    card_clear();
    send_to(PEER, 0);
    send_to(PEER, 0);
    CHECK_EQUAL(card.count, 3); // two packets, one question, to that neighbour alone
    CHECK(is_sent(1, REQUEST, US, PEER, peer_mac));
    hear(REPLY, peer_mac, PEER, US);
    CHECK_EQUAL(state_of(PEER), ARP_REACHABLE);
    card_clear();
}

static void the_table_is_bounded(void)
{
    begin();
    send_to(PEER, 0);
    hear(REPLY, peer_mac, PEER, US);
    for (unsigned i = 0; i < 2 * TABLE; i++) {
        send_to(IPV4(10, 1, i / 256, i % 256), 0);
        card_clear();
    }
    CHECK_EQUAL(entries(), TABLE);
    CHECK_EQUAL(state_of(PEER), ARP_REACHABLE); // those who do not answer go first
    begin();
    for (unsigned i = 0; i < 2 * TABLE; i++) // a crowd that asks
        hear(REQUEST, peer_mac, IPV4(10, 1, i / 256, i % 256), US);
    CHECK_EQUAL(entries(), TABLE);
    begin();
    for (unsigned i = 0; i < TABLE; i++)
        CHECK_EQUAL(arp_set(&card.device, IPV4(10, 1, 0, i), peer_mac), 0);
    CHECK_EQUAL(arp_set(&card.device, PEER, peer_mac), -ENOMEM);
    send_to(PEER, 0); // no place for it: dropped
    CHECK_EQUAL(card.count, 0);
    for (unsigned i = 0; i < TABLE; i++)
        arp_forget(IPV4(10, 1, 0, i));
    card_clear();
    CHECK_EQUAL(live(), 0);
}

// Every bit of a request for us flipped once, and every length: no crash, and no answer to
// what is no request for us.
static void nonsense_is_dropped(void)
{
    begin();
    struct message right = message(REQUEST, peer_mac, PEER, US), wrong;
    for (unsigned bit = 12 * 8; bit < 22 * 8; bit++) {
        wrong = right;
        ((uint8_t *)&wrong)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        card_receive(&wrong, sizeof(wrong));
        CHECK_EQUAL(card.count, 0);
        CHECK_EQUAL(entries(), 0);
    }
    for (size_t size = 0; size < sizeof(right); size++)
        card_receive(&right, size);
    hear(REQUEST, ethernet_broadcast, PEER, US); // nobody has a group's address
    hear(REQUEST, peer_mac, IPV4(127, 0, 0, 1), US);
    hear(REQUEST, peer_mac, IPV4(224, 0, 0, 1), US);
    hear(REQUEST, peer_mac, IPV4(255, 255, 255, 255), US);
    hear(REQUEST, card.device.mac, US, US); // our own, come back
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(entries(), 0);
    CHECK_EQUAL(live(), 0);
}

static void a_cable_that_is_out_forgets_them(void)
{
    begin();
    send_to(PEER, 0);
    hear(REPLY, peer_mac, PEER, US);
    send_to(OTHER, 0);
    card_clear();
    netdev_link(&card.device, false);
    CHECK_EQUAL(entries(), 0);
    CHECK_EQUAL(unreachable, 1);
    netdev_link(&card.device, true);
    CHECK(is_sent(0, REQUEST, US, US, ethernet_broadcast)); // we are here again
    card_clear();
}

// ---- Our own address --------------------------------------------------------------------

static unsigned conflicts;

static void count_conflict(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE])
{
    conflicts += device == &card.device && ip == US && by[5] == peer_mac[5];
}

static void our_address_is_defended_once(void)
{
    begin();
    conflicts = 0;
    arp_set_conflict(count_conflict);
    hear(REPLY, peer_mac, US, PEER);
    CHECK_EQUAL(card.count, 1);
    CHECK(is_sent(0, REQUEST, US, US, ethernet_broadcast));
    CHECK_EQUAL(conflicts, 0);
    CHECK_EQUAL(entries(), 0);
    hear(REQUEST, peer_mac, US, US); // goes on all the same
    CHECK_EQUAL(card.count, 1);      // no war of announcements
    CHECK_EQUAL(conflicts, 1);
    card_clear();
}

static struct {
    unsigned ends;
    bool is_taken;
    uint8_t by;
} probed;

static void probe_ended(void *context, bool is_taken, const uint8_t by[MAC_SIZE])
{
    CHECK(context == &probed);
    probed.ends++;
    probed.is_taken = is_taken;
    probed.by = by ? by[5] : 0;
}

static void a_probe_finds_who_has_it(void)
{
    begin();
    arp_set_address(&card.device, 0);
    for (unsigned i = 0; i < 3; i++) {
        probed.ends = 0;
        card_clear();
        CHECK_EQUAL(arp_probe(&card.device, US, probe_ended, &probed), 0);
        CHECK_EQUAL(arp_probe(&card.device, US, probe_ended, &probed), -EBUSY);
        CHECK(is_sent(0, REQUEST, 0, US, ethernet_broadcast)); // from nobody
        hear(REQUEST, peer_mac, PEER, US); // asks for it: that is no claim
        CHECK_EQUAL(probed.ends, 0);
        if (i == 0)
            hear(REPLY, peer_mac, US, 0); // has it
        else if (i == 1)
            hear(REQUEST, peer_mac, US, PEER); // talks from it
        else
            hear(REQUEST, peer_mac, 0, US); // probes it, too
        CHECK_EQUAL(probed.ends, 1);
        CHECK(probed.is_taken);
        CHECK_EQUAL(probed.by, peer_mac[5]);
    }
    card_clear();
}

// What takes its time, all at once.
static void silence_ends_everything(void)
{
    begin();
    probed.ends = 0;
    arp_set_address(&card.device, US); // announced now and in two seconds
    hear(REQUEST, other_mac, OTHER, US);
    card_clear();
    send_to(PEER, 0);
    send_to(OTHER, 0); // stale
    CHECK_EQUAL(arp_probe(&card.device, IPV4(10, 0, 2, 99), probe_ended, &probed), 0);
    timer_sleep(5200ull * MS);
    unsigned asked = 0, announced = 0, probes = 0;
    for (unsigned i = 0; i < card.count; i++) {
        asked += is_sent(i, REQUEST, US, PEER, ethernet_broadcast);
        announced += is_sent(i, REQUEST, US, US, ethernet_broadcast);
        probes += is_sent(i, REQUEST, 0, IPV4(10, 0, 2, 99), ethernet_broadcast);
    }
    CHECK_EQUAL(asked, 3);
    CHECK_EQUAL(announced, 1);
    CHECK_EQUAL(probes, 3);
    CHECK_EQUAL(unreachable, 1);
    CHECK_EQUAL(state_of(PEER), -1);
    CHECK_EQUAL(state_of(OTHER), ARP_INCOMPLETE); // asked alone in vain; now everybody is
    CHECK_EQUAL(probed.ends, 1);
    CHECK(!probed.is_taken);
    arp_flush(&card.device);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

const struct test unit_tests[] = {
    {"asks, and then sends what waited", asks_and_then_sends_what_waited},
    {"few packets wait, and the oldest goes", few_packets_wait_and_the_oldest_goes},
    {"answers who asks for us and nobody else", answers_who_asks_for_us_and_nobody_else},
    {"nobody is believed unasked", nobody_is_believed_unasked},
    {"a neighbour may move", a_neighbour_may_move},
    {"stale ones are used and asked", stale_ones_are_used_and_asked},
    {"the table is bounded", the_table_is_bounded},
    {"nonsense is dropped", nonsense_is_dropped},
    {"a cable that is out forgets them", a_cable_that_is_out_forgets_them},
    {"our address is defended once", our_address_is_defended_once},
    {"a probe finds who has it", a_probe_finds_who_has_it},
    {"silence ends everything", silence_ends_everything},
    {0},
};
