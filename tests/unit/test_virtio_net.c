// SPDX-License-Identifier: MIT
//
// The network card's driver against a device made of variables, which keeps to the rules, and
// one that does not.
#include "drivers/virtio/virtio_net.h"

#include "boot/board.h"
#include "cmdline.h"
#include "endian.h"
#include "heap.h"
#include "machine.h"
#include "net/netdev.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "virtio_device.h"

// virtio 1.2, 5.1.3
#define CSUM       (UINT64_C(1) << 0)
#define GUEST_CSUM (UINT64_C(1) << 1)
#define MTU        (UINT64_C(1) << 3)
#define MAC        (UINT64_C(1) << 5)
#define GUEST_TSO4 (UINT64_C(1) << 7)
#define HOST_TSO4  (UINT64_C(1) << 11)
#define MRG_RXBUF  (UINT64_C(1) << 15)
#define STATUS     (UINT64_C(1) << 16)
#define EVERYTHING                                                                             \
    (CSUM | GUEST_CSUM | MTU | MAC | GUEST_TSO4 | HOST_TSO4 | MRG_RXBUF | STATUS)

enum { RECEIVE = 0, SEND = 1, HEADER = 12, FRAME = 64, MS = 1000000 };

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
}

// ---- The device -------------------------------------------------------------------------

static uint8_t config[12];
static struct virtio_transport transport;

static uint8_t config_read8(struct virtio_device *device, unsigned offset)
{
    return config[offset];
}

static uint16_t config_read16(struct virtio_device *device, unsigned offset)
{
    return le16_read(config + offset);
}

// What came up.
static struct {
    struct net_device *net;
    unsigned frames;
    uint32_t total;
    uint16_t segment_size;
    uint8_t checksum, first, last;
    uintptr_t address;
} got;

static void take(struct net_device *device, struct packet *packet)
{
    got.frames++;
    got.total = packet->total;
    got.segment_size = packet->segment_size;
    got.checksum = packet->checksum;
    got.address = (uintptr_t)packet->data;
    packet_read(packet, 0, &got.first, 1);
    packet_read(packet, packet->total - 1, &got.last, 1);
    packet_put(packet);
}

