// SPDX-License-Identifier: MIT
//
// What a network device cannot do is done for it: every segment is right, to the byte.
#include "net/netdev.h"

#include "boot/board.h"
#include "heap.h"
#include "net/checksum.h"
#include "page.h"
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

// A TCP packet with `size` bytes of data in pieces of `piece`, as IP hands it down.
static struct packet *tcp_packet(size_t size, size_t piece, uint16_t segment_size)
{
    struct packet *packet = card_frame(HEADERS);
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
    card_begin();
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
    CHECK_EQUAL(card_live_pieces(), 0);
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
    card_begin();
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
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void a_device_that_can_gets_it_whole(void)
{
    card_begin();
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
    CHECK_EQUAL(card_live_pieces(), 0);
}

static void nonsense_is_dropped(void)
{
    card_begin();
    struct packet *packet = tcp_packet(3000, 4000, 1448);
    packet->transport[12] = 15 << 4; // a header of 60 bytes, which are not in the first piece
    netdev_transmit(&card.device, packet);
    packet = tcp_packet(100, 100, 0);
    packet->checksum_offset = 5000;
    netdev_transmit(&card.device, packet);
    CHECK_EQUAL(card.count, 0);
    CHECK_EQUAL(card.device.sent.errors, 2);
    CHECK_EQUAL(card_live_pieces(), 0);
}

const struct test unit_tests[] = {
    {"checksums are completed", checksums_are_completed},
    {"large packets are cut", large_packets_are_cut},
    {"a device that can gets it whole", a_device_that_can_gets_it_whole},
    {"nonsense is dropped", nonsense_is_dropped},
    {0},
};
