// SPDX-License-Identifier: MIT
//
// Sockets of datagrams, and of echo, over the loopback device.
#include "error.h"
#include "net/checksum.h"
#include "net/icmp.h"
#include "net/packet.h"
#include "net/udp.h"
#include "page.h"
#include "print.h"
#include "sockets.h"
#include "string.h"

static const struct ip_protocol *const protocols[] = {&icmp_protocol, &udp_protocol, NULL};
static const struct socket_kind *const kinds[] = {&socket_datagram, &socket_echo, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_sockets(boot, protocols, kinds);
}

enum { PORT = 7000 };

static int open_at(uint16_t port)
{
    struct os_address address = unit_loopback(port);
    int handle = os_socket(OS_DATAGRAM, OS_IPV4);
    int error = os_bind(handle, &address);
    return error ? error : handle;
}

static int send_to_port(int handle, uint16_t port, const char *text)
{
    struct os_address address = unit_loopback(port);
    return os_send_to(handle, text, strlen(text), &address);
}

// Bytes that wait at that port, as `ss` shows them.
static unsigned bytes_shown(uint16_t port)
{
    struct os_connection_info infos[8];
    unsigned count = os_connections(OS_TRACEABLE_MAX, infos, 8), bytes = 0;
    for (unsigned i = 0; i < count; i++)
        bytes += infos[i].local.port == port ? infos[i].receive_queue : 0;
    return bytes;
}

// ---- Datagrams --------------------------------------------------------------------------
static void a_datagram_says_who_sent_it(void)
{
    char text[16] = "";
    struct os_address from, local;
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4);
    CHECK_EQUAL(send_to_port(client, PORT, "hello"), 5);
    CHECK_EQUAL(os_receive_from(server, text, sizeof(text), &from, unit_late()), 5);
    CHECK_STRING(text, "hello");
    CHECK_EQUAL(os_local_name(client, &local), 0);
    CHECK_EQUAL(from.port, local.port);
    CHECK(address_be32(&from) == IPV4(127, 0, 0, 1));
    CHECK_EQUAL(os_send_to(server, "you", 3, &from), 3);
    CHECK_EQUAL(os_receive(client, text, sizeof(text), unit_late()), 3);
    os_close(server);
    os_close(client);
}

static void each_is_a_piece_of_its_own(void)
{
    char text[16];
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4);
    CHECK_EQUAL(bytes_shown(PORT), 0);
    CHECK_EQUAL(send_to_port(client, PORT, "first"), 5);
    CHECK_EQUAL(bytes_shown(PORT), 5);
    CHECK_EQUAL(send_to_port(client, PORT, ""), 0);
    CHECK_EQUAL(send_to_port(client, PORT, "third"), 5);
    CHECK_EQUAL(os_receive(server, text, 2, unit_late()), 2); // and the rest of it is lost
    CHECK_EQUAL(os_read(server, text, sizeof(text)), 0);
    CHECK_EQUAL(os_read(server, text, sizeof(text)), 5);
    CHECK_EQUAL(memcmp(text, "third", 5), 0);
    CHECK_EQUAL(bytes_shown(PORT), 0);
    CHECK_EQUAL(os_receive(server, text, sizeof(text), unit_soon()), -ETIMEDOUT);
    CHECK_EQUAL(os_receive(server, text, sizeof(text), 0), -ETIMEDOUT);
    os_close(server);
    os_close(client);
}

static void the_largest_arrives_whole(void)
{
    enum { LARGEST = 65507 };
    static uint8_t sent[LARGEST + 1], received[LARGEST + 1];
    struct unit_holdings before = unit_holdings();
    uint64_t seed = machine_clock_ns() | 1;
    struct os_address to = unit_loopback(PORT);
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4);
    print("seed %llu ", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (uint8_t)unit_random(&seed);
    CHECK_EQUAL(os_send_to(client, sent, LARGEST + 1, &to), -EMSGSIZE);
    CHECK_EQUAL(os_send_to(client, sent, LARGEST, &to), LARGEST);
    CHECK_EQUAL(os_receive(server, received, sizeof(received), unit_late()), LARGEST);
    CHECK_EQUAL(memcmp(sent, received, LARGEST), 0);
    os_close(server);
    os_close(client);
    CHECK_EQUAL(unit_holdings().packets, before.packets);
}

