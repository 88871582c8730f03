// SPDX-License-Identifier: MIT
//
// Sockets of streams over the loopback device: connections, their ends, and the waits.
#include "error.h"
#include "print.h"
#include "sockets.h"
#include "string.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_streams(boot);
}

enum { PORT = 8000 };

static int result;

static void close_pair(const int ends[2])
{
    os_close(ends[0]);
    os_close(ends[1]);
}

// ---- Connections ------------------------------------------------------------------------
static void bytes_go_both_ways(void)
{
    int ends[2];
    char text[32];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_write(ends[1], "hello", 5), 5);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 5);
    CHECK_EQUAL(memcmp(text, "hello", 5), 0);
    CHECK_EQUAL(os_write(ends[0], "you there", 9), 9);
    CHECK_EQUAL(os_receive(ends[1], text, 3, unit_late()), 3);
    CHECK_EQUAL(os_receive(ends[1], text, sizeof(text), unit_late()), 6);
    CHECK_EQUAL(os_read(ends[1], text, 0), 0);
    CHECK_EQUAL(os_receive(ends[1], text, sizeof(text), unit_soon()), -ETIMEDOUT);
    close_pair(ends);
}

static void both_know_both_names(void)
{
    struct os_address server_local, server_peer, client_local, client_peer, accepted;
    int listener = unit_listen(PORT, 1), client = unit_connect(PORT);
    int server = os_accept(listener, &accepted, unit_late());
    CHECK_EQUAL(os_local_name(server, &server_local), 0);
    CHECK_EQUAL(os_peer_name(server, &server_peer), 0);
    CHECK_EQUAL(os_local_name(client, &client_local), 0);
    CHECK_EQUAL(os_peer_name(client, &client_peer), 0);
    CHECK_EQUAL(server_local.port, PORT);
    CHECK_EQUAL(client_peer.port, PORT);
    CHECK_EQUAL(server_peer.port, client_local.port);
    CHECK_EQUAL(accepted.port, client_local.port);
    CHECK(address_equal(&server_peer, &client_local));
    CHECK_EQUAL(os_peer_name(listener, &server_peer), -ENOTCONN);
    os_close(listener);
    os_close(server);
    os_close(client);
}

static void errors_have_their_names(void)
{
    struct os_address there = unit_loopback(PORT + 1);
    char byte;
    int socket = os_socket(OS_STREAM, OS_IPV4);
    CHECK_EQUAL(os_read(socket, &byte, 1), -ENOTCONN);
    CHECK_EQUAL(os_write(socket, "x", 1), -ENOTCONN);
    CHECK_EQUAL(os_shutdown(socket, OS_SHUTDOWN_WRITE), -ENOTCONN);
    CHECK_EQUAL(os_shutdown(socket, 0), -EINVAL);
    CHECK_EQUAL(os_accept(socket, NULL, OS_NEVER), -EINVAL);
    CHECK_EQUAL(os_connect(socket, &there, unit_late()), -ECONNREFUSED);
    os_close(socket);

    int ends[2];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_connect(ends[1], &there, unit_late()), -EISCONN);
    CHECK_EQUAL(os_send_to(ends[1], "x", 1, &there), -EISCONN);
    CHECK_EQUAL(os_accept(ends[0], NULL, 0), -EINVAL);
    close_pair(ends);
    int listener = unit_listen(PORT, 1);
    CHECK_EQUAL(unit_listen(PORT, 1), -EADDRINUSE);
    os_close(listener);
    os_close(listener + 1);
}

static void accepting_ends_at_its_deadline(void)
{
    int listener = unit_listen(PORT, 1);
    CHECK_EQUAL(os_accept(listener, NULL, unit_soon()), -ETIMEDOUT);
    CHECK_EQUAL(os_set_option(listener, OS_OPTION_WAIT, 0), 0);
    CHECK_EQUAL(os_accept(listener, NULL, OS_NEVER), -EAGAIN);
    os_close(listener);
}

// ---- Ends -------------------------------------------------------------------------------
static void each_direction_ends_for_itself(void)
{
    int ends[2];
    char text[16];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_write(ends[1], "last", 4), 4);
    CHECK_EQUAL(os_shutdown(ends[1], OS_SHUTDOWN_WRITE), 0);
    CHECK_EQUAL(os_write(ends[1], "x", 1), -EPIPE);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 4);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 0);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 0); // and again
    CHECK_EQUAL(os_write(ends[0], "still", 5), 5);
    CHECK_EQUAL(os_receive(ends[1], text, sizeof(text), unit_late()), 5);
    CHECK_EQUAL(os_shutdown(ends[1], OS_SHUTDOWN_READ), 0);
    CHECK_EQUAL(os_receive(ends[1], text, sizeof(text), unit_late()), 0);
    close_pair(ends);
}

