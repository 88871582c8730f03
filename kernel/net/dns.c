// SPDX-License-Identifier: MIT
//
// The DNS resolver: one query at a time goes from server to server until one answers.
//
//   dns_ask(), dns_ask_host(), dns_cancel()
//
// UDP can be forged by anybody who can guess what we asked. So each try has a port and a number
// that nobody knows, and only its server is listened to (RFC 5452, 9). Chapter 22.
#include "dns.h"

#include "dns_cache.h"
#include "error.h"
#include "format.h"
#include "machine.h"
#include "print.h"
#include "random.h"
#include "string.h"

#define TRY_NS (DNS_TRY_S * 1000000000ull)

static struct {
    struct os_address servers[DNS_SERVERS_MAX]; // that were asked last
    bool has_complained;                        // that none of them answers
    const struct dns_stream *stream;            // NULL: there is no TCP
} dns;

static void ask_next(struct dns_query *query);
static void expired(struct timer *timer);

void dns_init(void)
{
    dns_cache_init();
}

// ---- The end ------------------------------------------------------------------------

static void close(struct dns_query *query)
{
    timer_stop(&query->timer);
    if (query->is_open)
        udp_close(&query->port);
    query->is_open = false;
    if (query->stream)
        dns.stream->cancel(query);
    query->stream = NULL;
}

static void finish(struct dns_query *query, int error)
{
    close(query);
    query->error = error;
    query->done(query);
}

void dns_cancel(struct dns_query *query)
{
    close(query);
}

// What was found, or that there is nothing.
static void finish_with_answer(struct dns_query *query)
{
    finish(query, query->answer.count > 0 ? 0 : -ENOENT);
}

// All tries are over. What the last one met is the reason.
static void give_up(struct dns_query *query)
{
    int error = query->error;
    char name[DNS_NAME_TEXT], server[ADDRESS_TEXT_SIZE];
    if (error == -ETIMEDOUT && !dns.has_complained)
        log_warning("DNS: no answer from %s%s, asked %u times for %s; is it the right server?",
                    address_print(&query->servers[0], server),
                    query->server_count > 1 ? " and others" : "", query->tries,
                    dns_name_print(&query->name, name));
    dns.has_complained = dns.has_complained || error == -ETIMEDOUT;
    finish(query, error);
}

// One server less to ask.
static void refuse(struct dns_query *query, int error)
{
    query->refused++;
    query->error = error;
}

// ---- Answers ------------------------------------------------------------------------

// The name leads to another one, whose addresses this server left to be asked for.
static void follow_alias(struct dns_query *query)
{
    query->aliases += query->answer.aliases;
    if (query->aliases > DNS_ALIASES_MAX) {
        finish(query, -EPROTO); // they go in circles
        return;
    }
    query->question.name = query->answer.alias;
    query->tries = 0;
    ask_next(query);
}

static void take_answer(struct dns_query *query)
{
    struct dns_answer *answer = &query->answer;
    char name[DNS_NAME_TEXT];
    dns.has_complained = false;
    if (answer->ttl_s > query->ttl_s)
        answer->ttl_s = query->ttl_s;
    query->ttl_s = answer->ttl_s;

    if (answer->code != DNS_OK && answer->code != DNS_NO_NAME) {
        refuse(query, -EPROTO); // it could not, or would not: perhaps another one
        ask_next(query);
    } else if (answer->alias.size > 0) {
        follow_alias(query);
    } else if (answer->is_cut && answer->count == 0) {
        log_warning("DNS: the answer for %s is too long for UDP, and there is none over TCP",
                    dns_name_print(&query->name, name));
        refuse(query, -EPROTO);
        ask_next(query);
    } else {
        if (!answer->is_cut && !query->is_apart)
            dns_cache_keep(&query->name, query->question.type, answer);
        finish_with_answer(query);
    }
}

// RFC 2181, 9; RFC 7766, 5: what was cut is not to be used, if all of it can be had. False: it
// cannot.
static bool ask_for_all(struct dns_query *query)
{
    const struct os_address server = query->port.remote;
    if (!dns.stream)
        return false;
    close(query);
    timer_start(&query->timer, timer_deadline_after(TRY_NS), expired);
    return dns.stream->ask(query, &server) == 0;
}

// If there is none, the one that was cut is still in its place.
void dns_take_long(struct dns_query *query, const uint8_t *bytes, size_t size)
{
    if (bytes)
        dns_message_read(bytes, size, &query->question, &query->answer);
    take_answer(query);
}

void dns_set_stream(const struct dns_stream *stream)
{
    dns.stream = stream;
}

// What is no answer to our question is not the end of waiting for one.
static void receive(struct udp_port *port, struct packet *packet, const struct os_address *from,
                    const struct os_address *to)
{
    struct dns_query *query = container_of(port, struct dns_query, port);
    bool is_answer = packet->total <= PACKET_ROOM && packet_pull_up(packet, packet->total) &&
                     dns_message_read(packet->data, packet->size, &query->question,
                                      &query->answer);
    packet_put(packet);
    if (is_answer && !(query->answer.is_cut && ask_for_all(query)))
        take_answer(query);
}

// There is nobody at that port, or no way to there.
static void failed(struct udp_port *port, const struct os_address *to,
                   const struct ip_failure *failure)
{
    struct dns_query *query = container_of(port, struct dns_query, port);
    refuse(query, failure->error);
    // Soon, but not from in here: we may have been called by udp_send() of this very try.
    timer_stop(&query->timer);
    timer_start(&query->timer, machine_clock_ns(), expired);
}

// ---- Questions ----------------------------------------------------------------------

static void expired(struct timer *timer)
{
    struct dns_query *query = container_of(timer, struct dns_query, timer);
    if (query->stream) {
        close(query);
        dns_take_long(query, NULL, 0);
        return;
    }
    if (query->refused == 0)
        query->error = -ETIMEDOUT;
    ask_next(query);
}