static void errors_have_their_names(void)
{
    struct os_address local = unit_loopback(PORT), ours_not = address_ipv4(IPV4(9, 9, 9, 9), 1);
    struct os_address six = {.family = OS_IPV6, .port = 1};
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4), ends[2];
    CHECK_EQUAL(os_bind(server, &local), -EINVAL); // it has one
    CHECK_EQUAL(os_bind(client, &local), -EADDRINUSE);
    CHECK_EQUAL(os_bind(client, &ours_not), -EADDRNOTAVAIL);
    CHECK_EQUAL(os_bind(client, &six), -EAFNOSUPPORT);
    CHECK_EQUAL(os_write(client, "x", 1), -EDESTADDRREQ);
    CHECK_EQUAL(os_shutdown(client, OS_SHUTDOWN_READ), -ENOTCONN);
    CHECK_EQUAL(os_peer_name(client, &local), -ENOTCONN);
    CHECK_EQUAL(os_listen(client, 1), -EOPNOTSUPP);
    CHECK_EQUAL(os_accept(client, NULL, OS_NEVER), -EOPNOTSUPP);
    CHECK_EQUAL(os_set_option(client, OS_OPTION_NODELAY, 1), -ENOPROTOOPT);
    CHECK_EQUAL(os_set_option(client, OS_OPTION_TTL, 256), -EINVAL);
    CHECK_EQUAL(os_socket(OS_DATAGRAM, OS_IPV6), -EAFNOSUPPORT);
    CHECK_EQUAL(os_socket(9, OS_IPV4), -EPROTONOSUPPORT);
    CHECK_EQUAL(os_pipe(ends), 0);
    CHECK_EQUAL(os_send_to(ends[1], "x", 1, &local), -ENOTSOCK);
    CHECK_EQUAL(os_set_option(ends[1], OS_OPTION_TTL, 1), -ENOTSOCK);
    CHECK_EQUAL(os_set_option(OS_OUTPUT, OS_OPTION_WAIT, 0), -ENOTSOCK);
    CHECK_EQUAL(os_bind(99, &local), -EBADF);
    for (int handle = server; handle <= ends[1]; handle++)
        os_close(handle);
}

static void options_are_kept(void)
{
    int client = os_socket(OS_DATAGRAM, OS_IPV4), value;
    static const enum os_option options[] = {OS_OPTION_TTL, OS_OPTION_BROADCAST,
                                             OS_OPTION_REUSE_ADDRESS, OS_OPTION_RECEIVE_BUFFER};
    static const int values[] = {7, 1, 1, 123456};
    CHECK_EQUAL(os_get_option(client, OS_OPTION_TTL, &value), 0);
    CHECK_EQUAL(value, 64);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(os_set_option(client, options[i], values[i]), 0);
        CHECK_EQUAL(os_get_option(client, options[i], &value), 0);
        CHECK_EQUAL(value, values[i]);
    }
    os_close(client);
}

// ---- Connected --------------------------------------------------------------------------
static void a_connected_one_hears_from_there_alone(void)
{
    char text[16];
    struct os_address there = unit_loopback(PORT), none = {0}, name;
    int server = open_at(PORT), stranger = open_at(PORT + 1), client = open_at(PORT + 2);
    CHECK_EQUAL(os_connect(client, &there, OS_NEVER), 0);
    CHECK_EQUAL(os_peer_name(client, &name), 0);
    CHECK_EQUAL(name.port, PORT);
    CHECK_EQUAL(os_write(client, "question", 8), 8);
    CHECK_EQUAL(os_receive(server, text, sizeof(text), unit_late()), 8);
    CHECK_EQUAL(send_to_port(stranger, PORT + 2, "bad"), 3);
    CHECK_EQUAL(send_to_port(server, PORT + 2, "good"), 4);
    CHECK_EQUAL(os_receive(client, text, sizeof(text), unit_late()), 4);
    CHECK_EQUAL(os_connect(client, &none, OS_NEVER), 0);
    CHECK_EQUAL(send_to_port(stranger, PORT + 2, "again"), 5);
    CHECK_EQUAL(os_receive(client, text, sizeof(text), unit_late()), 5);
    os_close(server);
    os_close(stranger);
    os_close(client);
}

