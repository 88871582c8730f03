// SPDX-License-Identifier: MIT
//
// Network devices and Ethernet: what is sent arrives at the driver, once and in order; what the
// device cannot do is done; what comes in goes where it belongs.
#include "net/netdev.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "net/checksum.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "fake_card.h"

enum { HEADERS = 14 + 20 + 32 }; // Ethernet, IPv4, TCP with timestamps

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    card_add();
}

static size_t live(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

static void begin(void)
{
    card_clear();
    thread_yield(); // nothing is left to be started
    card.starts = 0;
    card.device.can_checksum = card.device.can_segment = false;
    card.device.sent = card.device.received = (struct net_counters){0};
}

static struct packet *frame(size_t size)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    memset(packet_extend(packet, size), 0x55, size);
    return packet;
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
    begin();
    for (unsigned i = 0; i < 10; i++)
        netdev_transmit(&card.device, frame(60));
    CHECK_EQUAL(card.count, 10);
    CHECK_EQUAL(card.starts, 0);
    thread_yield();
    CHECK_EQUAL(card.starts, 1);
    netdev_start_all();
    CHECK_EQUAL(card.starts, 1);
    CHECK_EQUAL(card.device.sent.packets, 10);
    CHECK_EQUAL(card.device.sent.bytes, 600);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void what_has_no_room_waits_in_order(void)
{
    begin();
    card.room = 3;
    for (unsigned i = 0; i < NETDEV_QUEUE_MAX + 5; i++) {
        struct packet *packet = frame(60);
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
    netdev_transmit(&card.device, frame(60)); // does not overtake
    CHECK_EQUAL(card.count, 5);
    card.room = CARD_FRAMES;
    netdev_has_room(&card.device);
    CHECK_EQUAL(card.device.waiting_count, 0);
    for (unsigned i = 0; i < NETDEV_QUEUE_MAX + 3; i++)
        CHECK_EQUAL(card.sent[i]->data[0], (uint8_t)i);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void a_cable_that_is_out_drops(void)
{
    begin();
    card.room = 1;
    netdev_transmit(&card.device, frame(60));
    netdev_transmit(&card.device, frame(60)); // waits
    netdev_link(&card.device, false);
    CHECK_EQUAL(card.device.waiting_count, 0);
    netdev_transmit(&card.device, frame(60));
    CHECK_EQUAL(card.device.sent.dropped, 2);
    netdev_link(&card.device, true);
    card.room = 1;
    netdev_transmit(&card.device, frame(60));
    CHECK_EQUAL(card.count, 2);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void frames_that_are_too_long_or_fail_are_counted(void)
{
    begin();
    netdev_transmit(&card.device, frame(1514));
    netdev_transmit(&card.device, frame(1515));
    CHECK_EQUAL(card.count, 1);
    CHECK_EQUAL(card.device.sent.dropped, 1);
    card.error = -EIO;
    netdev_transmit(&card.device, frame(60));
    CHECK_EQUAL(card.device.sent.errors, 1);
    CHECK_EQUAL(card.device.sent.packets, 1);
    card_clear();
    CHECK_EQUAL(live(), 0);
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
    begin();
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
    begin();
    netdev_tap_add(&tap);
    netdev_transmit(&card.device, frame(70));
    card_receive("0123456789", 10);
    netdev_tap_remove(&tap);
    netdev_transmit(&card.device, frame(70));
    CHECK_EQUAL(seen_sent, 70);
    CHECK_EQUAL(seen_received, 10);
    CHECK_EQUAL(card.device.received.packets, 1);
    CHECK_EQUAL(card.device.received.dropped, 1); // nobody is above
    card_clear();
}

// ---- What the device cannot do ----------------------------------------------------------

// A TCP packet with `size` bytes of data in pieces of `piece`, as IP hands it down.
static struct packet *tcp_packet(size_t size, size_t piece, uint16_t segment_size)
{
    struct packet *packet = frame(HEADERS);
    uint8_t *ip = packet->data + 14, *tcp = ip + 20;
    memset(packet->data, 0, HEADERS);
    ip[0] = 0x45;
    ip[9] = 6;
    be16_write(ip + 2, (uint16_t)(20 + 32 + size));
    be16_write(ip + 4, 1000);
    be32_write(ip + 12, 0x0a00020f);
    be32_write(ip + 16, 0x0a000202);
    tcp[12] = 8 << 4;
    tcp[13] = 0x19; // FIN, PSH, ACK
    be32_write(tcp + 4, 0xfffffff0);
    packet->network = ip;
    packet->transport = tcp;
    packet->checksum = PACKET_CHECKSUM_PARTIAL;
    packet->checksum_start = 20;
    packet->checksum_offset = 16;
    packet->segment_size = segment_size;
    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        struct packet *data = packet_alloc(0, part);
        uint8_t *bytes = packet_extend(data, part);
        for (size_t i = 0; i < part; i++)
            bytes[i] = (uint8_t)(at + i);
        packet_append(packet, data);
    }
    // The pseudo header's sum (RFC 9293, 3.1).
    be16 rest[2] = {to_be16(6), to_be16((uint16_t)(32 + size))};
    be16 sum = (be16)~checksum_finish(checksum_add(checksum_add(0, ip + 12, 8), rest, 4));
    memcpy(tcp + 16, &sum, 2);
    return packet;
}

static bool is_checksum_right(const struct packet *packet)
{
    const uint8_t *ip = packet->data + 14;
    size_t tcp_size = packet->total - 34;
    be16 rest[2] = {to_be16(6), to_be16((uint16_t)tcp_size)};
    uint64_t sum = checksum_add(checksum_add(0, ip + 12, 8), rest, 4);
    return checksum_finish(checksum_packet(sum, packet, 34, tcp_size)) == 0;
}

static void checksums_are_completed(void)
{
    begin();
    for (size_t size = 0; size < 1440; size += 37)
        netdev_transmit(&card.device, tcp_packet(size, 100, 0));
    for (unsigned i = 0; i < card.count; i++)
        CHECK(is_checksum_right(card.sent[i]));
    card_clear();
    card.device.can_checksum = true;
    netdev_transmit(&card.device, tcp_packet(100, 100, 0));
    CHECK(!is_checksum_right(card.sent[0])); // the device's work
    CHECK_EQUAL(card.sent[0]->checksum, PACKET_CHECKSUM_PARTIAL);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static bool has_data(const struct packet *packet, size_t first)
{
    uint8_t byte;
    for (size_t i = HEADERS; i < packet->total; i++) {
        packet_read(packet, i, &byte, 1);
        if (byte != (uint8_t)(first + i - HEADERS))
            return false;
    }
    return true;
}

static void large_packets_are_cut(void)
{
    begin();
    size_t size = 60001, step = 1448;
    netdev_transmit(&card.device, tcp_packet(size, 7000, (uint16_t)step));
    CHECK_EQUAL(card.count, (size + step - 1) / step);
    for (unsigned i = 0; i < card.count; i++) {
        const struct packet *packet = card.sent[i];
        const uint8_t *ip = packet->data + 14, *tcp = ip + 20;
        bool is_last = i + 1 == card.count;
        CHECK_EQUAL(packet->total, HEADERS + (is_last ? size - i * step : step));
        CHECK_EQUAL(be16_read(ip + 2), packet->total - 14);
        CHECK_EQUAL(be16_read(ip + 4), 1000 + i);
        CHECK_EQUAL(checksum_finish(checksum_add(0, ip, 20)), 0);
        CHECK_EQUAL(be32_read(tcp + 4), (uint32_t)(0xfffffff0 + i * step));
        CHECK_EQUAL(tcp[13], is_last ? 0x19 : 0x10); // FIN and PSH: the last one
        CHECK(is_checksum_right(packet));
        CHECK(has_data(packet, i * step));
    }
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void a_device_that_can_gets_it_whole(void)
{
    begin();
    card.device.can_checksum = card.device.can_segment = true;
    netdev_transmit(&card.device, tcp_packet(30000, 4000, 1448));
    CHECK_EQUAL(card.count, 1);
    CHECK_EQUAL(card.sent[0]->segment_size, 1448);
    card_clear();
    card.device.can_segment = false; // cuts no packets, but completes their checksums
    netdev_transmit(&card.device, tcp_packet(3000, 4000, 1448));
    CHECK_EQUAL(card.count, 3);
    CHECK_EQUAL(card.sent[2]->checksum, PACKET_CHECKSUM_PARTIAL);
    CHECK_EQUAL(card.sent[2]->checksum_start, 20);
    card_clear();
    CHECK_EQUAL(live(), 0);
}

static void nonsense_is_dropped(void)
{
    begin();
    struct packet *packet = tcp_packet(3000, 4000, 1448);
    packet->transport[12] = 15 << 4; // a header of 60 bytes, which are not in the first piece
    netdev_transmit(&card.device, packet);
    packet = tcp_packet(100, 100, 0);
    packet->checksum_offset = 5000;
    netdev_transmit(&card.device, packet);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(card.device.sent.errors, 2);
    CHECK_EQUAL(live(), 0);
}

// ---- Ethernet ---------------------------------------------------------------------------

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
    begin();
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
    CHECK_EQUAL(live(), 0);
}

static void a_header_is_put_in_front(void)
{
    static const uint8_t to[MAC_SIZE] = {2, 3, 4, 5, 6, 7};
    char text[MAC_TEXT_SIZE];
    begin();
    ethernet_send(&card.device, frame(46), to, ETHERNET_ARP);
    const uint8_t *bytes = card.sent[0]->data;
    CHECK_EQUAL(card.sent[0]->total, 60);
    CHECK_STRING(ethernet_print(bytes, text), "02:03:04:05:06:07");
    CHECK_STRING(ethernet_print(bytes + 6, text), "52:54:00:00:00:01");
    CHECK_EQUAL(be16_read(bytes + 12), ETHERNET_ARP);
    card_clear();
}

static void one_that_is_gone_takes_nothing(void)
{
    begin();
    netdev_gone(&card.device);
    netdev_transmit(&card.device, frame(60));
    card_receive("0123456789", 10);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(card.device.sent.dropped, 1);
    CHECK_EQUAL(card.device.received.dropped, 1);
    CHECK_EQUAL(live(), 0);
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
    {"checksums are completed", checksums_are_completed},
    {"large packets are cut", large_packets_are_cut},
    {"a device that can gets it whole", a_device_that_can_gets_it_whole},
    {"nonsense is dropped", nonsense_is_dropped},
    {"frames go to their protocol", frames_go_to_their_protocol},
    {"a header is put in front", a_header_is_put_in_front},
    {"one that is gone takes nothing", one_that_is_gone_takes_nothing},
    {0},
};
