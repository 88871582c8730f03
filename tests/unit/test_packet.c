// SPDX-License-Identifier: MIT
//
// Packets: bytes stay what they are through headers, pieces, shares and copies, and all memory
// comes back.
#include "net/packet.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static size_t live(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

// Bytes that tell where they stand.
static struct packet *numbered(size_t headroom, size_t size, unsigned first)
{
    struct packet *packet = packet_alloc(headroom, size);
    uint8_t *bytes = packet_extend(packet, size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(first + i);
    return packet;
}

static bool reads(const struct packet *packet, size_t size, unsigned first)
{
    uint8_t byte;
    for (size_t i = 0; i < size; i++) {
        if (packet_read(packet, i, &byte, 1) != 1 || byte != (uint8_t)(first + i))
            return false;
    }
    return packet->total == size && packet_read(packet, size, &byte, 1) == 0;
}

static void headers_go_in_front(void)
{
    struct packet *packet = numbered(PACKET_HEADROOM, 100, 7);
    CHECK_EQUAL(packet_headroom(packet), PACKET_HEADROOM);
    CHECK_EQUAL((uintptr_t)packet->data % 4, 0);
    memset(packet_push(packet, 20), 0xee, 20);
    CHECK_EQUAL(packet->total, 120);
    CHECK_EQUAL(packet->data[0], 0xee);
    packet_pull(packet, 20);
    CHECK(reads(packet, 100, 7));
    packet_put(packet);
    packet_put(NULL);
    CHECK_EQUAL(live(), 0);
}

static void a_new_one_knows_nothing(void)
{
    struct packet *packet = numbered(8, 8, 0);
    packet->device = (void *)packet;
    packet->network = packet->transport = packet->data;
    packet->checksum = PACKET_CHECKSUM_PARTIAL;
    packet->segment_size = packet->checksum_start = packet->checksum_offset = 9;
    packet->is_broadcast = packet->is_multicast = true;
    packet_put(packet);
    struct packet *again = packet_alloc(0, 10);
    CHECK(again == packet); // it was kept
    CHECK(!again->device && !again->network && !again->transport && !again->more);
    CHECK(!again->is_broadcast && !again->is_multicast && again->size == 0 && !again->total);
    CHECK_EQUAL(again->checksum, PACKET_CHECKSUM_NONE);
    CHECK_EQUAL(again->segment_size + again->checksum_start + again->checksum_offset, 0);
    packet_put(again);
}

static void long_pieces_have_room(void)
{
    struct packet *packet = numbered(PACKET_HEADROOM, PACKET_ROOM_MAX, 1);
    CHECK(reads(packet, PACKET_ROOM_MAX, 1));
    packet_put(packet);
    CHECK_EQUAL(live(), 0);
}

static void a_share_keeps_the_memory(void)
{
    struct packet *packet = numbered(0, 50, 0);
    packet_append(packet, numbered(0, 50, 50));
    struct packet *front = packet_share(packet, 10, 20);
    struct packet *back = packet_share(packet->more, 30, 20);
    struct packet *of_share = packet_share(back, 5, 10);
    CHECK_EQUAL(packet_headroom(front), 0);
    CHECK_EQUAL(packet_append_bytes(front, "x", 1), 0); // not its memory
    packet_put(packet);
    packet_put(back);
    CHECK(reads(front, 20, 10));
    CHECK(reads(of_share, 10, 85));
    packet_put(front);
    CHECK(reads(of_share, 10, 85));
    packet_put(of_share);
    CHECK_EQUAL(live(), 0);
}

// A queue of data to be sent: packets leave with shares of it while it grows at its end.
static void what_is_shared_can_grow(void)
{
    struct packet *queue = numbered(0, 100, 0);
    struct packet *sent = packet_alloc(PACKET_HEADROOM, 0);
    packet_append(sent, packet_share(queue, 0, 100));
    CHECK_EQUAL(packet_append_bytes(queue, "abc", 3), 3);
    packet_skip(queue, 100);
    CHECK_EQUAL(memcmp(queue->data, "abc", 3), 0);
    memset(packet_push(sent, 40), 0, 40);
    CHECK_EQUAL(sent->total, 140);
    packet_pull(sent, 40);
    packet_put(queue);
    CHECK(reads(sent, 100, 0));
    packet_put(sent);
    CHECK_EQUAL(live(), 0);
}

static unsigned releases;

static void count_release(void *context)
{
    releases++;
    CHECK(context == &releases);
}

static void memory_of_others_is_given_back_once(void)
{
    static uint8_t bytes[64];
    releases = 0;
    struct packet *packet = packet_wrap(bytes, sizeof(bytes), count_release, &releases);
    struct packet *share = packet_share(packet, 8, 8);
    CHECK(share->data == bytes + 8);
    CHECK_EQUAL(packet_append_bytes(packet, "x", 1), 0);
    packet_put(packet_get(packet));
    packet_put(packet);
    CHECK_EQUAL(releases, 0);
    packet_put(share);
    CHECK_EQUAL(releases, 1);
    CHECK_EQUAL(live(), 0);
}

static void headers_in_pieces_are_put_together(void)
{
    static uint8_t outside[4] = {0, 1, 2, 3};
    releases = 0;
    struct packet *packet = packet_wrap(outside, 4, count_release, &releases);
    for (unsigned at = 4; at < 40; at += 4)
        packet_append(packet, numbered(0, 4, at));
    CHECK(!packet_pull_up(packet, 41));
    packet->network = packet->data;
    packet_pull(packet, 2);
    CHECK(packet_pull_up(packet, 20));
    CHECK_EQUAL(releases, 1);
    CHECK_EQUAL(packet->size, 20);
    CHECK_EQUAL(packet->network[0], 0); // the header that had been read came along
    CHECK(packet->network + 2 == packet->data);
    CHECK(reads(packet, 38, 2));
    CHECK(packet_pull_up(packet, 38)); // once more, from memory that is its own by now
    CHECK(!packet->more && packet->network[1] == 1);
    CHECK(reads(packet, 38, 2));
    packet_put(packet);
    CHECK_EQUAL(live(), 0);
}

static void copies_have_headroom_and_know_the_same(void)
{
    struct packet *packet = numbered(0, 3000, 0);
    for (unsigned at = 3000; at < 150000; at += 3000)
        packet_append(packet, numbered(0, 3000, at));
    packet->network = packet->data;
    packet->transport = packet->data + 20;
    packet_pull(packet, 4);
    packet->checksum = PACKET_CHECKSUM_VALID;
    packet->segment_size = 1460;
    struct packet *copy = packet_copy(packet);
    packet_put(packet);
    CHECK(reads(copy, 149996, 4));
    CHECK_EQUAL(copy->network[0], 0);
    CHECK_EQUAL(copy->transport[0], 20);
    CHECK(packet_headroom(copy) >= PACKET_HEADROOM);
    CHECK_EQUAL(copy->checksum, PACKET_CHECKSUM_VALID);
    CHECK_EQUAL(copy->segment_size, 1460);
    packet_put(copy);
    CHECK_EQUAL(live(), 0);
}

// Random changes against an array that has the same ones. The bytes of [first, end) are what
// the packet is to hold.
static void does_the_same_as_an_array(void)
{
    uint64_t random = 20260701;
    print("seed %llu\n", (unsigned long long)random);
    for (unsigned round = 0; round < 200; round++) {
        size_t first = unit_random(&random) % 100, end = first + 1;
        struct packet *packet = numbered(0, 1, (unsigned)first);
        for (unsigned step = 0; step < 20; step++) {
            size_t count = unit_random(&random) % 300, total = end - first;
            switch (unit_random(&random) % 5) {
            case 0:
                packet_append(packet, numbered(count % 64, count, (unsigned)end));
                end += count;
                break;
            case 1:
                count = count < total ? count : total;
                packet_skip(packet, count);
                first += count;
                break;
            case 2:
                count = count < total ? count : total;
                packet_trim(packet, count);
                end = first + count;
                break;
            case 3:
                CHECK_EQUAL(packet_pull_up(packet, count), count <= total);
                break;
            default:
                packet_append(packet, packet_alloc(0, 0)); // an empty piece does no harm
            }
            CHECK(reads(packet, end - first, (unsigned)first));
        }
        packet_put(packet);
    }
    CHECK_EQUAL(live(), 0);
}

// Takes all pages; gives them back.
static void fails_when_memory_is_out(void)
{
    struct list pages, *page;
    struct packet_statistics before, after;
    list_init(&pages);
    packet_statistics(&before);
    while ((page = page_alloc_dirty(1)))
        list_append(&pages, page);
    struct packet *packet, *all = NULL;
    for (; (packet = packet_alloc(0, 100)); all = packet)
        packet->more = all; // not a packet: only a way to keep them
    CHECK(!packet_alloc(0, PACKET_ROOM_MAX));
    packet_statistics(&after);
    CHECK_EQUAL(after.failures, before.failures + 2);
    while ((packet = all)) {
        all = packet->more;
        packet->more = NULL;
        packet_put(packet);
    }
    while ((page = list_take_first(&pages)))
        page_free(page, 1);
    CHECK_EQUAL(live(), 0);
}

static void keeps_few_spare_ones(void)
{
    struct packet *all = packet_alloc(0, 1);
    for (unsigned i = 0; i < 500; i++)
        packet_append(all, packet_alloc(0, 1));
    packet_put(all);
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    CHECK(statistics.spare > 0 && statistics.spare <= 300 * PAGE_SIZE);
    CHECK_EQUAL(statistics.bytes, 0);
}

const struct test unit_tests[] = {
    {"headers go in front", headers_go_in_front},
    {"a new one knows nothing", a_new_one_knows_nothing},
    {"long pieces have room", long_pieces_have_room},
    {"a share keeps the memory", a_share_keeps_the_memory},
    {"what is shared can grow", what_is_shared_can_grow},
    {"memory of others is given back once", memory_of_others_is_given_back_once},
    {"headers in pieces are put together", headers_in_pieces_are_put_together},
    {"copies have headroom and know the same", copies_have_headroom_and_know_the_same},
    {"does the same as an array", does_the_same_as_an_array},
    {"fails when memory is out", fails_when_memory_is_out},
    {"keeps few spare ones", keeps_few_spare_ones},
    {0},
};