// Somebody has to be connected to hear that nobody is there.
static void a_port_without_a_socket_refuses(void)
{
    char byte;
    int client = os_socket(OS_DATAGRAM, OS_IPV4), value;
    struct os_address there = unit_loopback(PORT);
    CHECK_EQUAL(send_to_port(client, PORT, "x"), 1);
    CHECK_EQUAL(os_receive(client, &byte, 1, unit_soon()), -ETIMEDOUT);
    CHECK_EQUAL(os_connect(client, &there, OS_NEVER), 0);
    CHECK_EQUAL(os_write(client, "x", 1), 1);
    CHECK_EQUAL(os_receive(client, &byte, 1, unit_late()), -ECONNREFUSED);
    CHECK_EQUAL(os_write(client, "x", 1), 1);
    os_sleep_ns(1000000);
    CHECK_EQUAL(os_write(client, "x", 1), -ECONNREFUSED);
    CHECK_EQUAL(os_write(client, "x", 1), 1);
    os_sleep_ns(1000000);
    CHECK_EQUAL(os_get_option(client, OS_OPTION_ERROR, &value), 0);
    CHECK_EQUAL(value, -ECONNREFUSED);
    CHECK_EQUAL(os_get_option(client, OS_OPTION_ERROR, &value), 0);
    CHECK_EQUAL(value, 0);
    os_close(client);
}

// ---- Waiting ----------------------------------------------------------------------------
static int result;

static void receive_one(void *handle)
{
    char byte;
    result = os_receive(*(int *)handle, &byte, 1, OS_NEVER);
}

static void a_closed_socket_wakes_who_receives(void)
{
    int server = open_at(PORT);
    struct thread *thread = thread_create("receiver", receive_one, &server);
    thread_yield();
    CHECK_EQUAL(os_close(server), 0);
    thread_join(thread, NULL, MACHINE_NEVER);
    CHECK_EQUAL(result, -EBADF);
    server = open_at(PORT); // the port is free again
    CHECK(server >= 0);
    os_close(server);
}

static void one_that_does_not_wait_says_so(void)
{
    char byte;
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4);
    struct os_poll poll = {server, OS_POLL_READ, 0};
    CHECK_EQUAL(os_set_option(server, OS_OPTION_WAIT, 0), 0);
    CHECK_EQUAL(os_receive(server, &byte, 1, OS_NEVER), -EAGAIN);
    CHECK_EQUAL(os_poll(&poll, 1, 0), 0);
    CHECK_EQUAL(send_to_port(client, PORT, "x"), 1);
    CHECK_EQUAL(os_poll(&poll, 1, unit_late()), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_READ);
    CHECK_EQUAL(os_receive(server, &byte, 1, OS_NEVER), 1);
    os_close(server);
    os_close(client);
}

// However small they are: the pages that they hold count.
static void a_flood_does_not_take_all_memory(void)
{
    enum { FLOOD = 2000 };
    char byte;
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4), received = 0;
    struct unit_holdings before = unit_holdings();
    CHECK_EQUAL(os_set_option(server, OS_OPTION_RECEIVE_BUFFER, 64 << 10), 0);
    for (int i = 0; i < FLOOD; i++) {
        CHECK_EQUAL(send_to_port(client, PORT, "x"), 1);
        os_yield();
    }
    CHECK(unit_holdings().packets - before.packets <= (64 << 10) / PAGE_SIZE);
    while (os_receive(server, &byte, 1, unit_soon()) == 1)
        received++;
    CHECK_EQUAL(received, (64 << 10) / PAGE_SIZE);
    CHECK_EQUAL(unit_holdings().packets, before.packets);
    os_close(server);
    os_close(client);
}

static void what_nobody_received_goes_with_the_socket(void)
{
    struct unit_holdings before = unit_holdings();
    int server = open_at(PORT), client = os_socket(OS_DATAGRAM, OS_IPV4);
    CHECK_EQUAL(send_to_port(client, PORT, "x"), 1);
    os_yield();
    os_close(server);
    os_close(client);
    CHECK_EQUAL(unit_holdings().packets, before.packets);
    CHECK_EQUAL(unit_holdings().allocations, before.allocations);
}

// ---- Echo -------------------------------------------------------------------------------
struct question {
    struct os_echo echo;
    char text[4];
};

static void an_echo_comes_back(void)
{
    struct question question = {{.sequence = 77}, "abc"}, answer = {0};
    struct os_address to = unit_loopback(0), from;
    int handle = os_socket(OS_ECHO, OS_IPV4);
    CHECK_EQUAL(os_send_to(handle, &question, 3, &to), -EINVAL);
    CHECK_EQUAL(os_write(handle, &question, sizeof(question)), -EDESTADDRREQ);
    CHECK_EQUAL(os_send_to(handle, &question, sizeof(question), &to), sizeof(question));
    CHECK_EQUAL(os_receive_from(handle, &answer, sizeof(answer), &from, unit_late()),
                sizeof(answer));
    CHECK(address_equal(&from, &to));
    CHECK_EQUAL(answer.echo.sequence, 77);
    CHECK_EQUAL(answer.echo.ttl, 64);
    CHECK_STRING(answer.text, "abc");
    CHECK_EQUAL(os_receive_from(handle, &answer, sizeof(answer), &from, unit_soon()),
                -ETIMEDOUT);
    CHECK_EQUAL(from.family, 0);
    os_close(handle);
}

