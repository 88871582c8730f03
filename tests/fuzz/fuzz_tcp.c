// SPDX-License-Identifier: MIT
//
// A fuzzer for TCP: peers who say anything in nearly the right moment (peers.h), and programs
// that open, read, write and close when it pleases them. Time passes when the bytes say so.
//
// Whatever happens: what is read is what was sent, in order; memory stays within its limit;
// and hours after the last of it nothing is left.
#include "fuzz.h"
#include "peers.h"

#include "net/icmp.h"
#include "net/tcp_recovery.h"
#include "user/os_interfaces.h"

enum { USERS = 8, PIECE = 4096 };
static const uint64_t ms_ns = 1000000, hours_ns = 6 * 3600 * 1000000000ull;

struct user {
    struct tcp_user tcp;
    struct tcp_connection *connection; // NULL: none
    tcp_sequence next;                 // of what is read
    bool has_read;
};

static struct {
    struct tcp_user listening;
    struct tcp_connection *listener;
    struct user users[USERS];
    uint8_t piece[PIECE];
} app;

void fuzz_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&icmp_protocol, &tcp_protocol, NULL};
    wire_setup(boot, protocols);
    tcp_init();
    tcp_recovery_init();
    netdev_merge_init();
}

// ---- The programs -------------------------------------------------------------------

static struct user *free_user(void)
{
    for (unsigned i = 0; i < USERS; i++)
        if (!app.users[i].connection)
            return &app.users[i];
    return NULL;
}

static void start_listening(unsigned backlog)
{
    const struct os_address local = address_ipv4(0, OUR_PORT);
    int error = tcp_open(&app.listener, &app.listening);
    if (!error)
        error = tcp_bind(app.listener, &local);
    if (!error)
        error = tcp_listen(app.listener, backlog);
    ASSERT(error == 0);
}

static void accept(void)
{
    struct user *user = free_user();
    if (!user)
        return;
    *user = (struct user){0};
    if (tcp_accept(app.listener, &user->connection, &user->tcp) != 0)
        user->connection = NULL;
}

static void connect(unsigned which)
{
    const struct os_address remote =
        address_ipv4(WIRE_PEER, (uint16_t)(PEER_PORT + PEERS_LISTENING + which % 2));
    struct user *user = free_user();
    if (!user)
        return;
    *user = (struct user){0};
    int error = tcp_open(&user->connection, &user->tcp);
    ASSERT(error == 0);
    tcp_connect(user->connection, &remote);
}

static void read(struct user *user, size_t size)
{
    int count = tcp_read(user->connection, app.piece, size);
    if (count > 0 && !user->has_read) {
        user->next = user->connection->receive.irs + 1;
        user->has_read = true;
    }
    for (int i = 0; i < count; i++)
        if (app.piece[i] != peer_data(user->next + (tcp_sequence)i))
            panic("byte %d of %d that were read is not the one that was sent", i, count);
    if (count > 0)
        user->next += (tcp_sequence)count;
}

static void write(struct user *user, size_t size)
{
    tcp_sequence first = user->connection->send.end;
    for (size_t i = 0; i < size; i++)
        app.piece[i] = our_data(first + (tcp_sequence)i);
    int count = tcp_write(user->connection, app.piece, size);
    ASSERT(count <= (int)size);
}

static void set_option(struct user *user)
{
    static const uint8_t options[] = {OS_OPTION_NODELAY, OS_OPTION_KEEPALIVE,
                                      OS_OPTION_SEND_BUFFER, OS_OPTION_RECEIVE_BUFFER,
                                      OS_OPTION_CONGESTION};
    uint8_t which = input_byte();
    tcp_set_option(user->connection, options[which % sizeof(options)], input_byte() * 8);
}

static void close(struct user *user, bool abort)
{
    tcp_close(user->connection, abort);
    user->connection = NULL;
}

static void use(unsigned what, struct user *user)
{
    struct os_connection_info info;
    if (!user->connection)
        return;
    switch (what) {
    case 0: read(user, PIECE); break;
    case 1: read(user, 1 + input_byte()); break;
    case 2: write(user, PIECE); break;
    case 3: write(user, 1 + input_byte()); break;
    case 4: tcp_shutdown(user->connection, input_byte() % 4); break;
    case 5: close(user, false); break;
    case 6: close(user, true); break;
    case 7: set_option(user); break;
    default:
        tcp_describe(user->connection, &info);
        tcp_take_error(user->connection);
    }
}

// ---- The network --------------------------------------------------------------------

// A router says that a segment of ours did not get there.
static void fail(void)
{
    struct peer *peer = &peers[input_byte() % PEERS];
    uint8_t message[36] = {ICMP_UNREACHABLE, input_byte() % 16}, bytes[128];
    struct tcp_header header = {.source = to_be16(peer->our_port),
                                .destination = to_be16((uint16_t)(PEER_PORT + (peer - peers))),
                                .sequence = to_be32(bend(peer->our_next, peer->our_first,
                                                         input_byte() % 7))};
    struct ip_header ip = {.version_and_length = 0x45, .total_length = to_be16(1500), .ttl = 1,
                           .protocol = IP_TCP, .source = WIRE_US, .destination = WIRE_PEER};
    be16_write(message + 6, input_word()); // the MTU
    memcpy(message + 8, &ip, sizeof(ip));
    wire_seal(message + 8);
    memcpy(message + 28, &header, 8);
    be16 checksum = checksum_finish(checksum_add(0, message, sizeof(message)));
    memcpy(message + 2, &checksum, sizeof(checksum));
    wire_receive_exact(bytes, wire_ip(bytes, WIRE_GATEWAY, IP_ICMP, message, sizeof(message)));
}

static void check(void)
{
    struct tcp_statistics statistics;
    tcp_statistics(&statistics);
    ASSERT(statistics.memory <= 2 * tcp_limits()->memory);
    for (struct tcp_connection *c = tcp_next(0); c; c = tcp_next(c->id)) {
        ASSERT(!sequence_after(c->send.una, c->send.nxt));
        if (c->state >= TCP_ESTABLISHED)
            ASSERT(!sequence_after(c->send.nxt, c->send.end + c->send.fin));
        ASSERT(c->receive.queued <= c->receive.limit + 65536);
    }
}

// Whatever is alive ends, for one reason or another.
static void end_all(void)
{
    struct tcp_statistics statistics;
    for (unsigned i = 0; i < USERS; i++)
        if (app.users[i].connection)
            close(&app.users[i], i % 2);
    tcp_close(app.listener, false);
    peers_look();
    for (unsigned i = 0; i < 60; i++) {
        time_passes(hours_ns / 60);
        peers_look();
    }
    tcp_statistics(&statistics);
    ASSERT(statistics.connections == 0 && statistics.listeners == 0);
    ASSERT(statistics.time_wait == 0 && statistics.memory == 0);
    ASSERT(wire_packets() == 0);
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    input.at = bytes;
    input.end = bytes + size;
    peers_begin();
    start_listening(1 + input_byte() % 3);
    while (input_has_more()) {
        uint8_t what = input_byte();
        switch (what >> 5) {
        case 0: accept(); break;
        case 1: connect(what); break;
        case 2: use(input_byte() % 9, &app.users[what % USERS]); break;
        case 3: time_passes(ms_ns << what % 20); break;
        case 4:
            if (what % 8 == 0)
                fail();
            break;
        default: peer_sends(); break;
        }
        peers_look();
        check();
    }
    end_all();
}