static size_t live(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

static struct net_device *last_device(void)
{
    struct net_device *device = NULL, *next;
    while ((next = netdev_next(device)))
        device = next;
    return device;
}

// A card with these features and the configuration of `config` goes live. Cards cannot be taken
// out, so those of earlier tests stay, broken. False: it does not start.
static bool start_card(uint64_t features, const char *words)
{
    static const struct virtio_driver *const drivers[] = {&virtio_net_driver, NULL};
    const struct boot_info boot = {.command_line = words};
    if (fake.device)
        virtio_break(fake.device, "the next test");
    memset(&fake, 0, sizeof(fake));
    memset(&got, 0, sizeof(got));
    cmdline_init(&boot);
    fake.size_max = 256;
    fake.offered = features | VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX;
    transport = fake_transport;
    transport.config_read8 = config_read8;
    transport.config_read16 = config_read16;
    fake.device = heap_alloc(sizeof(*fake.device));
    fake.device->transport = &transport;
    fake.device->id = VIRTIO_NET;
    strlcpy(fake.device->name, "fake0", sizeof(fake.device->name));
    if (!virtio_start(fake.device, drivers)) {
        fake.device = NULL;
        return false;
    }
    got.net = last_device();
    got.net->receive = take;
    return true;
}

static bool begin(uint64_t features, const char *words)
{
    static const uint8_t fields[12] = {0x52, 0x54, 0, 0, 0, 9, 1, 0, 0, 0, 0xdc, 0x05};
    memcpy(config, fields, sizeof(config));
    return start_card(features, words);
}

static void at_queue(unsigned index)
{
    fake.queue = fake.device->queues[index];
}

// The next buffer of the driver gets these bytes, virtio's header first. Its descriptor.
static const struct virtq_desc *fill(const uint8_t header[HEADER], unsigned first, size_t size)
{
    at_queue(RECEIVE);
    struct fake_chain chain = fake_take();
    const struct virtq_desc *desc = fake_next(&chain);
    uint8_t *bytes = (uint8_t *)(uintptr_t)desc->address;
    size_t at = 0;
    for (; header && at < HEADER; at++)
        bytes[at] = header[at];
    for (size_t i = 0; at < size && at < desc->length; i++, at++)
        bytes[at] = (uint8_t)(first + i);
    fake_use(chain.head, (uint32_t)size);
    return desc;
}

static void header_of(uint8_t header[HEADER], unsigned buffers)
{
    memset(header, 0, HEADER);
    le16_write(header + 10, (uint16_t)buffers);
}

static void interrupt(void)
{
    virtio_queues_interrupt(fake.device);
}

// ---- Coming to life ---------------------------------------------------------------------

static void takes_what_it_can_use(void)
{
    CHECK(begin(EVERYTHING | UINT64_C(1) << 20, ""));
    CHECK_EQUAL(fake.accepted & ~(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX), EVERYTHING);
    CHECK_EQUAL(got.net->mac[5], 9);
    CHECK_EQUAL(got.net->mtu, 1500);
    CHECK(got.net->can_checksum && got.net->can_segment && got.net->link_up);
    at_queue(RECEIVE);
    CHECK_EQUAL(fake.queue->in_flight, 64);
    CHECK_EQUAL(live(), 64);
    CHECK_EQUAL(fake.notifications, 1);
}

static void words_switch_features_off(void)
{
    CHECK(begin(EVERYTHING, "virtio_net.csum=0 virtio_net.mrg=0 virtio_net.buffers=16"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, GUEST_CSUM | MTU | MAC | STATUS);
    CHECK(!got.net->can_checksum && !got.net->can_segment);
    at_queue(RECEIVE);
    CHECK_EQUAL(fake.queue->in_flight, 16);
    CHECK(begin(EVERYTHING, "virtio_net.guest_csum=0 virtio_net.mtu=0 virtio_net.status=0"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, CSUM | MAC | HOST_TSO4 | MRG_RXBUF);
    CHECK(begin(EVERYTHING, "virtio_net.tso=0 virtio_net.guest_tso=0"));
    CHECK_EQUAL(fake.accepted & EVERYTHING, EVERYTHING & ~(HOST_TSO4 | GUEST_TSO4));
}

static void a_plain_card_will_do(void)
{
    CHECK(begin(0, ""));
    CHECK_EQUAL(got.net->mac[0] & 3, 2); // an address of our own making
    CHECK_EQUAL(got.net->mtu, 1500);
    CHECK(got.net->link_up);
}

static void a_card_that_makes_no_sense_is_refused(void)
{
    CHECK(begin(0, ""));
    config[10] = 67, config[11] = 0;
    CHECK(!start_card(MTU, ""));
    config[0] = 1;
    CHECK(!start_card(MAC, ""));
    CHECK_EQUAL(live(), 0);
}

static void long_packets_need_merged_buffers(void)
{
    CHECK(begin(0, ""));
    le16_write(config + 10, 9000);
    CHECK(start_card(MTU, ""));
    CHECK(got.net->mtu > 1500 && got.net->mtu < PAGE_SIZE);
    CHECK(start_card(MTU | MRG_RXBUF, ""));
    CHECK_EQUAL(got.net->mtu, 9000);
}

static void the_cable_is_looked_at(void)
{
    CHECK(begin(STATUS, ""));
    config[6] = 0;
    virtio_config_interrupt(fake.device);
    CHECK(!got.net->link_up);
    config[6] = 1;
    virtio_config_interrupt(fake.device);
    CHECK(got.net->link_up);
}

// ---- Receiving --------------------------------------------------------------------------

static void a_frame_stays_where_it_was_written(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, ""));
    header_of(header, 1);
    const struct virtq_desc *desc = fill(header, 7, HEADER + FRAME);
    uintptr_t address = (uintptr_t)desc->address;
    interrupt();
    CHECK_EQUAL(got.frames, 1);
    CHECK_EQUAL(got.total, FRAME);
    CHECK_EQUAL(got.address, address + HEADER);
    CHECK_EQUAL((got.address + 14) % 4, 0); // an IP header would be aligned
    CHECK_EQUAL(got.first, 7);
    CHECK_EQUAL(got.last, (uint8_t)(7 + FRAME - 1));
    CHECK_EQUAL(got.checksum, PACKET_CHECKSUM_NONE);
}

static void long_frames_come_in_several_buffers(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, ""));
    header_of(header, 3);
    header[0] = 1; // NEEDS_CSUM
    header[1] = 1; // TCPV4
    le16_write(header + 4, 1448);
    le16_write(header + 6, 34);
    le16_write(header + 8, 16);
    fill(header, 0, HEADER + 3000);
    fill(NULL, 50, 3500);
    fill(NULL, 99, 10);
    interrupt();
    CHECK_EQUAL(got.frames, 1);
    CHECK_EQUAL(got.total, 6510);
    CHECK_EQUAL(got.last, 108);
    CHECK_EQUAL(got.segment_size, 1448);
    CHECK_EQUAL(got.checksum, PACKET_CHECKSUM_VALID);
    CHECK(!fake.device->broken);
}

