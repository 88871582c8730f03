// SPDX-License-Identifier: MIT
//
// DNS: what is asked and of whom, what is believed, how long it is kept, and what comes of
// servers that are silent, refuse, or lie. UDP and the time are the test's.
#include "net/dns.h"

#include "boot/board.h"
#include "dns_server.h"
#include "error.h"
#include "fake_time.h"
#include "fake_udp.h"
#include "heap.h"
#include "net/dns_cache.h"
#include "page.h"
#include "print.h"
#include "random.h"
#include "thread.h"
#include "unit.h"

#define WWW "\3www\7example\3org"
#define ASKED "\xc0\x0c" // a pointer to the question's name
#define FIRST "\12\0\0\1"
#define SECOND_ONE "\12\0\0\2"

// ---- What is below ------------------------------------------------------------------------

static struct {
    struct net_device device;
    struct ip_configuration configuration;
} below;

const struct ip_configuration *ip_configuration(const struct net_device *device)
{
    return &below.configuration;
}

static void set_servers(unsigned count)
{
    for (unsigned i = 0; i < 3; i++)
        below.configuration.servers[i] =
            i < count ? address_ipv4(IPV4(10, 0, 2, 3 + i), 0) : (struct os_address){0};
}

void unit_setup(const struct boot_info *boot)
{
    static const struct net_operations operations = {0};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    below.device = (struct net_device){.operations = &operations, .mtu = 1500};
    netdev_add(&below.device);
    dns_init();
}

// ---- Asking -------------------------------------------------------------------------------

static struct dns_query query;
static unsigned done;

static void count_done(struct dns_query *ended)
{
    CHECK(ended == &query);
    done++;
}

// What is known is forgotten before.
static void ask(const char *name, unsigned servers)
{
    dns_cache_clear();
    set_servers(servers);
    done = 0;
    query.done = count_done;
    dns_ask(&query, name, OS_IPV4);
}

static void ask_again(const char *name)
{
    done = 0;
    fake_udp.sent = 0;
    dns_ask(&query, name, OS_IPV4);
}

static struct dns_reply reply(void)
{
    return dns_reply_to(fake_udp.bytes, fake_udp.size);
}

static void arrives(const struct dns_reply *reply)
{
    udp_arrives(reply->bytes, reply->size, DNS_PORT);
}

static void answer(const char *address, uint32_t ttl_s)
{
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_A, ttl_s, address, 4);
    arrives(&answer);
}

static void check_found(const char *bytes)
{
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, 0);
    CHECK(memcmp(query.answer.addresses[0].bytes, bytes, 4) == 0);
    CHECK(!fake_udp.port);
}

static void check_failed(int error)
{
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, error);
    CHECK(!fake_udp.port);
    CHECK(!timer_is_running(&query.timer));
}

static void finds_an_address(void)
{
    static const uint8_t question[] = WWW "\0\0\1\0\1"; // and the 0 that ends the string
    size_t live = udp_packets();
    ask("WWW.Example.org.", 1);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 3));
    CHECK_EQUAL(fake_udp.to.port, DNS_PORT);
    CHECK_EQUAL(fake_udp.size, 12 + sizeof(question) - 1);
    CHECK(memcmp(fake_udp.bytes + 12, question, sizeof(question) - 1) == 0);
    CHECK(memcmp(fake_udp.bytes + 2, "\1\0\0\1\0\0\0\0\0\0", 10) == 0);
    answer(FIRST, 300);
    check_found(FIRST);
    CHECK_EQUAL(query.answer.count, 1);
    CHECK_EQUAL(udp_packets(), live);
}

static void finds_addresses_of_the_other_kind(void)
{
    static const uint8_t six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    dns_cache_clear();
    set_servers(1);
    done = 0;
    dns_ask(&query, "www.example.org", OS_IPV6);
    struct dns_reply answer = reply();
    CHECK_EQUAL(fake_udp.bytes[fake_udp.size - 3], 28);
    dns_put(&answer, ASKED, DNS_AAAA, 300, six, sizeof(six));
    arrives(&answer);
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.answer.addresses[0].family, OS_IPV6);
    CHECK(memcmp(query.answer.addresses[0].bytes, six, sizeof(six)) == 0);
}