static void the_last_write_ends_a_direction(void)
{
    int ends[2];
    char text[16];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_send_last(ends[1], "last", 4, OS_NEVER), 4);
    CHECK_EQUAL(os_send_last(ends[1], "x", 1, OS_NEVER), -EPIPE);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 4);
    CHECK_EQUAL(os_receive(ends[0], text, sizeof(text), unit_late()), 0);
    CHECK_EQUAL(os_send_last(ends[0], NULL, 0, OS_NEVER), 0);
    CHECK_EQUAL(os_receive(ends[1], text, sizeof(text), unit_late()), 0);
    CHECK_EQUAL(os_send_last(0, "x", 1, OS_NEVER), -ENOTSOCK);
    close_pair(ends);
}

// What has been read is no loss; what has not is told by a reset.
static void a_reset_is_told_once(void)
{
    int ends[2];
    char byte;
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_set_option(ends[0], OS_OPTION_LINGER, 0), 0);
    CHECK_EQUAL(os_close(ends[0]), 0);
    os_sleep_ns(1000000);
    struct os_poll poll = {ends[1], 0, 0};
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK(poll.ready & OS_POLL_ERROR);
    CHECK_EQUAL(os_write(ends[1], "x", 1), -ECONNRESET);
    CHECK_EQUAL(os_write(ends[1], "x", 1), -EPIPE);
    CHECK_EQUAL(os_read(ends[1], &byte, 1), 0);
    os_close(ends[1]);
}

static void what_was_written_arrives_after_the_close(void)
{
    static char bytes[30000];
    struct os_address there = unit_loopback(PORT);
    int listener = unit_listen(PORT, 1), client = os_socket(OS_STREAM, OS_IPV4), got = 0, count;
    CHECK_EQUAL(os_connect(client, &there, unit_late()), 0);
    CHECK_EQUAL(os_write(client, bytes, sizeof(bytes)), sizeof(bytes));
    CHECK_EQUAL(os_close(client), 0);
    int server = os_accept(listener, NULL, unit_late());
    while ((count = os_receive(server, bytes, sizeof(bytes), unit_late())) > 0)
        got += count;
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(got, sizeof(bytes));
    os_close(server);
    os_close(listener);
}

static void closing_may_wait_for_the_last_byte(void)
{
    static char bytes[20000];
    int ends[2];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_set_option(ends[1], OS_OPTION_LINGER, -2), -EINVAL);
    CHECK_EQUAL(os_set_option(ends[1], OS_OPTION_LINGER, 5), 0);
    CHECK_EQUAL(os_write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
    uint64_t start_ns = os_clock_ns();
    CHECK_EQUAL(os_close(ends[1]), 0);
    CHECK(os_clock_ns() - start_ns < 4000000000); // as soon as it is there
    CHECK_EQUAL(os_receive(ends[0], bytes, sizeof(bytes), 0), sizeof(bytes));
    os_close(ends[0]);
}

// ---- Waiting ----------------------------------------------------------------------------
static void receive_one(void *handle)
{
    char byte;
    result = os_receive(*(int *)handle, &byte, 1, OS_NEVER);
}

static void accept_one(void *handle)
{
    result = os_accept(*(int *)handle, NULL, OS_NEVER);
}

static void close_during(void (*wait)(void *handle), int handle)
{
    struct thread *thread = thread_create("waiter", wait, &handle);
    thread_yield();
    CHECK_EQUAL(os_close(handle), 0);
    thread_join(thread, NULL, MACHINE_NEVER);
}

static void a_closed_handle_wakes_who_waits(void)
{
    int ends[2];
    unit_connect_pair(PORT, ends);
    close_during(receive_one, ends[0]);
    CHECK_EQUAL(result, -EBADF);
    os_close(ends[1]);
    close_during(accept_one, unit_listen(PORT, 1));
    CHECK_EQUAL(result, -EBADF);
}

enum { QUIET_NS = 100000000 }; // longer than an ACK is delayed

static void a_full_buffer_is_not_ready(void)
{
    static char bytes[1 << 20];
    int ends[2];
    unit_connect_pair(PORT, ends);
    struct os_poll poll = {ends[1], OS_POLL_WRITE, 0};
    CHECK_EQUAL(os_set_option(ends[1], OS_OPTION_WAIT, 0), 0);
    int count, sent = 0, got = 0;
    while ((count = os_write(ends[1], bytes, sizeof(bytes))) > 0 ||
           os_poll(&poll, 1, os_clock_ns() + QUIET_NS))
        sent += count > 0 ? count : 0;
    CHECK_EQUAL(count, -EAGAIN);
    CHECK(sent > 0);
    CHECK_EQUAL(os_send(ends[1], "x", 1, unit_soon()), -EAGAIN);
    CHECK_EQUAL(os_set_option(ends[1], OS_OPTION_WAIT, 1), 0);
    CHECK_EQUAL(os_send(ends[1], "x", 1, unit_soon()), -ETIMEDOUT);
    while (got < sent) {
        count = os_receive(ends[0], bytes, sizeof(bytes), unit_late());
        CHECK(count > 0);
        if (count <= 0)
            break;
        got += count;
    }
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    close_pair(ends);
}

// ---- Much of it -------------------------------------------------------------------------
enum { STREAM_SIZE = 600000 };

