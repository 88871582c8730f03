// SPDX-License-Identifier: MIT
//
// The network card's driver: what it takes of what is offered, and frames that come in.
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

// ---- Coming to life ---------------------------------------------------------------------

static void takes_what_it_can_use(void)
{
    CHECK(net_begin(EVERYTHING | UINT64_C(1) << 20, ""));
    CHECK_EQUAL(fake.accepted & ~(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX), EVERYTHING);
    CHECK_EQUAL(net_got.net->mac[5], 9);
    CHECK_EQUAL(net_got.net->mtu, 1500);
    CHECK(net_got.net->can_checksum && net_got.net->can_segment && net_got.net->link_up);
    net_at_queue(RECEIVE);
    CHECK_EQUAL(virtqueue_in_flight(fake.queue), 64);
    CHECK_EQUAL(net_live_pieces(), 64);
    CHECK_EQUAL(fake.notifications, 1);
}

static void words_switch_features_off(void)
{
    CHECK(net_begin(EVERYTHING, "virtio_net.csum=0 virtio_net.mrg=0 virtio_net.buffers=16"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, GUEST_CSUM | MTU | MAC | STATUS);
    CHECK(!net_got.net->can_checksum && !net_got.net->can_segment);
    net_at_queue(RECEIVE);
    CHECK_EQUAL(virtqueue_in_flight(fake.queue), 16);
    CHECK(net_begin(EVERYTHING,
                    "virtio_net.guest_csum=0 virtio_net.mtu=0 virtio_net.status=0"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, CSUM | MAC | HOST_TSO4 | MRG_RXBUF);
    CHECK(net_begin(EVERYTHING, "virtio_net.tso=0 virtio_net.guest_tso=0"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, EVERYTHING & ~(HOST_TSO4 | GUEST_TSO4));
}

static void a_plain_card_will_do(void)
{
    CHECK(net_begin(0, ""));
    CHECK_EQUAL(net_got.net->mac[0] & 3, 2); // an address of our own making
    CHECK_EQUAL(net_got.net->mtu, 1500);
    CHECK(net_got.net->link_up);
}

static void a_card_that_makes_no_sense_is_refused(void)
{
    CHECK(net_begin(0, ""));
    net_config[10] = 67, net_config[11] = 0;
    CHECK(!net_start(MTU, ""));
    net_config[0] = 1;
    CHECK(!net_start(MAC, ""));
    CHECK_EQUAL(net_live_pieces(), 0);
}

static void long_packets_need_merged_buffers(void)
{
    CHECK(net_begin(0, ""));
    le16_write(net_config + 10, 9000);
    CHECK(net_start(MTU, ""));
    CHECK(net_got.net->mtu > 1500 && net_got.net->mtu < PAGE_SIZE);
    CHECK(net_start(MTU | MRG_RXBUF, ""));
    CHECK_EQUAL(net_got.net->mtu, 9000);
}

static void the_cable_is_looked_at(void)
{
    CHECK(net_begin(STATUS, ""));
    net_config[6] = 0;
    virtio_config_interrupt(fake.device);
    CHECK(!net_got.net->link_up);
    net_config[6] = 1;
    virtio_config_interrupt(fake.device);
    CHECK(net_got.net->link_up);
}

// ---- Receiving --------------------------------------------------------------------------

static void a_frame_stays_where_it_was_written(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, ""));
    net_header(header, 1);
    const struct virtq_desc *desc = net_fill(header, 7, HEADER + FRAME);
    uintptr_t address = (uintptr_t)fake_memory(desc->address);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 1);
    CHECK_EQUAL(net_got.total, FRAME);
    CHECK_EQUAL(net_got.address, address + HEADER);
    CHECK_EQUAL((net_got.address + 14) % 4, 0); // an IP header would be aligned
    CHECK_EQUAL(net_got.first, 7);
    CHECK_EQUAL(net_got.last, (uint8_t)(7 + FRAME - 1));
    CHECK_EQUAL(net_got.checksum, PACKET_CHECKSUM_NONE);
}