static void gives_no_more_than_there_is_room_for(void)
{
    ask("www.example.org", 1);
    struct dns_reply many = reply();
    for (unsigned i = 0; i < 20; i++)
        dns_put(&many, ASKED, DNS_A, 300, FIRST, 4);
    arrives(&many);
    check_found(FIRST);
    CHECK_EQUAL(query.answer.count, DNS_ADDRESSES_MAX);
}

static void needs_no_server_for_some(void)
{
    fake_udp.sent = 0;
    ask("10.0.2.2", 0);
    check_found("\12\0\2\2");
    ask("localhost", 0);
    check_found("\177\0\0\1");
    ask("some.localhost.", 0);
    check_found("\177\0\0\1");
    ask("notlocalhost", 0);
    check_failed(-ENETUNREACH);
    dns_ask(&query, "10.0.2.2", OS_IPV6);
    CHECK_EQUAL(query.error, -ENOENT);
    CHECK_EQUAL(fake_udp.sent, 0);
}

static void refuses_what_is_no_name(void)
{
    char text[300];
    fake_udp.sent = 0;
    ask("", 1);
    check_failed(-EINVAL);
    ask(".", 1);
    check_failed(-EINVAL);
    ask("a..b", 1);
    check_failed(-EINVAL);
    memset(text, 'x', sizeof(text));
    text[64] = '\0'; // a label of 64
    ask(text, 1);
    check_failed(-EINVAL);
    for (unsigned i = 0; i < sizeof(text) - 1; i++)
        text[i] = i % 50 == 49 ? '.' : 'x';
    text[254] = '\0'; // 254 bytes, 256 on the wire
    ask(text, 1);
    check_failed(-EINVAL);
    CHECK_EQUAL(fake_udp.sent, 0);
    text[253] = '\0';
    ask(text, 1);
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
    CHECK(!fake_udp.port && !timer_is_running(&query.timer));
    CHECK_EQUAL(done, 0);
}

// ---- Other names ----------------------------------------------------------------------------

static void follows_other_names(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    // In any order, and with others' records between.
    dns_put(&answer, "\1b\7example\3org", DNS_A, 300, FIRST, 4);
    dns_put(&answer, "\1x\7example\3org", DNS_A, 5, SECOND_ONE, 4);
    dns_put(&answer, "\1a\7example\3org", DNS_CNAME, 200, "\1B\7EXAMPLE\3org", 15);
    dns_put(&answer, ASKED, DNS_CNAME, 100, "\1a\xc0\x10", 4); // a, and the rest of the question
    arrives(&answer);
    check_found(FIRST);
    CHECK_EQUAL(query.answer.aliases, 2);
    CHECK_EQUAL(query.answer.ttl_s, 100); // the least on the way
}

// A server that knows only that it is another name: that one is asked for.
static void asks_for_the_other_name(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_CNAME, 100, "\1a\7example\3org", 15);
    arrives(&answer);
    CHECK_EQUAL(done, 0);
    CHECK(memcmp(fake_udp.bytes + 12, "\1a\7example\3org", 15) == 0);
    answer = reply();
    dns_put(&answer, ASKED, DNS_A, 200, FIRST, 4);
    arrives(&answer);
    check_found(FIRST);
    fake_udp.sent = 0;
    ask_again("www.example.org"); // kept under the name that was asked for,
    check_found(FIRST);
    time_passes(101 * TIME_SECOND); // as long as all on the way may be
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
}

static void other_names_that_go_in_circles(void)
{
    ask("www.example.org", 1);
    struct dns_reply circle = reply();
    dns_put(&circle, ASKED, DNS_CNAME, 100, "\1a\7example\3org", 15);
    dns_put(&circle, "\1a\7example\3org", DNS_CNAME, 100, WWW, 17);
    for (unsigned i = 0; i < 20 && done == 0; i++) {
        arrives(&circle);
        circle = reply();
        dns_put(&circle, "\1a\7example\3org", DNS_CNAME, 100, WWW, 17);
        dns_put(&circle, WWW, DNS_CNAME, 100, "\1a\7example\3org", 15);
    }
    check_failed(-EPROTO);
}

// ---- What there is not ----------------------------------------------------------------------

