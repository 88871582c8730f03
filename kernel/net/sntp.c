// SPDX-License-Identifier: MIT
//
// SNTP: a question with a cookie, an answer with two times of the server.
//
//   sntp_ask(), sntp_cancel()
//
// The server notes when the question came (T2) and when its answer left (T3), we note when the
// question left (T1) and when the answer came (T4). If both ways took as long as each other,
// the server's clock is ahead of ours by ((T2 - T1) + (T3 - T4)) / 2, and wrong by no more than
// half of the time that both ways took, (T4 - T1) - (T3 - T2). Chapter 22.
#include "sntp.h"

#include "error.h"
#include "machine.h"
#include "random.h"
#include "string.h"

#define SECOND 1000000000ull
#define TRY_NS (SNTP_TRY_S * SECOND)
enum { MODE_CLIENT = 3, MODE_SERVER = 4, VERSION = 4, LEAP_UNKNOWN = 3, STRATUM_MAX = 15 };
#define UNIX_EPOCH_S 2208988800ull // 1970 in seconds since 1900

static void expired(struct timer *timer);

// ---- Times --------------------------------------------------------------------------

// Of 1968 to 2104: the number of seconds has overflowed in 2036, and starts from 0 then
// (RFC 4330, 3).
static uint64_t to_unix_ns(struct sntp_time time)
{
    uint64_t seconds = from_be32(time.seconds);
    if (!(seconds >> 31))
        seconds += 1ull << 32;
    return (seconds - UNIX_EPOCH_S) * SECOND + (from_be32(time.fraction) * SECOND >> 32);
}

// RFC 4330, 5: what must hold of an answer before it is believed.
static int check(const struct sntp_message *message, const struct sntp_query *query)
{
    unsigned mode = message->leap_version_mode & 7, leap = message->leap_version_mode >> 6;
    if (mode != MODE_SERVER || message->originate.seconds != query->cookie.seconds ||
        message->originate.fraction != query->cookie.fraction)
        return -EPROTO;
    if (message->stratum == 0)
        return -EACCES; // "kiss of death" (RFC 4330, 8)
    if (leap == LEAP_UNKNOWN || message->stratum > STRATUM_MAX ||
        (message->transmit.seconds == 0 && message->transmit.fraction == 0))
        return -EAGAIN;
    return 0;
}

int sntp_read(const struct sntp_message *message, const struct sntp_query *query,
              uint64_t now_ns, struct os_time_answer *answer)
{
    *answer = (struct os_time_answer){.stratum = message->stratum};
    for (unsigned i = 0; i < sizeof(message->reference); i++) {
        char letter = message->reference[i];
        answer->reference[i] = letter >= ' ' && letter <= '~' ? letter : '\0';
    }
    int error = check(message, query);
    if (error)
        return error;

    uint64_t received_ns = to_unix_ns(message->receive); // T2
    uint64_t left_ns = to_unix_ns(message->transmit);    // T3
    uint64_t trip_ns = now_ns - query->sent_ns, there_ns = left_ns - received_ns;
    if (left_ns < received_ns || there_ns > trip_ns)
        there_ns = 0; // it took longer there than all together: its clock has jumped
    answer->delay_ns = trip_ns - there_ns;
    answer->clock_ns = now_ns;
    answer->unix_ns = left_ns + answer->delay_ns / 2;
    return 0;
}

// ---- Question and answer ------------------------------------------------------------

static void finish(struct sntp_query *query, int error)
{
    sntp_cancel(query);
    query->error = error;
    query->done(query);
}

void sntp_cancel(struct sntp_query *query)
{
    timer_stop(&query->timer);
    if (query->is_open)
        udp_close(&query->port);
    query->is_open = false;
}

static void receive(struct udp_port *port, struct packet *packet, const struct os_address *from,
                    const struct os_address *to)
{
    struct sntp_query *query = container_of(port, struct sntp_query, port);
    struct sntp_message message;
    size_t size = packet_read(packet, 0, &message, sizeof(message));
    packet_put(packet);
    int error = -EPROTO;
    if (size == sizeof(message))
        error = sntp_read(&message, query, machine_clock_ns(), &query->answer);
    if (error != -EPROTO)
        finish(query, error);
}

// Not from in here: we may have been called by udp_send().
static void failed(struct udp_port *port, const struct os_address *to,
                   const struct ip_failure *failure)
{
    struct sntp_query *query = container_of(port, struct sntp_query, port);
    query->error = failure->error;
    timer_stop(&query->timer);
    timer_start(&query->timer, machine_clock_ns(), expired);
}

// The time that we say we sent it is a number that nobody can guess: the server repeats it, and
// needs it for nothing else.
static int send(struct sntp_query *query)
{
    struct sntp_message message = {.leap_version_mode = VERSION << 3 | MODE_CLIENT};
    struct packet *packet = packet_alloc(PACKET_HEADROOM, sizeof(message));
    if (!packet)
        return -ENOMEM;
    random_bytes(&query->cookie, sizeof(query->cookie));
    message.transmit = query->cookie;
    packet_append_bytes(packet, &message, sizeof(message));
    query->sent_ns = machine_clock_ns();
    return udp_send(&query->port, packet, NULL);
}

static void try(struct sntp_query *query)
{
    query->tries++;
    timer_start(&query->timer, timer_deadline_after(TRY_NS), expired);
    int error = send(query);
    if (error)
        finish(query, error);
}

static void expired(struct timer *timer)
{
    struct sntp_query *query = container_of(timer, struct sntp_query, timer);
    if (query->error)
        finish(query, query->error);
    else if (query->tries == SNTP_TRIES)
        finish(query, -ETIMEDOUT);
    else
        try(query);
}

void sntp_ask(struct sntp_query *query, const struct os_address *server)
{
    const struct os_address any = address_ipv4(0, 0);
    query->timer = (struct timer){0};
    query->port = (struct udp_port){.received = receive, .failed = failed};
    query->server = *server;
    if (query->server.port == 0)
        query->server.port = SNTP_PORT;
    query->tries = 0;
    query->error = udp_open(&query->port, &any);
    query->is_open = !query->error;
    if (!query->error)
        query->error = udp_connect(&query->port, &query->server);
    if (query->error)
        finish(query, query->error);
    else
        try(query);
}