static void long_frames_come_in_several_buffers(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, ""));
    net_header(header, 3);
    header[0] = 1; // NEEDS_CSUM
    header[1] = 1; // TCPV4
    le16_write(header + 4, 1448);
    le16_write(header + 6, 34);
    le16_write(header + 8, 16);
    net_fill(header, 0, HEADER + 3000);
    net_fill(NULL, 50, 3500);
    net_fill(NULL, 99, 10);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 1);
    CHECK_EQUAL(net_got.total, 6510);
    CHECK_EQUAL(net_got.last, 108);
    CHECK_EQUAL(net_got.segment_size, 1448);
    CHECK_EQUAL(net_got.checksum, PACKET_CHECKSUM_VALID);
    CHECK(!fake.device->broken);
}

static void buffers_are_given_many_at_a_time(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, "virtio_net.buffers=16"));
    net_header(header, 1);
    fake.notifications = 0;
    for (unsigned i = 0; i < 160; i++) {
        net_fill(header, 0, HEADER + FRAME);
        net_interrupt();
        CHECK(virtqueue_in_flight(fake.queue) >= 12);
    }
    CHECK_EQUAL(net_got.frames, 160);
    CHECK_EQUAL(fake.queue->counters.requests, 16 + 160);
    for (unsigned i = 0; i < 12; i++) // many for one interrupt
        net_fill(header, 0, HEADER + FRAME);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 172);
}

static void there_are_more_when_all_are_used_at_once(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, ""));
    net_header(header, 1);
    for (unsigned round = 0; round < 5; round++) {
        net_at_queue(RECEIVE);
        while (fake_has_request())
            net_fill(header, 0, HEADER + FRAME);
        net_interrupt();
    }
    CHECK(virtqueue_in_flight(fake.queue) > 128);
    CHECK(virtqueue_in_flight(fake.queue) <= 256);
    CHECK(net_begin(EVERYTHING, "virtio_net.buffers=100"));
    for (unsigned round = 0; round < 5; round++) {
        net_at_queue(RECEIVE);
        while (fake_has_request())
            net_fill(header, 0, HEADER + FRAME);
        net_interrupt();
    }
    CHECK(virtqueue_in_flight(fake.queue) <= 100);
}

// Frames come while there is no memory for new buffers: they arrive, as far as there are
// buffers, and later new ones are given.
static void memory_may_be_out_for_a_while(void)
{
    uint8_t header[HEADER];
    struct list pages, *page;
    CHECK(net_begin(EVERYTHING, "virtio_net.buffers=16"));
    net_header(header, 1);
    list_init(&pages);
    struct packet *all = packet_alloc(0, 1), *packet;
    while ((page = page_alloc_dirty(1)))
        list_append(&pages, page);
    while ((packet = packet_alloc(0, 1))) {
        packet->more = all->more;
        all->more = packet;
    }
    for (unsigned i = 0; i < 16; i++)
        net_fill(header, 0, HEADER + FRAME);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 16);
    packet_put(all);
    while ((page = list_take_first(&pages)))
        page_free(page, 1);
    timer_sleep(30 * MS);
    CHECK_EQUAL(virtqueue_in_flight(fake.queue), 16);
    net_fill(header, 0, HEADER + FRAME);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 17);
}

const struct test unit_tests[] = {
    {"takes what it can use", takes_what_it_can_use},
    {"words switch features off", words_switch_features_off},
    {"a plain card will do", a_plain_card_will_do},
    {"a card that makes no sense is refused", a_card_that_makes_no_sense_is_refused},
    {"long packets need merged buffers", long_packets_need_merged_buffers},
    {"the cable is looked at", the_cable_is_looked_at},
    {"a frame stays where it was written", a_frame_stays_where_it_was_written},
    {"long frames come in several buffers", long_frames_come_in_several_buffers},
    {"buffers are given many at a time", buffers_are_given_many_at_a_time},
    {"there are more when all are used at once", there_are_more_when_all_are_used_at_once},
    {"memory may be out for a while", memory_may_be_out_for_a_while},
    {0},
};
