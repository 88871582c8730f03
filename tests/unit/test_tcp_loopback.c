// SPDX-License-Identifier: MIT
//
// TCP with itself: two connections of this machine, over the loopback device.
#include "net/tcp.h"

#include "error.h"
#include "ip_wire.h"
#include "print.h"
#include "test.h"

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&tcp_protocol, NULL};
    wire_setup(boot, protocols);
    tcp_init();
}

static struct tcp_user user;
static struct tcp_connection *listener, *client, *server;

// Lets whatever is under way arrive.
static void settle(void)
{
    for (int i = 0; i < 20; i++)
        thread_yield();
}

static size_t connections(void)
{
    struct tcp_statistics statistics;
    tcp_statistics(&statistics);
    return statistics.connections;
}

static void open_both(void)
{
    const struct os_address local = address_ipv4(0, 80);
    const struct os_address remote = address_ipv4(IPV4(127, 0, 0, 1), 80);
    CHECK_EQUAL(tcp_open(&listener, &user), 0);
    CHECK_EQUAL(tcp_bind(listener, &local), 0);
    CHECK_EQUAL(tcp_listen(listener, 8), 0);
    CHECK_EQUAL(tcp_open(&client, &user), 0);
    CHECK_EQUAL(tcp_connect(client, &remote), 0);
    settle();
    CHECK_EQUAL(tcp_accept(listener, &server, &user), 0);
}

static void close_all(void)
{
    tcp_close(client, false);
    tcp_close(server, false);
    tcp_close(listener, false);
    settle();
    CHECK_EQUAL(connections(), 0);
}

static void carries_words_both_ways(void)
{
    char text[16] = "";
    open_both();
    CHECK_EQUAL(tcp_read(server, text, sizeof(text)), -EAGAIN);
    CHECK_EQUAL(tcp_write(client, "question", 8), 8);
    settle();
    CHECK_EQUAL(tcp_read(server, text, sizeof(text)), 8);
    CHECK_STRING(text, "question");
    CHECK_EQUAL(tcp_write(server, "answer", 7), 7);
    settle();
    CHECK_EQUAL(tcp_read(client, text, sizeof(text)), 7);
    CHECK_STRING(text, "answer");
    close_all();
}

enum { STREAM_SIZE = 2 << 20 };

// Writes random bytes in pieces of random sizes, and reads them so at the other end.
static void carries_a_stream(struct tcp_connection *from, struct tcp_connection *to)
{
    static uint8_t piece[70000];
    uint64_t seed = machine_clock_ns() | 1, written = seed, read = seed, sizes = seed;
    size_t sent = 0, received = 0;
    print("seed %llu ", (unsigned long long)seed);
    while (received < STREAM_SIZE) {
        size_t size = 1 + unit_random(&sizes) % sizeof(piece);
        if (size > STREAM_SIZE - sent)
            size = STREAM_SIZE - sent;
        uint64_t before = written;
        for (size_t i = 0; i < size; i++)
            piece[i] = (uint8_t)unit_random(&written);
        int count = size > 0 ? tcp_write(from, piece, size) : 0;
        written = before; // a part may have been taken
        for (int i = 0; i < count; i++)
            unit_random(&written);
        sent += count > 0 ? (size_t)count : 0;
        settle();
        while ((count = tcp_read(to, piece, 1 + unit_random(&sizes) % sizeof(piece))) > 0) {
            received += (size_t)count;
            for (int i = 0; i < count; i++)
                if (piece[i] != (uint8_t)unit_random(&read))
                    CHECK_EQUAL(received, 0);
        }
    }
    CHECK_EQUAL(received, STREAM_SIZE);
}

static void carries_streams_both_ways(void)
{
    open_both();
    carries_a_stream(client, server);
    carries_a_stream(server, client);
    close_all();
}

static void ends_each_way_apart(void)
{
    char text[8] = "";
    open_both();
    CHECK_EQUAL(tcp_shutdown(client, OS_SHUTDOWN_WRITE), 0);
    CHECK_EQUAL(tcp_write(client, "x", 1), -EPIPE);
    settle();
    CHECK_EQUAL(tcp_read(server, text, sizeof(text)), 0);
    CHECK(tcp_poll(server) & OS_POLL_END);
    CHECK_EQUAL(tcp_write(server, "late", 5), 5);
    settle();
    CHECK_EQUAL(tcp_read(client, text, sizeof(text)), 5);
    CHECK_STRING(text, "late");
    CHECK_EQUAL(tcp_shutdown(server, OS_SHUTDOWN_WRITE), 0);
    settle();
    CHECK_EQUAL(tcp_read(client, text, sizeof(text)), 0);
    close_all();
}

static void refuses_where_nobody_listens(void)
{
    const struct os_address remote = address_ipv4(IPV4(127, 0, 0, 1), 81);
    CHECK_EQUAL(tcp_open(&client, &user), 0);
    CHECK_EQUAL(tcp_connect(client, &remote), 0);
    settle();
    CHECK(tcp_poll(client) & OS_POLL_ERROR);
    CHECK_EQUAL(tcp_take_error(client), -ECONNREFUSED);
    tcp_close(client, false);
    CHECK_EQUAL(connections(), 0);
}

static void leaves_no_memory_behind(void)
{
    struct tcp_statistics statistics;
    struct packet_statistics packets;
    tcp_statistics(&statistics);
    packet_statistics(&packets);
    CHECK_EQUAL(statistics.connections, 0);
    CHECK_EQUAL(packets.pieces, 0);
    CHECK_EQUAL(statistics.retransmits, 0);
    CHECK(statistics.time_wait > 0);
    heap_check();
}

const struct test unit_tests[] = {
    {"carries words both ways", carries_words_both_ways},
    {"carries streams both ways", carries_streams_both_ways},
    {"ends each way apart", ends_each_way_apart},
    {"refuses where nobody listens", refuses_where_nobody_listens},
    {"leaves no memory behind", leaves_no_memory_behind},
    {0},
};
