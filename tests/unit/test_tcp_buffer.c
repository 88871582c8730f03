// SPDX-License-Identifier: MIT
//
// TCP's send buffer: what was written is what goes out, whatever segments it becomes.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

// Writes of any size from any address, ACKs in the middle of segments, windows, timeouts,
// another MSS: each segment has the right bytes, and next_segment() looks at its checksum.
static void bytes_are_right_however_they_are_cut(void)
{
    static uint8_t stream[2000000];
    uint64_t random = 20261122;
    print("seed %llu\n", (unsigned long long)random);
    for (size_t i = 0; i < sizeof(stream); i++)
        stream[i] = (uint8_t)unit_random(&random);
    const struct os_address peer = address_ipv4(WIRE_PEER, 0);
    struct tcp_connection *connection = script_establish();
    uint32_t written = 0, sent = 0, acknowledged = 0;
    for (unsigned round = 0; round < 300; round++) {
        tcp_set_option(connection, OS_OPTION_NODELAY, unit_random(&random) % 2);
        size_t size = unit_random(&random) % (round % 3 == 0 ? 60000 : 3000);
        if (size > sizeof(stream) - written)
            size = sizeof(stream) - written;
        int count = tcp_write(connection, stream + written, size);
        written += count > 0 ? (uint32_t)count : 0;
        if (unit_random(&random) % 8 == 0)
            pass_ms(3000);
        if (round % 50 == 49)
            ip_mtu_lower(&peer, 1500 - 100 * (round / 50));
        while (next_segment()) {
            uint32_t at = seen_sequence() - 1;
            CHECK(at + script.size <= written);
            CHECK(memcmp(script.data, stream + at, script.size) == 0);
            if (at + script.size > sent)
                sent = (uint32_t)(at + script.size);
        }
        if (sent > acknowledged)
            acknowledged += 1 + unit_random(&random) % (sent - acknowledged);
        script.window = (uint16_t)(2000 + unit_random(&random) % 60000);
        send(ACK, 1, 1 + acknowledged, "");
    }
    CHECK(acknowledged > 500000);
    print("%u bytes\n", acknowledged);
    script.window = 65535;
    script_end(connection);
}

// Where segments are small, their sums fill up before a large packet does.
static void small_segments_take_no_more_memory(void)
{
    static uint8_t stream[60000] __attribute__((aligned(8)));
    const struct os_address peer = address_ipv4(WIRE_PEER, 0);
    struct tcp_connection *connection = script_establish();
    size_t before = connection->memory;
    ip_mtu_lower(&peer, 576);
    CHECK_EQUAL(tcp_write(connection, stream, 1000), 1000); // from here on it knows
    int count = tcp_write(connection, stream, sizeof(stream));
    print("%d bytes of %u in %zu\n", count, connection->send.mss, connection->memory - before);
    CHECK(count > 30000 && connection->send.mss == 576 - 40);
    CHECK(connection->memory - before < 1000 + (size_t)count + 4 * PAGE_SIZE);
    for (unsigned i = 0; i < 20; i++) {
        while (next_segment())
            ;
        send(ACK, 1, connection->send.nxt - connection->send.iss, "");
    }
    script_end(connection);
}

const struct test unit_tests[] = {
    {"bytes are right however they are cut", bytes_are_right_however_they_are_cut},
    {"small segments take no more memory", small_segments_take_no_more_memory},
    {0},
};
