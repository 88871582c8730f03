// SPDX-License-Identifier: MIT
//
// ARP: our own address is probed, announced and defended; silence ends what waits.
#include "arp_link.h"

void unit_setup(const struct boot_info *boot)
{
    arp_setup(boot);
}

static unsigned conflicts;

static void count_conflict(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE])
{
    conflicts += device == &card.device && ip == US && by[5] == peer_mac[5];
}

static void our_address_is_defended_once(void)
{
    arp_begin();
    conflicts = 0;
    arp_set_conflict(count_conflict);
    arp_hear(REPLY, peer_mac, US, PEER);
    CHECK_EQUAL(card.count, 1);
    CHECK(arp_is_sent(0, REQUEST, US, US, ethernet_broadcast));
    CHECK_EQUAL(conflicts, 0);
    CHECK_EQUAL(arp_entries(), 0);
    arp_hear(REQUEST, peer_mac, US, US); // goes on all the same
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
    arp_begin();
    arp_set_address(&card.device, 0);
    for (unsigned i = 0; i < 3; i++) {
        probed.ends = 0;
        card_clear();
        CHECK_EQUAL(arp_probe(&card.device, US, probe_ended, &probed), 0);
        CHECK_EQUAL(arp_probe(&card.device, US, probe_ended, &probed), -EBUSY);
        CHECK(arp_is_sent(0, REQUEST, 0, US, ethernet_broadcast)); // from nobody
        arp_hear(REQUEST, peer_mac, PEER, US); // asks for it: that is no claim
        CHECK_EQUAL(probed.ends, 0);
        if (i == 0)
            arp_hear(REPLY, peer_mac, US, 0); // has it
        else if (i == 1)
            arp_hear(REQUEST, peer_mac, US, PEER); // talks from it
        else
            arp_hear(REQUEST, peer_mac, 0, US); // probes it, too
        CHECK_EQUAL(probed.ends, 1);
        CHECK(probed.is_taken);
        CHECK_EQUAL(probed.by, peer_mac[5]);
    }
    card_clear();
}

// What takes its time, all at once. A neighbour that has moved to another card is silent at the
// old one: then everybody is asked.
static void silence_ends_everything(void)
{
    const be32 moved = IPV4(10, 0, 2, 4);
    arp_begin();
    probed.ends = 0;
    arp_set_address(&card.device, US); // announced now and in two seconds
    arp_hear(REQUEST, other_mac, OTHER, US);
    arp_hear(REQUEST, peer_mac, moved, US);
    card_clear();
    arp_hear(REQUEST, other_mac, moved, moved);
    arp_send_to(PEER, 0);
    arp_send_to(OTHER, 0); // stale
    CHECK_EQUAL(arp_probe(&card.device, IPV4(10, 0, 2, 99), probe_ended, &probed), 0);
    timer_sleep(3300ull * MS);
    unsigned asked = 0, announced = 0, probes = 0;
    for (unsigned i = 0; i < card.count; i++) {
        asked += arp_is_sent(i, REQUEST, US, PEER, ethernet_broadcast);
        announced += arp_is_sent(i, REQUEST, US, US, ethernet_broadcast);
        probes += arp_is_sent(i, REQUEST, 0, IPV4(10, 0, 2, 99), ethernet_broadcast);
    }
    CHECK_EQUAL(asked, 3);
    CHECK_EQUAL(announced, 1);
    CHECK_EQUAL(probes, 3);
    CHECK_EQUAL(unreachable, 1);
    CHECK_EQUAL(arp_state_of(PEER), -1);
    CHECK_EQUAL(arp_state_of(OTHER), ARP_INCOMPLETE); // asked alone in vain; now everybody is
    CHECK_EQUAL(arp_state_of(moved), ARP_INCOMPLETE);
    arp_hear(REPLY, other_mac, moved, US);
    CHECK_EQUAL(arp_state_of(moved), ARP_REACHABLE);
    CHECK_EQUAL(probed.ends, 1);
    CHECK(!probed.is_taken);
    arp_flush(&card.device);
    card_clear();
    CHECK_EQUAL(card_live_pieces(), 0);
}

const struct test unit_tests[] = {
    {"our address is defended once", our_address_is_defended_once},
    {"a probe finds who has it", a_probe_finds_who_has_it},
    {"silence ends everything", silence_ends_everything},
    {0},
};
