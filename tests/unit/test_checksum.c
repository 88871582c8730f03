// SPDX-License-Identifier: MIT
//
// The Internet checksum against a sum done by hand, at every address and length.
#include "net/checksum.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "net/packet.h"
#include "page.h"
#include "print.h"
#include "smaller.h"
#include "string.h"
#include "test.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

// RFC 1071, 4.1, word by word.
static be16 by_hand(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return to_be16((uint16_t)~sum);
}

static void fill(uint8_t *bytes, size_t size, uint64_t *random)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)unit_random(random);
}

static void the_example_of_the_rfc(void)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    CHECK_EQUAL(from_be16(checksum_finish(checksum_add(0, bytes, sizeof(bytes)))), 0x220d);
}

static void is_right_at_every_address_and_length(void)
{
    static uint8_t bytes[400];
    uint64_t random = 4711;
    print("seed %llu\n", (unsigned long long)random);
    for (size_t offset = 0; offset < 9; offset++) {
        for (size_t size = 0; size + offset < 300; size++) {
            fill(bytes, sizeof(bytes), &random);
            uint8_t *at = bytes + offset;
            CHECK_EQUAL(checksum_finish(checksum_add(0, at, size)), by_hand(at, size));
        }
    }
}

static void the_largest_sum_fits(void)
{
    uint8_t *bytes = page_alloc(17);
    memset(bytes, 0xff, 17 * PAGE_SIZE);
    for (size_t size = 0; size < 65540; size += 128)
        CHECK_EQUAL(checksum_finish(checksum_add(UINT32_MAX, bytes, size)), 0);
    page_free(bytes, 17);
}

static void what_is_right_sums_up_to_zero(void)
{
    uint8_t bytes[22];
    uint64_t random = 99;
    for (unsigned i = 0; i < 1000; i++) {
        fill(bytes, sizeof(bytes), &random);
        bytes[10] = bytes[11] = 0;
        be16 checksum = checksum_finish(checksum_add(0, bytes, sizeof(bytes)));
        memcpy(bytes + 10, &checksum, 2);
        CHECK_EQUAL(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0);
    }
}

// However the bytes are cut into pieces.
static void pieces_do_not_matter(void)
{
    static uint8_t bytes[1000];
    uint64_t random = 321;
    print("seed %llu\n", (unsigned long long)random);
    for (unsigned round = 0; round < 100; round++) {
        fill(bytes, sizeof(bytes), &random);
        struct packet *packet = NULL;
        for (size_t at = 0; at < sizeof(bytes);) {
            size_t size = 1 + unit_random(&random) % 97;
            if (size > sizeof(bytes) - at)
                size = sizeof(bytes) - at;
            struct packet *piece = packet_alloc(unit_random(&random) % 9, size);
            memcpy(packet_extend(piece, size), bytes + at, size);
            if (packet)
                packet_append(packet, piece);
            else
                packet = piece;
            at += size;
        }
        size_t offset = unit_random(&random) % 500, size = unit_random(&random) % 500;
        CHECK_EQUAL(checksum_finish(checksum_packet(0, packet, offset, size)),
                    by_hand(bytes + offset, size));
        packet_put(packet);
    }
}

// A packet whose parts have been summed up as they were copied; `bytes` has what it holds.
static void fill_packet(struct packet **result, const uint8_t *bytes, size_t size, size_t part)
{
    struct packet *packet = packet_alloc(CHECKSUM_HEADROOM + (uintptr_t)bytes % 8, size);
    *result = packet;
    size_t count = checksum_fill(packet, bytes, size, part);
    CHECK_EQUAL(packet->total, count);
    CHECK(count % part == 0 && (size - count < part || count / part == CHECKSUM_PARTS ||
                                packet->room - packet_headroom(packet) - count < part));
    CHECK(memcmp(packet->data, bytes, count) == 0);
}

// Whatever part of it is shared, and whether that is one whose sum is kept.
static void sums_are_kept_or_made(void)
{
    static uint8_t bytes[32768] __attribute__((aligned(8)));
    uint64_t random = 77;
    print("seed %llu\n", (unsigned long long)random);
    fill(bytes, sizeof(bytes), &random);
    for (unsigned round = 0; round < 60; round++) {
        size_t part = 4 + unit_random(&random) % 500 * 4;
        const uint8_t *from = bytes + unit_random(&random) % 2 * 4;
        struct packet *packet;
        fill_packet(&packet, from, unit_random(&random) % 30000, part);
        for (unsigned i = 0; packet->total > 0 && i < 60; i++) {
            size_t offset = unit_random(&random) % packet->total, size = part;
            if (i % 2 == 0)
                offset -= offset % part;
            if (i % 4 > 1)
                size = 1 + unit_random(&random) % (packet->total - offset);
            size = smaller(size, packet->total - offset);
            struct packet *share = packet_share(packet, offset, size);
            CHECK_EQUAL(checksum_finish(checksum_piece(share)), by_hand(from + offset, size));
            packet_put(share);
        }
        packet_put(packet);
    }
}

// Not a new sum: what is kept is what is said.
static void a_kept_sum_is_used(void)
{
    static uint8_t bytes[3000] __attribute__((aligned(8)));
    struct packet *packet;
    fill_packet(&packet, bytes, sizeof(bytes), 1000);
    ((uint8_t *)packet->data)[1500] = 1; // nobody may, so that one can tell
    struct packet *kept = packet_share(packet, 1000, 1000);
    struct packet *other = packet_share(packet, 1004, 1000);
    CHECK_EQUAL(checksum_finish(checksum_piece(kept)), (be16)0xffff);
    CHECK(checksum_finish(checksum_piece(other)) != (be16)0xffff);
    packet_put(kept);
    packet_put(other);
    packet_put(packet);
}

static void an_odd_beginning_is_swapped(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    uint64_t sum = checksum_add(0, bytes, 3);
    sum = checksum_swap(checksum_add(checksum_swap(sum), bytes + 3, 4));
    CHECK_EQUAL(checksum_finish(sum), by_hand(bytes, 7));
}

static void a_changed_word_changes_it(void)
{
    uint8_t bytes[20];
    uint64_t random = 5;
    for (unsigned i = 0; i < 1000; i++) {
        fill(bytes, sizeof(bytes), &random);
        be16 before, after = (be16)unit_random(&random), checksum = by_hand(bytes, 20);
        memcpy(&before, bytes + 8, 2);
        memcpy(bytes + 8, &after, 2);
        CHECK_EQUAL(checksum_update(checksum, before, after), by_hand(bytes, 20));
    }
}

const struct test unit_tests[] = {
    {"the example of the RFC", the_example_of_the_rfc},
    {"is right at every address and length", is_right_at_every_address_and_length},
    {"the largest sum fits", the_largest_sum_fits},
    {"what is right sums up to zero", what_is_right_sums_up_to_zero},
    {"pieces do not matter", pieces_do_not_matter},
    {"sums are kept or made", sums_are_kept_or_made},
    {"a kept sum is used", a_kept_sum_is_used},
    {"an odd beginning is swapped", an_odd_beginning_is_swapped},
    {"a changed word changes it", a_changed_word_changes_it},
    {0},
};