static void buffers_are_given_many_at_a_time(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, "virtio_net.buffers=16"));
    header_of(header, 1);
    fake.notifications = 0;
    for (unsigned i = 0; i < 160; i++) {
        fill(header, 0, HEADER + FRAME);
        interrupt();
        CHECK(fake.queue->in_flight >= 12);
    }
    CHECK_EQUAL(got.frames, 160);
    CHECK_EQUAL(fake.queue->counters.requests, 16 + 160);
    for (unsigned i = 0; i < 12; i++) // many for one interrupt
        fill(header, 0, HEADER + FRAME);
    interrupt();
    CHECK_EQUAL(got.frames, 172);
}

static void there_are_more_when_all_are_used_at_once(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, ""));
    header_of(header, 1);
    for (unsigned round = 0; round < 5; round++) {
        at_queue(RECEIVE);
        while (fake_has_request())
            fill(header, 0, HEADER + FRAME);
        interrupt();
    }
    CHECK(fake.queue->in_flight > 128);
    CHECK(fake.queue->in_flight <= 256);
    CHECK(begin(EVERYTHING, "virtio_net.buffers=100"));
    for (unsigned round = 0; round < 5; round++) {
        at_queue(RECEIVE);
        while (fake_has_request())
            fill(header, 0, HEADER + FRAME);
        interrupt();
    }
    CHECK(fake.queue->in_flight <= 100);
}

// Frames come while there is no memory for new buffers: they arrive, as far as there are
// buffers, and later new ones are given.
static void memory_may_be_out_for_a_while(void)
{
    uint8_t header[HEADER];
    struct list pages, *page;
    CHECK(begin(EVERYTHING, "virtio_net.buffers=16"));
    header_of(header, 1);
    list_init(&pages);
    struct packet *all = packet_alloc(0, 1), *packet;
    while ((page = page_alloc_dirty(1)))
        list_append(&pages, page);
    while ((packet = packet_alloc(0, 1))) {
        packet->more = all->more;
        all->more = packet;
    }
    for (unsigned i = 0; i < 16; i++)
        fill(header, 0, HEADER + FRAME);
    interrupt();
    CHECK_EQUAL(got.frames, 16);
    packet_put(all);
    while ((page = list_take_first(&pages)))
        page_free(page, 1);
    timer_sleep(30 * MS);
    CHECK_EQUAL(fake.queue->in_flight, 16);
    fill(header, 0, HEADER + FRAME);
    interrupt();
    CHECK_EQUAL(got.frames, 17);
}

// ---- Sending ----------------------------------------------------------------------------

static struct packet *packet_to_send(size_t size, unsigned pieces)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    memset(packet_extend(packet, size), 0x33, size);
    packet->network = packet->data + 14;
    for (unsigned i = 1; i < pieces; i++) {
        struct packet *piece = packet_alloc(0, 10);
        memset(packet_extend(piece, 10), 0x44, 10);
        packet_append(packet, piece);
    }
    return packet;
}

// The device takes a request of the send queue. How many bytes it has; the first ones are
// copied to `header`.
static size_t take_sent(uint8_t header[HEADER])
{
    at_queue(SEND);
    struct fake_chain chain = fake_take();
    const struct virtq_desc *desc;
    size_t total = 0;
    while ((desc = fake_next(&chain))) {
        if (total == 0)
            memcpy(header, (const void *)(uintptr_t)desc->address, HEADER);
        total += desc->length;
    }
    fake_use(chain.head, 0);
    return total;
}

