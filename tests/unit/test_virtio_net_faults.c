// SPDX-License-Identifier: MIT
//
// The network card's driver against a device that breaks the rules: a frame is dropped, or the
// device given up, and nothing is lost or overwritten.
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

// A frame with such a header: whether the device was given up; otherwise nothing came of it.
static bool is_broken_by(const uint8_t header[HEADER], size_t size)
{
    net_fill(header, 0, size);
    net_interrupt();
    return fake.device->broken;
}

static void lies_about_buffers_break_it(void)
{
    uint8_t header[HEADER];
    static const unsigned counts[] = {0, 2, 257, 65535};
    for (unsigned i = 0; i < 4; i++) {
        CHECK(net_begin(EVERYTHING, ""));
        net_header(header, counts[i]);
        CHECK(is_broken_by(header, HEADER + FRAME));
        CHECK_EQUAL(net_got.frames, 0);
        CHECK_EQUAL(net_live_pieces(), 0);
        CHECK(!net_got.net->link_up);
    }
    CHECK(net_begin(EVERYTHING, ""));
    net_header(header, 1);
    CHECK(is_broken_by(header, HEADER - 1));
    CHECK(net_begin(EVERYTHING, ""));
    CHECK(is_broken_by(header, PAGE_SIZE)); // more than there was room for
    CHECK(net_begin(EVERYTHING, ""));
    net_at_queue(RECEIVE);
    fake_use(9999, FRAME);
    net_interrupt();
    CHECK(fake.device->broken);
    CHECK_EQUAL(net_live_pieces(), 0);
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
    CHECK(net_begin(EVERYTHING, ""));
    for (unsigned i = 0; i < sizeof(headers) / HEADER; i++)
        CHECK(!is_broken_by(headers[i], HEADER + FRAME));
    CHECK_EQUAL(net_got.frames, 0);
    CHECK_EQUAL(net_got.net->received.errors, sizeof(headers) / HEADER);
    CHECK(net_begin(MRG_RXBUF, "")); // what was not agreed on
    CHECK(!is_broken_by((const uint8_t[HEADER]){[0] = 1, [6] = 34, [10] = 1}, HEADER + FRAME));
    CHECK(!is_broken_by((const uint8_t[HEADER]){[0] = 2, [10] = 1}, HEADER + FRAME));
    CHECK(!is_broken_by((const uint8_t[HEADER]){[1] = 1, [4] = 99, [10] = 1}, HEADER + FRAME));
    CHECK_EQUAL(net_got.frames, 0);
    CHECK_EQUAL(net_live_pieces(), 64 - 3);
}

static void frames_longer_than_any_are_dropped(void)
{
    uint8_t header[HEADER];
    CHECK(net_begin(EVERYTHING, ""));
    net_header(header, 20);
    net_fill(header, 0, 3900);
    for (unsigned i = 1; i < 20; i++)
        net_fill(NULL, 0, 3900);
    net_interrupt();
    CHECK_EQUAL(net_got.frames, 0);
    CHECK_EQUAL(net_got.net->received.errors, 1);
}

// Random bytes as headers and lengths: it is given up or not, and nothing is lost either way.
static void random_headers_lose_nothing(void)
{
    uint64_t random = 8128;
    print("seed %llu\n", (unsigned long long)random);
    CHECK(net_begin(EVERYTHING, "virtio_net.buffers=32"));
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t header[HEADER];
        for (unsigned at = 0; at < HEADER; at++)
            header[at] = (uint8_t)unit_random(&random);
        header[10] = (uint8_t)(unit_random(&random) % 64 == 0 ? 0 : 1);
        header[11] = 0;
        net_fill(header, 0, HEADER + unit_random(&random) % 2000);
        net_interrupt();
        if (fake.device->broken) {
            CHECK_EQUAL(net_live_pieces(), 0);
            CHECK(net_begin(EVERYTHING, "virtio_net.buffers=32"));
        }
    }
    virtio_break(fake.device, "the end");
    CHECK_EQUAL(net_live_pieces(), 0);
}

static void a_broken_one_gives_everything_back(void)
{
    CHECK(net_begin(EVERYTHING, ""));
    for (unsigned i = 0; i < 300; i++)
        netdev_transmit(net_got.net, net_packet(60, 1));
    virtio_break(fake.device, "pulled out");
    CHECK_EQUAL(net_live_pieces(), 0);
    netdev_transmit(net_got.net, net_packet(60, 1));
    CHECK_EQUAL(net_live_pieces(), 0);
    CHECK(net_got.net->sent.dropped > 0);
    timer_sleep(30 * MS); // no timer of it runs
}

const struct test unit_tests[] = {
    {"lies about buffers break it", lies_about_buffers_break_it},
    {"lies about frames drop them", lies_about_frames_drop_them},
    {"frames longer than any are dropped", frames_longer_than_any_are_dropped},
    {"random headers lose nothing", random_headers_lose_nothing},
    {"a broken one gives everything back", a_broken_one_gives_everything_back},
    {0},
};