static void no_such_name(void)
{
    ask("none.example.org", 1);
    struct dns_reply answer = reply();
    dns_set_code(&answer, DNS_NO_NAME);
    arrives(&answer);
    check_failed(-ENOENT);
    ask_again("none.example.org"); // without an SOA it is not kept
    CHECK_EQUAL(fake_udp.sent, 1);
    answer = reply();
    dns_set_code(&answer, DNS_NO_NAME);
    dns_put_soa(&answer, "\7example\3org", 1000, 60);
    arrives(&answer);
    check_failed(-ENOENT);
    ask_again("none.example.org");
    check_failed(-ENOENT);
    CHECK_EQUAL(fake_udp.sent, 0);
    time_passes(61 * TIME_SECOND);
    ask_again("none.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
}

// The name is there, an address is not; nor is one asked for behind the alias.
static void no_such_address(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_CNAME, 100, "\1a\7example\3org", 15);
    dns_put_soa(&answer, "\7example\3org", 50, 60);
    arrives(&answer);
    check_failed(-ENOENT);
    CHECK_EQUAL(query.answer.ttl_s, 50);
}

// An SOA record of somebody else's zone says nothing.
static void a_foreign_soa(void)
{
    ask("none.example.org", 1);
    struct dns_reply answer = reply();
    dns_set_code(&answer, DNS_NO_NAME);
    dns_put_soa(&answer, "\7example\3com", 1000, 1000);
    arrives(&answer);
    check_failed(-ENOENT);
    CHECK_EQUAL(query.answer.ttl_s, 0);
}

// ---- The cache --------------------------------------------------------------------------------

static void keeps_what_it_may(void)
{
    ask("www.example.org", 1);
    answer(FIRST, 300);
    time_passes(299 * TIME_SECOND);
    ask_again("WWW.example.org");
    check_found(FIRST);
    CHECK_EQUAL(fake_udp.sent, 0);
    dns_ask(&query, "www.example.org", OS_IPV6); // of this nothing is known
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
    time_passes(2 * TIME_SECOND);
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    answer(FIRST, 0);
    check_found(FIRST);
    ask_again("www.example.org"); // 0: this once
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
}

static void forgets_with_the_servers(void)
{
    ask("www.example.org", 1);
    answer(FIRST, 300);
    set_servers(2);
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
}

static void keeps_so_many(void)
{
    char name[] = "00.example.org";
    struct heap_statistics before, after;
    ask("www.example.org", 1);
    answer(FIRST, 30000);
    heap_statistics(&before);
    for (unsigned i = 0; i < 80; i++) {
        name[0] = (char)('0' + i / 10);
        name[1] = (char)('0' + i % 10);
        ask_again(name);
        answer(SECOND_ONE, 30000);
        ask_again("www.example.org"); // used all the time, so it stays
        check_found(FIRST);
        CHECK_EQUAL(fake_udp.sent, 0);
    }
    heap_statistics(&after);
    CHECK_EQUAL(after.allocations - before.allocations, DNS_CACHE_MAX - 1);
    ask_again("00.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
    dns_cache_clear();
    heap_statistics(&after);
    CHECK_EQUAL(after.allocations, before.allocations - 1);
}

// ---- Servers that do not help -------------------------------------------------------------------

static void a_silent_server(void)
{
    uint16_t ports[3];
    fake_udp.sent = 0;
    ask("www.example.org", 1);
    ports[0] = fake_udp.port->local.port;
    time_passes(4 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, 1);
    time_passes(1 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, 2);
    ports[1] = fake_udp.port->local.port;
    CHECK(ports[0] != ports[1]); // what came to the first one would come too late
    time_passes(9 * TIME_SECOND);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(fake_udp.sent, 3);
    time_passes(1 * TIME_SECOND);
    check_failed(-ETIMEDOUT);
    CHECK_EQUAL(fake_udp.sent, 3);
}

static void asks_one_server_after_another(void)
{
    ask("www.example.org", 2);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 3));
    time_passes(5 * TIME_SECOND);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 4));
    answer(FIRST, 300);
    check_found(FIRST);
}

static void a_server_that_fails(void)
{
    ask("www.example.org", 2);
    struct dns_reply answer = reply();
    dns_set_code(&answer, DNS_SERVER_FAILURE);
    arrives(&answer);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 4)); // at once
    answer = reply();
    dns_set_code(&answer, DNS_REFUSED);
    arrives(&answer);
    check_failed(-EPROTO);
}

