// SPDX-License-Identifier: MIT
//
// DNS: what is asked and of whom, how long it is kept, and what comes of servers that are
// silent or refuse. UDP and the time are the test's.
#include "dns_below.h"

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
    dns_ask(&query, "www.example.org", OS_IPV6, NULL);
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
    dns_ask(&query, "10.0.2.2", OS_IPV6, NULL);
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
    ask("1.2.3.4.5", 0); // was to be an address: no server has to be known for that
    check_failed(-EINVAL);
    ask("10.0.2.256", 1);
    check_failed(-EINVAL);
    text[253] = '\0';
    ask(text, 1);
    CHECK_EQUAL(fake_udp.sent, 1);
    dns_cancel(&query);
    CHECK(!fake_udp.port && !timer_is_running(&query.timer));
    CHECK_EQUAL(done, 0);
}

// The name of an address. What a stranger says about another one does not count.
static void finds_a_name(void)
{
    const struct os_address address = address_ipv4(IPV4(10, 0, 2, 15), 0);
    static const uint8_t question[] = "\00215\0012\0010\00210\7in-addr\4arpa\0\0\14\0\1";
    char name[DNS_NAME_TEXT];
    dns_cache_clear();
    done = 0;
    dns_ask_host(&query, &address, NULL);
    CHECK_EQUAL(fake_udp.size, 12 + sizeof(question) - 1);
    CHECK(memcmp(fake_udp.bytes + 12, question, sizeof(question) - 1) == 0);
    struct dns_reply answer = reply();
    dns_put(&answer, WWW, DNS_PTR, 300, "\1x\0", 3);
    dns_put(&answer, ASKED, DNS_PTR, 300, WWW, sizeof(WWW));
    dns_put(&answer, ASKED, DNS_PTR, 300, "\1b\0", 3);
    arrives(&answer);
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, 0);
    CHECK(strcmp(dns_name_print(&query.answer.host, name), "www.example.org") == 0);
    fake_udp.sent = 0;
    dns_ask_host(&query, &address, NULL); // it was kept
    CHECK_EQUAL(fake_udp.sent, 0);
    CHECK(strcmp(dns_name_print(&query.answer.host, name), "www.example.org") == 0);
}

static void finds_no_name(void)
{
    const struct os_address address = address_ipv4(IPV4(10, 0, 2, 15), 0);
    dns_cache_clear();
    done = 0;
    dns_ask_host(&query, &address, NULL);
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_PTR, 300, "\77x", 2); // a name that leaves the message
    arrives(&answer);
    check_failed(-ENOENT);
}

// ---- Other names --------------------------------------------------------------------

static void follows_other_names(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    // In any order, and with others' records between.
    dns_put(&answer, "\1b\7example\3org", DNS_A, 300, FIRST, 4);
    dns_put(&answer, "\1x\7example\3org", DNS_A, 5, SECOND_ONE, 4);
    dns_put(&answer, "\1a\7example\3org", DNS_CNAME, 200, "\1B\7EXAMPLE\3org", 15);
    dns_put(&answer, ASKED, DNS_CNAME, 100, "\1a\xc0\x10", 4); // a, and then as asked
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

// ---- What there is not --------------------------------------------------------------

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

// ---- The cache ----------------------------------------------------------------------

static void keeps_what_it_may(void)
{
    ask("www.example.org", 1);
    answer(FIRST, 300);
    time_passes(299 * TIME_SECOND);
    ask_again("WWW.example.org");
    check_found(FIRST);
    CHECK_EQUAL(fake_udp.sent, 0);
    dns_ask(&query, "www.example.org", OS_IPV6, NULL); // of this nothing is known
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

// ---- Servers that do not help -------------------------------------------------------

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

const struct test unit_tests[] = {
    {"finds an address", finds_an_address},
    {"finds addresses of the other kind", finds_addresses_of_the_other_kind},
    {"gives no more than there is room for", gives_no_more_than_there_is_room_for},
    {"needs no server for some", needs_no_server_for_some},
    {"refuses what is no name", refuses_what_is_no_name},
    {"finds a name", finds_a_name},
    {"finds no name", finds_no_name},
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
    {0},
};