static void write_stream(void *handle)
{
    static char bytes[5000];
    uint64_t state = 1;
    for (size_t sent = 0; sent < STREAM_SIZE;) {
        size_t piece = 1 + sent % sizeof(bytes);
        if (piece > STREAM_SIZE - sent)
            piece = STREAM_SIZE - sent;
        for (size_t i = 0; i < piece; i++)
            bytes[i] = (char)unit_random(&state);
        if (os_write(*(int *)handle, bytes, piece) != (int)piece)
            break;
        sent += piece;
    }
    os_shutdown(*(int *)handle, OS_SHUTDOWN_WRITE);
}

static void random_pieces_arrive_in_order(void)
{
    uint64_t seed = machine_clock_ns() | 1, state = 1, sizes = seed;
    static char bytes[9000];
    int ends[2], count;
    size_t got = 0, wrong = 0;
    print("seed %llu ", (unsigned long long)seed);
    unit_connect_pair(PORT, ends);
    struct thread *writer = thread_create("writer", write_stream, &ends[1]);
    for (;;) {
        size_t size = 1 + unit_random(&sizes) % sizeof(bytes);
        count = os_receive(ends[0], bytes, size, unit_late());
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++)
            wrong += bytes[i] != (char)unit_random(&state);
        got += (size_t)count;
    }
    CHECK_EQUAL(got, STREAM_SIZE);
    CHECK_EQUAL(wrong, 0);
    thread_join(writer, NULL, MACHINE_NEVER);
    close_pair(ends);
}

// Opened, used a little and closed from alternating sides; nothing stays but TIME-WAIT.
static void connections_come_and_go(void)
{
    enum { ROUNDS = 100 };
    int ends[2];
    char byte;
    unit_connect_pair(PORT, ends);
    close_pair(ends);
    os_sleep_ns(1000000);
    struct unit_holdings before = unit_holdings();
    struct tcp_statistics now;
    tcp_statistics(&now);
    size_t connections = now.connections;
    for (int i = 0; i < ROUNDS; i++) {
        unit_connect_pair(PORT, ends);
        CHECK_EQUAL(os_write(ends[0], "x", 1), 1);
        CHECK_EQUAL(os_receive(ends[1], &byte, 1, unit_late()), 1);
        CHECK_EQUAL(os_close(ends[i % 2]), 0);
        CHECK_EQUAL(os_receive(ends[1 - i % 2], &byte, 1, unit_late()), 0);
        CHECK_EQUAL(os_close(ends[1 - i % 2]), 0);
    }
    os_sleep_ns(1000000);
    tcp_statistics(&now);
    CHECK_EQUAL(now.connections, connections);
    CHECK_EQUAL(unit_holdings().packets, before.packets);
}

static void a_watch_serves_many(void)
{
    enum { CLIENTS = 30 };
    int clients[CLIENTS], servers[CLIENTS], listener = unit_listen(PORT, CLIENTS);
    int watch = os_watch_create();
    bool seen[CLIENTS] = {0};
    struct os_event events[7];
    char byte;
    CHECK_EQUAL(os_watch(watch, listener, OS_POLL_READ, &listener), 0);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = unit_connect(PORT);
    CHECK_EQUAL(os_watch_wait(watch, events, 7, unit_late()), 1);
    for (int i = 0; i < CLIENTS; i++) {
        servers[i] = os_accept(listener, NULL, unit_late());
        CHECK_EQUAL(os_watch(watch, servers[i], OS_POLL_READ, &servers[i]), 0);
    }
    CHECK_EQUAL(os_watch_wait(watch, events, 7, 0), 0);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_EQUAL(os_write(clients[i], "x", 1), 1);
    for (int left = CLIENTS; left > 0;) {
        int count = os_watch_wait(watch, events, 7, unit_late());
        CHECK(count > 0);
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++) {
            int *server = events[i].context;
            CHECK_EQUAL(os_read(*server, &byte, 1), 1);
            seen[server - servers] = true;
            left--;
        }
    }
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(seen[i]);
        os_close(servers[i]);
        os_close(clients[i]);
    }
    os_close(listener);
    CHECK_EQUAL(os_watch_wait(watch, events, 7, 0), 0);
    os_close(watch);
}

const struct test unit_tests[] = {
    {"bytes go both ways", bytes_go_both_ways},
    {"both know both names", both_know_both_names},
    {"errors have their names", errors_have_their_names},
    {"accepting ends at its deadline", accepting_ends_at_its_deadline},
    {"each direction ends for itself", each_direction_ends_for_itself},
    {"the last write ends a direction", the_last_write_ends_a_direction},
    {"a reset is told once", a_reset_is_told_once},
    {"what was written arrives after the close", what_was_written_arrives_after_the_close},
    {"closing may wait for the last byte", closing_may_wait_for_the_last_byte},
    {"a closed handle wakes who waits", a_closed_handle_wakes_who_waits},
    {"a full buffer is not ready", a_full_buffer_is_not_ready},
    {"random pieces arrive in order", random_pieces_arrive_in_order},
    {"connections come and go", connections_come_and_go},
    {"a watch serves many", a_watch_serves_many},
    {0},
};