static void a_server_that_is_not_there(void)
{
    const struct ip_failure failure = {.error = -ECONNREFUSED};
    ask("www.example.org", 2);
    fake_udp.port->failed(fake_udp.port, &fake_udp.to, &failure);
    time_passes(1);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 4));
    fake_udp.port->failed(fake_udp.port, &fake_udp.to, &failure);
    time_passes(1);
    check_failed(-ECONNREFUSED);
}

static void what_cannot_be_sent(void)
{
    fake_udp.send_error = -ENETUNREACH;
    ask("www.example.org", 3);
    fake_udp.send_error = 0;
    check_failed(-ENETUNREACH);
    fake_udp.open_error = -ENOBUFS;
    ask("www.example.org", 1);
    fake_udp.open_error = 0;
    check_failed(-ENOBUFS);
}

// ---- What is not believed -------------------------------------------------------------------------

static void ignores_what_was_not_asked(void)
{
    ask("www.example.org", 1);
    struct dns_reply good = reply(), bad;
    dns_put(&good, ASKED, DNS_A, 300, FIRST, 4);
    bad = good;
    bad.bytes[0] ^= 1; // another number
    arrives(&bad);
    bad = good;
    bad.bytes[2] &= 0x7f; // a question
    arrives(&bad);
    bad = good;
    bad.bytes[2] |= 0x28; // another operation
    arrives(&bad);
    bad = good;
    bad.bytes[5] = 0; // no question
    arrives(&bad);
    bad = good;
    bad.bytes[13] = 'v'; // another name
    arrives(&bad);
    bad = good;
    bad.bytes[fake_udp.size - 3] = 28; // another type
    arrives(&bad);
    bad = good;
    bad.bytes[fake_udp.size - 1] = 3; // another class
    arrives(&bad);
    for (size_t size = 0; size < fake_udp.size; size++)
        udp_arrives(good.bytes, size, DNS_PORT);
    CHECK_EQUAL(done, 0);
    udp_arrives_cut(good.bytes, good.size, DNS_PORT, 20); // in two pieces it is as good
    check_found(FIRST);
}

static void ignores_records_that_are_wrong(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    dns_put(&answer, "\3ftp\7example\3org", DNS_A, 300, SECOND_ONE, 4); // of another name
    dns_put(&answer, ASKED, DNS_A, 300, SECOND_ONE, 3);                 // too short
    dns_put(&answer, ASKED, DNS_A, 300, FIRST, 4);
    dns_put(&answer, ASKED, DNS_A, 300, SECOND_ONE, 4);
    answer.size--; // and the last one cut
    arrives(&answer);
    check_found(FIRST);
    CHECK_EQUAL(query.answer.count, 1);
}

// One that did not fit is a part, and good for now.
static void an_answer_that_was_cut(void)
{
    ask("www.example.org", 1);
    struct dns_reply cut = reply();
    cut.bytes[2] |= 2;
    dns_put(&cut, ASKED, DNS_A, 300, FIRST, 4);
    arrives(&cut);
    check_found(FIRST);
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    cut = reply();
    cut.bytes[2] |= 2;
    arrives(&cut);
    check_failed(-EPROTO);
}

// ---- Names on the wire ------------------------------------------------------------------------------

static size_t read_name(const char *bytes, size_t size, size_t at)
{
    struct dns_name name;
    return dns_name_read(&name, (const uint8_t *)bytes, size, at);
}

static void undoes_compression(void)
{
    static const char message[] = "\3org\0\1a\xc0\0\1b\xc0\5\xff";
    char text[DNS_NAME_TEXT];
    struct dns_name name, parsed;
    CHECK_EQUAL(dns_name_read(&name, (const uint8_t *)message, sizeof(message), 9), 13);
    CHECK_STRING(dns_name_print(&name, text), "b.a.org");
    CHECK_EQUAL(dns_name_parse(&parsed, "B.a.ORG"), 0);
    CHECK(dns_name_equal(&name, &parsed));
    CHECK_EQUAL(dns_name_read(&name, (const uint8_t *)"\0", 1, 0), 1); // the root
    CHECK_STRING(dns_name_print(&name, text), "");
}

