// SPDX-License-Identifier: MIT
//
// Sockets on their way to a connection: without waiting, several threads at once, and those
// that never get there.
#include "error.h"
#include "sockets.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_streams(boot);
}

enum { PORT = 8000 };

static void connecting_without_waiting(void)
{
    struct os_address there = unit_loopback(PORT), nowhere = unit_loopback(PORT + 1);
    int listener = unit_listen(PORT, 1), client = os_socket(OS_STREAM, OS_IPV4), value;
    struct os_poll poll = {client, OS_POLL_WRITE, 0};
    CHECK_EQUAL(os_set_option(client, OS_OPTION_WAIT, 0), 0);
    CHECK_EQUAL(os_connect(client, &there, OS_NEVER), -EINPROGRESS);
    CHECK_EQUAL(os_connect(client, &there, OS_NEVER), -EALREADY);
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_WRITE);
    CHECK_EQUAL(os_get_option(client, OS_OPTION_ERROR, &value), 0);
    CHECK_EQUAL(value, 0);
    CHECK_EQUAL(os_connect(client, &there, OS_NEVER), -EISCONN);
    os_close(client);
    os_close(listener);

    client = os_socket(OS_STREAM, OS_IPV4);
    CHECK_EQUAL(os_set_option(client, OS_OPTION_WAIT, 0), 0);
    CHECK_EQUAL(os_connect(client, &nowhere, OS_NEVER), -EINPROGRESS);
    poll = (struct os_poll){client, OS_POLL_WRITE, 0};
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK(poll.ready & OS_POLL_ERROR);
    CHECK_EQUAL(os_get_option(client, OS_OPTION_ERROR, &value), 0);
    CHECK_EQUAL(value, -ECONNREFUSED);
    os_close(client);
}

// There is nothing to wait for: every call would answer at once.
static void one_that_is_not_connected_is_ready(void)
{
    int client = os_socket(OS_STREAM, OS_IPV4);
    char byte;
    struct os_poll poll = {client, OS_POLL_READ, 0};
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_READ | OS_POLL_END);
    CHECK_EQUAL(os_read(client, &byte, 1), -ENOTCONN);
    poll.wanted = OS_POLL_WRITE;
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_WRITE);
    CHECK_EQUAL(os_write(client, &byte, 1), -ENOTCONN);
    os_close(client);
}

// ---- Several threads --------------------------------------------------------------------
static struct {
    int client, connected, received;
} shared;

static void connect_shared(void *unused)
{
    struct os_address there = unit_loopback(PORT);
    shared.connected = os_connect(shared.client, &there, OS_NEVER);
}

static void receive_shared(void *unused)
{
    char byte;
    shared.received = os_receive(shared.client, &byte, 1, OS_NEVER);
}

// Both wait for the same end, and only one of them can be told the reason.
static void all_who_wait_hear_that_it_has_failed(void)
{
    struct os_address there = unit_loopback(PORT);
    int listener = unit_listen(PORT, 1), first = unit_connect(PORT); // now nobody is let in
    shared.client = os_socket(OS_STREAM, OS_IPV4);
    struct thread *connecting = thread_create("connecting", connect_shared, NULL);
    thread_yield();
    struct thread *receiving = thread_create("receiving", receive_shared, NULL);
    thread_yield();
    CHECK_EQUAL(os_connect(shared.client, &there, unit_late()), -EALREADY);
    os_close(listener); // the SYN that goes again is refused
    thread_join(connecting, NULL, MACHINE_NEVER);
    thread_join(receiving, NULL, MACHINE_NEVER);
    CHECK(shared.connected == -ECONNREFUSED || shared.received == -ECONNREFUSED);
    CHECK(shared.connected < 0 && shared.received < 0);
    os_close(shared.client);
    os_close(first);
}

// Who has given up waiting may go on doing so.
static void asked_again_it_goes_on_waiting(void)
{
    struct os_address there = unit_loopback(PORT);
    int listener = unit_listen(PORT, 1), first = unit_connect(PORT);
    int client = os_socket(OS_STREAM, OS_IPV4);
    CHECK_EQUAL(os_connect(client, &there, unit_soon()), -ETIMEDOUT);
    os_close(os_accept(listener, NULL, unit_late())); // there is room for it now
    CHECK_EQUAL(os_connect(client, &there, unit_late()), 0);
    CHECK_EQUAL(os_connect(client, &there, unit_late()), -EISCONN);
    os_close(client);
    os_close(first);
    os_close(listener);
}

const struct test unit_tests[] = {
    {"connecting without waiting", connecting_without_waiting},
    {"one that is not connected is ready", one_that_is_not_connected_is_ready},
    {"all who wait hear that it has failed", all_who_wait_hear_that_it_has_failed},
    {"asked again it goes on waiting", asked_again_it_goes_on_waiting},
    {0},
};
