// SPDX-License-Identifier: MIT
//
// The network card's driver: frames go out, whole and with the right header, and are freed.
#include "virtio_net_card.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
}

// The device takes a request of the send queue. How many bytes it has; the first ones are
// copied to `header`.
static size_t take_sent(uint8_t header[HEADER])
{
    net_at_queue(SEND);
    struct fake_chain chain = fake_take();
    const struct virtq_desc *desc;
    size_t total = 0;
    while ((desc = fake_next(&chain))) {
        if (total == 0)
            memcpy(header, fake_memory(desc->address), HEADER);
        total += desc->length;
    }
    fake_use(chain.head, 0);
    return total;
}

static void the_header_says_what_is_to_be_done(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, ""));
    netdev_transmit(net_got.net, net_packet(60, 1));
    CHECK_EQUAL(take_sent(header), HEADER + 60);
    for (unsigned i = 0; i < HEADER; i++)
        CHECK_EQUAL(header[i], 0);
    struct packet *packet = net_packet(66, 700);
    packet->transport = packet->network + 20;
    packet->transport[12] = 8 << 4;
    packet->checksum = PACKET_CHECKSUM_PARTIAL;
    packet->checksum_start = 20;
    packet->checksum_offset = 16;
    packet->segment_size = 1448;
    netdev_transmit(net_got.net, packet); // has very many pieces
    CHECK_EQUAL(take_sent(header), HEADER + 66 + 6990);
    CHECK_EQUAL(header[0], 1);
    CHECK_EQUAL(header[1], 1);
    CHECK_EQUAL(le16_read(header + 2), 66);
    CHECK_EQUAL(le16_read(header + 4), 1448);
    CHECK_EQUAL(le16_read(header + 6), 34);
    CHECK_EQUAL(le16_read(header + 8), 16);
    timer_sleep(60 * MS); // what was sent is freed without anybody asking
    CHECK_EQUAL(net_live_pieces(), 64);
}

static void a_full_queue_goes_on_when_there_is_room(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(0, "virtio_net.buffers=8"));
    net_at_queue(SEND);
    for (unsigned i = 0; i < 300; i++)
        netdev_transmit(net_got.net, net_packet(60, 1));
    CHECK_EQUAL(virtqueue_in_flight(fake.queue), 256);
    CHECK_EQUAL(net_got.net->waiting_count, 44);
    CHECK(fake.notifications > 0); // before the threads change: it has to get going
    for (unsigned i = 0; i < 256; i++) {
        uint16_t before = fake.queue->used->index;
        CHECK_EQUAL(take_sent(header), HEADER + 60);
        if (fake_would_interrupt(before))
            net_interrupt();
    }
    CHECK_EQUAL(net_got.net->waiting_count, 0);
    while (fake_has_request())
        take_sent(header);
    net_interrupt(); // which nobody has asked for: one of the other queue's
    CHECK(virtqueue_in_flight(fake.queue) > 0);
    timer_sleep(60 * MS);
    CHECK_EQUAL(virtqueue_in_flight(fake.queue), 0);
    CHECK_EQUAL(net_got.net->sent.packets, 300);
    CHECK_EQUAL(net_live_pieces(), 8);
}

static void what_was_sent_makes_no_interrupts(void)
{
    uint8_t header[HEADER];
    unsigned interrupts = 0;
    CHECK(net_begin(EVERYTHING, ""));
    net_at_queue(SEND);
    for (unsigned i = 0; i < 2000; i++) {
        netdev_transmit(net_got.net, net_packet(60, 1));
        uint16_t before = fake.queue->used->index;
        take_sent(header);
        interrupts += fake_would_interrupt(before);
    }
    CHECK_EQUAL(interrupts, 0);
    CHECK(virtqueue_in_flight(fake.queue) <= 128); // what has been sent goes as others come
}

const struct test unit_tests[] = {
    {"the header says what is to be done", the_header_says_what_is_to_be_done},
    {"a full queue goes on when there is room", a_full_queue_goes_on_when_there_is_room},
    {"what was sent makes no interrupts", what_was_sent_makes_no_interrupts},
    {0},
};