static void an_echo_without_a_way_is_refused(void)
{
    struct question question = {{.sequence = 5}, "abc"}, answer = {0};
    struct os_address to = address_ipv4(IPV4(9, 9, 9, 9), 0);
    int handle = os_socket(OS_ECHO, OS_IPV4);
    struct os_address all = address_ipv4(IPV4(255, 255, 255, 255), 0);
    CHECK_EQUAL(os_connect(handle, &to, OS_NEVER), -ENETUNREACH);
    CHECK_EQUAL(os_connect(handle, &all, OS_NEVER), -EACCES);
    CHECK_EQUAL(os_write(handle, &question, sizeof(question)), -EDESTADDRREQ);
    CHECK_EQUAL(os_send_to(handle, &question, sizeof(question), &to), -ENETUNREACH);
    CHECK_EQUAL(os_receive(handle, &answer, sizeof(answer), 0), -ETIMEDOUT);
    os_close(handle);
}

static uint8_t question_sent[28]; // its headers: of IP, and ICMP

static void keep_question(struct net_tap *tap, const struct net_device *device,
                          const struct packet *packet, bool is_sent)
{
    if (is_sent && packet->data[20] == ICMP_ECHO)
        memcpy(question_sent, packet->data, sizeof(question_sent));
}

// A router says that the question's time has run out (RFC 792): its header, and the question's.
static void exceed(be32 router)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 28 + sizeof(question_sent));
    uint8_t *bytes = packet_extend(packet, 28 + sizeof(question_sent));
    struct ip_header *header = (void *)bytes;
    memcpy(bytes, question_sent, 20);
    header->source = router;
    header->total_length = to_be16(28 + sizeof(question_sent));
    header->checksum = 0;
    header->checksum = checksum_finish(checksum_add(0, header, sizeof(*header)));
    memset(bytes + 20, 0, 8);
    bytes[20] = ICMP_TIME_EXCEEDED;
    memcpy(bytes + 28, question_sent, sizeof(question_sent));
    packet->checksum = PACKET_CHECKSUM_VALID;
    netdev_receive(ip_loopback(), packet);
}

static void an_echo_is_told_who_failed_it(void)
{
    struct net_tap tap = {.frame = keep_question};
    struct question question = {{.sequence = 5}, "abc"}, answer;
    struct os_address to = unit_loopback(0), from;
    int handle = os_socket(OS_ECHO, OS_IPV4);
    netdev_tap_add(&tap);
    CHECK_EQUAL(os_send_to(handle, &question, sizeof(question), &to), sizeof(question));
    CHECK_EQUAL(os_receive(handle, &answer, sizeof(answer), unit_late()), sizeof(answer));
    netdev_tap_remove(&tap);

    exceed(IPV4(127, 3, 3, 3));
    memset(&answer, 0, sizeof(answer));
    CHECK_EQUAL(os_receive_from(handle, &answer, sizeof(answer), &from, 0), -ETIMEDOUT);
    CHECK(address_be32(&from) == IPV4(127, 3, 3, 3));
    CHECK_EQUAL(answer.echo.sequence, 5);
    os_close(handle);
}

const struct test unit_tests[] = {
    {"a datagram says who sent it", a_datagram_says_who_sent_it},
    {"each is a piece of its own", each_is_a_piece_of_its_own},
    {"the largest arrives whole", the_largest_arrives_whole},
    {"errors have their names", errors_have_their_names},
    {"options are kept", options_are_kept},
    {"a connected one hears from there alone", a_connected_one_hears_from_there_alone},
    {"a port without a socket refuses", a_port_without_a_socket_refuses},
    {"a closed socket wakes who receives", a_closed_socket_wakes_who_receives},
    {"one that does not wait says so", one_that_does_not_wait_says_so},
    {"a flood does not take all memory", a_flood_does_not_take_all_memory},
    {"what nobody received goes with the socket", what_nobody_received_goes_with_the_socket},
    {"an echo comes back", an_echo_comes_back},
    {"an echo without a way is refused", an_echo_without_a_way_is_refused},
    {"an echo is told who failed it", an_echo_is_told_who_failed_it},
    {0},
};