static int send(struct dns_query *query, const struct os_address *server)
{
    const struct os_address any = address_ipv4(0, 0);
    struct packet *packet = packet_alloc(PACKET_HEADROOM, DNS_QUESTION_MAX);
    if (!packet)
        return -ENOMEM;
    query->question.id = (uint16_t)random_u64();
    uint8_t *bytes = packet_extend(packet, DNS_QUESTION_MAX);
    packet_trim(packet, dns_message_write(bytes, &query->question));

    query->port = (struct udp_port){.received = receive, .failed = failed};
    int error = udp_open(&query->port, &any);
    query->is_open = !error;
    if (!error)
        error = udp_connect(&query->port, server);
    if (error)
        packet_put(packet);
    else
        error = udp_send(&query->port, packet, NULL);
    return error;
}

// The next try; a server that cannot be asked at all is passed over. The query may be over
// before send() returns: an answer that comes through the loopback is that fast.
static void ask_next(struct dns_query *query)
{
    while (query->tries < DNS_TRIES && query->refused < query->server_count) {
        close(query);
        timer_start(&query->timer, timer_deadline_after(TRY_NS), expired);
        int error = send(query, &query->servers[query->tries++ % query->server_count]);
        if (!error)
            return;
        refuse(query, error);
    }
    give_up(query);
}

// Those of all interfaces, the first ones first. What other servers have said before counts
// no longer: in another network the same name can mean another host.
static unsigned find_servers(struct os_address servers[DNS_SERVERS_MAX])
{
    unsigned count = 0;
    bool are_new = false;
    memset(servers, 0, DNS_SERVERS_MAX * sizeof(*servers));
    for (struct net_device *device = netdev_next(NULL); device; device = netdev_next(device)) {
        const struct ip_configuration *configuration = ip_configuration(device);
        for (unsigned i = 0; configuration && i < 3 && count < DNS_SERVERS_MAX; i++) {
            if (configuration->servers[i].family == OS_ANY_FAMILY)
                continue;
            servers[count] = configuration->servers[i];
            if (servers[count].port == 0)
                servers[count].port = DNS_PORT;
            count++;
        }
    }
    for (unsigned i = 0; i < DNS_SERVERS_MAX; i++) {
        are_new = are_new || !address_equal(&servers[i], &dns.servers[i]) ||
                  servers[i].port != dns.servers[i].port;
        dns.servers[i] = servers[i];
    }
    if (are_new)
        dns_cache_clear();
    return count;
}

static bool is_localhost(const struct dns_name *name)
{
    static const struct dns_name localhost = {.size = 11, .bytes = "\011localhost"};
    return dns_name_is_in(name, &localhost);
}

// What needs no server: addresses, and this host itself (RFC 6761, 6.3).
static bool answer_ourselves(struct dns_query *query, const char *name, enum os_family family)
{
    struct dns_answer *answer = &query->answer;
    struct os_address address;
    if (address_parse(name, &address) != 0) {
        if (!is_localhost(&query->name))
            return false;
        address = address_ipv4(IPV4(127, 0, 0, 1), 0);
    }
    *answer = (struct dns_answer){.addresses = {address}};
    answer->count = family == OS_ANY_FAMILY || family == address.family;
    return true;
}

// The last label of a name is never a number (RFC 1123, 2.1): this was to be an address.
static bool is_bad_address(const struct dns_name *name)
{
    size_t last = 0;
    for (size_t at = 0; name->bytes[at] != 0; at += 1u + name->bytes[at])
        last = at;
    for (size_t i = 1; i <= name->bytes[last]; i++) {
        if (name->bytes[last + i] < '0' || name->bytes[last + i] > '9')
            return false;
    }
    return true;
}

// 0, or why the name cannot be asked for.
static int prepare(struct dns_query *query, const char *name, uint16_t type)
{
    query->is_open = query->is_apart = false;
    query->stream = NULL;
    query->timer = (struct timer){0};
    query->tries = query->refused = query->aliases = 0;
    query->error = 0;
    query->ttl_s = UINT32_MAX;
    query->question.type = type;
    int error = dns_name_parse(&query->name, name);
    query->question.name = query->name;
    return error;
}

static void ask_servers(struct dns_query *query, const struct os_address *server)
{
    query->is_apart = server;
    if (server) {
        query->servers[0] = *server;
        query->servers[0].port = server->port ? server->port : DNS_PORT;
        query->server_count = 1;
    } else {
        query->server_count = find_servers(query->servers);
    }
    if (!server && dns_cache_find(&query->name, query->question.type, &query->answer))
        finish_with_answer(query);
    else if (query->server_count == 0)
        finish(query, -ENETUNREACH);
    else
        ask_next(query);
}

void dns_ask(struct dns_query *query, const char *name, enum os_family family,
             const struct os_address *server)
{
    int error = prepare(query, name, family == OS_IPV6 ? DNS_AAAA : DNS_A);
    if (error)
        finish(query, error);
    else if (!server && answer_ourselves(query, name, family))
        finish_with_answer(query);
    else if (is_bad_address(&query->name))
        finish(query, -EINVAL);
    else
        ask_servers(query, server);
}

// RFC 1035, 3.5: 10.0.2.3 is asked for as 3.2.0.10.in-addr.arpa.
void dns_ask_host(struct dns_query *query, const struct os_address *address,
                  const struct os_address *server)
{
    const uint8_t *bytes = address->bytes;
    char name[sizeof("255.255.255.255.in-addr.arpa")];
    snprintf(name, sizeof(name), "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1],
             bytes[0]);
    prepare(query, name, DNS_PTR);
    ask_servers(query, server);
}