static void bounds_compression(void)
{
    char letters[600];
    CHECK_EQUAL(read_name("\xc0\0", 2, 0), 0);           // points at itself
    CHECK_EQUAL(read_name("\1a\xc0\0", 4, 0), 0);        // at its own beginning
    CHECK_EQUAL(read_name("\xc0\2\xc0\0", 4, 2), 0);     // at each other
    CHECK_EQUAL(read_name("\xc0\4\0\0\1a\0", 7, 0), 0);  // forward
    CHECK_EQUAL(read_name("\xc0\xff", 2, 0), 0);         // outside
    CHECK_EQUAL(read_name("\xc0", 1, 0), 0);             // half a pointer
    CHECK_EQUAL(read_name("\3or", 3, 0), 0);             // cut
    CHECK_EQUAL(read_name("\3org", 4, 0), 0);            // without an end
    CHECK_EQUAL(read_name("\101" "a\0", 3, 0), 0);       // of no kind that there is
    CHECK_EQUAL(read_name("\0", 1, 1), 0);
    memset(letters, 1, sizeof(letters)); // labels of one letter, far more than 255 bytes
    CHECK_EQUAL(read_name(letters, sizeof(letters), 0), 0);
    // As much again behind each pointer, backwards: 128 labels are too long, too.
    for (unsigned i = 0; i < 149; i++)
        memcpy(letters + 4 * i, (const uint8_t[]){1, 'a', 0xc0 | (uint8_t)((i * 4 - 4) >> 8),
                                                  (uint8_t)(i * 4 - 4)}, 4);
    letters[0] = 0;
    CHECK_EQUAL(read_name(letters, sizeof(letters), 4 * 148), 0);
    CHECK_EQUAL(read_name(letters, sizeof(letters), 4 * 100), 404);
}

static void prints_nothing_that_a_terminal_obeys(void)
{
    char text[DNS_NAME_TEXT];
    struct dns_name name;
    CHECK_EQUAL(dns_name_read(&name, (const uint8_t *)"\4a\33[m\1.\0", 8, 0), 8);
    CHECK_STRING(dns_name_print(&name, text), "a??m.?");
}

// Any bytes: an end, and nothing touched outside (the sanitizers of host see that).
static void bears_anything(void)
{
    uint64_t seed = random_u64() | 1, state = seed;
    print("seed %llu ", (unsigned long long)seed);
    for (unsigned round = 0; round < 300; round++) {
        ask("www.example.org", 1);
        struct dns_reply bent = reply();
        dns_put(&bent, ASKED, DNS_CNAME, 100, "\1a\xc0\x10", 4);
        dns_put(&bent, "\1a\7example\3org", DNS_A, 300, FIRST, 4);
        dns_put_soa(&bent, "\7example\3org", 50, 60);
        for (unsigned i = 0; i < 4; i++)
            bent.bytes[12 + unit_random(&state) % (bent.size - 12)] =
                (uint8_t)unit_random(&state);
        udp_arrives(bent.bytes, bent.size - unit_random(&state) % 8, DNS_PORT);
        if (!done)
            dns_cancel(&query);
    }
}

const struct test unit_tests[] = {
    {"finds an address", finds_an_address},
    {"finds addresses of the other kind", finds_addresses_of_the_other_kind},
    {"gives no more than there is room for", gives_no_more_than_there_is_room_for},
    {"needs no server for some", needs_no_server_for_some},
    {"refuses what is no name", refuses_what_is_no_name},
    {"follows other names", follows_other_names},
    {"asks for the other name", asks_for_the_other_name},
    {"other names that go in circles", other_names_that_go_in_circles},
    {"no such name", no_such_name},
    {"no such address", no_such_address},
    {"a foreign SOA", a_foreign_soa},
    {"keeps what it may", keeps_what_it_may},
    {"forgets with the servers", forgets_with_the_servers},
    {"keeps so many", keeps_so_many},
    {"a silent server", a_silent_server},
    {"asks one server after another", asks_one_server_after_another},
    {"a server that fails", a_server_that_fails},
    {"a server that is not there", a_server_that_is_not_there},
    {"what cannot be sent", what_cannot_be_sent},
    {"ignores what was not asked", ignores_what_was_not_asked},
    {"ignores records that are wrong", ignores_records_that_are_wrong},
    {"an answer that was cut", an_answer_that_was_cut},
    {"undoes compression", undoes_compression},
    {"bounds compression", bounds_compression},
    {"prints nothing that a terminal obeys", prints_nothing_that_a_terminal_obeys},
    {"bears anything", bears_anything},
    {0},
};