static void the_header_says_what_is_to_be_done(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, ""));
    netdev_transmit(got.net, packet_to_send(60, 1));
    CHECK_EQUAL(take_sent(header), HEADER + 60);
    for (unsigned i = 0; i < HEADER; i++)
        CHECK_EQUAL(header[i], 0);
    struct packet *packet = packet_to_send(66, 700);
    packet->transport = packet->network + 20;
    packet->transport[12] = 8 << 4;
    packet->checksum = PACKET_CHECKSUM_PARTIAL;
    packet->checksum_start = 20;
    packet->checksum_offset = 16;
    packet->segment_size = 1448;
    netdev_transmit(got.net, packet); // has very many pieces
    CHECK_EQUAL(take_sent(header), HEADER + 66 + 6990);
    CHECK_EQUAL(header[0], 1);
    CHECK_EQUAL(header[1], 1);
    CHECK_EQUAL(le16_read(header + 2), 66);
    CHECK_EQUAL(le16_read(header + 4), 1448);
    CHECK_EQUAL(le16_read(header + 6), 34);
    CHECK_EQUAL(le16_read(header + 8), 16);
    timer_sleep(60 * MS); // what was sent is freed without anybody asking
    CHECK_EQUAL(live(), 64);
}

static void a_full_queue_goes_on_when_there_is_room(void)
{
    uint8_t header[HEADER];
    CHECK(begin(0, "virtio_net.buffers=8"));
    at_queue(SEND);
    for (unsigned i = 0; i < 300; i++)
        netdev_transmit(got.net, packet_to_send(60, 1));
    CHECK_EQUAL(fake.queue->in_flight, 256);
    CHECK_EQUAL(got.net->waiting_count, 44);
    CHECK(fake.notifications > 0); // before the threads change: it has to get going
    for (unsigned i = 0; i < 256; i++) {
        uint16_t before = fake.queue->used->index;
        CHECK_EQUAL(take_sent(header), HEADER + 60);
        if (fake_would_interrupt(before))
            interrupt();
    }
    CHECK_EQUAL(got.net->waiting_count, 0);
    while (fake_has_request())
        take_sent(header);
    interrupt();
    CHECK_EQUAL(fake.queue->in_flight, 0);
    CHECK_EQUAL(got.net->sent.packets, 300);
    CHECK_EQUAL(live(), 8);
}

static void what_was_sent_makes_no_interrupts(void)
{
    uint8_t header[HEADER];
    unsigned interrupts = 0;
    CHECK(begin(EVERYTHING, ""));
    at_queue(SEND);
    for (unsigned i = 0; i < 2000; i++) {
        netdev_transmit(got.net, packet_to_send(60, 1));
        uint16_t before = fake.queue->used->index;
        take_sent(header);
        interrupts += fake_would_interrupt(before);
    }
    CHECK_EQUAL(interrupts, 0);
    CHECK(fake.queue->in_flight <= 128); // what has been sent goes as others come
}

// ---- Devices that lie -------------------------------------------------------------------

// A frame with such a header: whether the device was given up; otherwise nothing came of it.
static bool is_broken_by(const uint8_t header[HEADER], size_t size)
{
    fill(header, 0, size);
    interrupt();
    return fake.device->broken;
}

static void lies_about_buffers_break_it(void)
{
    uint8_t header[HEADER];
    static const unsigned counts[] = {0, 2, 257, 65535};
    for (unsigned i = 0; i < 4; i++) {
        CHECK(begin(EVERYTHING, ""));
        header_of(header, counts[i]);
        CHECK(is_broken_by(header, HEADER + FRAME));
        CHECK_EQUAL(got.frames, 0);
        CHECK_EQUAL(live(), 0);
        CHECK(!got.net->link_up);
    }
    CHECK(begin(EVERYTHING, ""));
    header_of(header, 1);
    CHECK(is_broken_by(header, HEADER - 1));
    CHECK(begin(EVERYTHING, ""));
    CHECK(is_broken_by(header, PAGE_SIZE)); // more than there was room for
    CHECK(begin(EVERYTHING, ""));
    at_queue(RECEIVE);
    fake_use(9999, FRAME);
    interrupt();
    CHECK(fake.device->broken);
    CHECK_EQUAL(live(), 0);
}

static void lies_about_frames_drop_them(void)
{
    static const uint8_t headers[][HEADER] = {
        {[0] = 1, [6] = 255, [10] = 1},            // its checksum lies beyond its end
        {[0] = 1, [6] = 60, [8] = 3, [10] = 1},    // so does half of it
        {[0] = 1, [6] = 255, [7] = 255, [8] = 255, [9] = 255, [10] = 1},
        {[1] = 1, [10] = 1},                       // segments of no bytes
        {[1] = 3, [4] = 100, [10] = 1},            // UDP's
        {[1] = 4, [4] = 100, [10] = 1},            // TCP's over IPv6
    };
    CHECK(begin(EVERYTHING, ""));
    for (unsigned i = 0; i < sizeof(headers) / HEADER; i++)
        CHECK(!is_broken_by(headers[i], HEADER + FRAME));
    CHECK_EQUAL(got.frames, 0);
    CHECK_EQUAL(got.net->received.errors, sizeof(headers) / HEADER);
    CHECK(begin(MRG_RXBUF, "")); // what was not agreed on
    CHECK(!is_broken_by((const uint8_t[HEADER]){[0] = 1, [6] = 34, [10] = 1}, HEADER + FRAME));
    CHECK(!is_broken_by((const uint8_t[HEADER]){[0] = 2, [10] = 1}, HEADER + FRAME));
    CHECK(!is_broken_by((const uint8_t[HEADER]){[1] = 1, [4] = 99, [10] = 1}, HEADER + FRAME));
    CHECK_EQUAL(got.frames, 0);
    CHECK_EQUAL(live(), 64 - 3);
}

static void frames_longer_than_any_are_dropped(void)
{
    uint8_t header[HEADER];
    CHECK(begin(EVERYTHING, ""));
    header_of(header, 20);
    fill(header, 0, 3900);
    for (unsigned i = 1; i < 20; i++)
        fill(NULL, 0, 3900);
    interrupt();
    CHECK_EQUAL(got.frames, 0);
    CHECK_EQUAL(got.net->received.errors, 1);
}

// Random bytes as headers and lengths: it is given up or not, and nothing is lost either way.
static void random_headers_lose_nothing(void)
{
    uint64_t random = 8128;
    print("seed %llu\n", (unsigned long long)random);
    CHECK(begin(EVERYTHING, "virtio_net.buffers=32"));
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t header[HEADER];
        for (unsigned at = 0; at < HEADER; at++)
            header[at] = (uint8_t)unit_random(&random);
        header[10] = (uint8_t)(unit_random(&random) % 64 == 0 ? 0 : 1);
        header[11] = 0;
        fill(header, 0, HEADER + unit_random(&random) % 2000);
        interrupt();
        if (fake.device->broken) {
            CHECK_EQUAL(live(), 0);
            CHECK(begin(EVERYTHING, "virtio_net.buffers=32"));
        }
    }
    virtio_break(fake.device, "the end");
    CHECK_EQUAL(live(), 0);
}

static void a_broken_one_gives_everything_back(void)
{
    CHECK(begin(EVERYTHING, ""));
    for (unsigned i = 0; i < 300; i++)
        netdev_transmit(got.net, packet_to_send(60, 1));
    virtio_break(fake.device, "pulled out");
    CHECK_EQUAL(live(), 0);
    netdev_transmit(got.net, packet_to_send(60, 1));
    CHECK_EQUAL(live(), 0);
    CHECK(got.net->sent.dropped > 0);
    timer_sleep(30 * MS); // no timer of it runs
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
    {"the header says what is to be done", the_header_says_what_is_to_be_done},
    {"a full queue goes on when there is room", a_full_queue_goes_on_when_there_is_room},
    {"what was sent makes no interrupts", what_was_sent_makes_no_interrupts},
    {"lies about buffers break it", lies_about_buffers_break_it},
    {"lies about frames drop them", lies_about_frames_drop_them},
    {"frames longer than any are dropped", frames_longer_than_any_are_dropped},
    {"random headers lose nothing", random_headers_lose_nothing},
    {"a broken one gives everything back", a_broken_one_gives_everything_back},
    {0},
};
