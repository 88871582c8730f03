// SPDX-License-Identifier: MIT
//
// DNS: answers that were cut are asked for again, over whatever carries long ones.
#include "dns_below.h"

static struct {
    struct dns_query *query; // that is asked for
    struct os_address server;
    unsigned asked;
    int error; // what asking is to return
} stream;

static int stream_ask(struct dns_query *asked, const struct os_address *server)
{
    stream.asked++;
    if (stream.error)
        return stream.error;
    stream.query = asked;
    stream.server = *server;
    asked->stream = &stream;
    return 0;
}

static void stream_cancel(struct dns_query *asked)
{
    CHECK(asked == stream.query);
    asked->stream = stream.query = NULL;
}

// As the stream has it: the answer, or none.
static void stream_ends(const struct dns_reply *answer)
{
    struct dns_query *asked = stream.query;
    stream_cancel(asked);
    dns_take_long(asked, answer ? answer->bytes : NULL, answer ? answer->size : 0);
}

// An answer that was cut, with so many addresses.
static struct dns_reply cut_answer(unsigned addresses)
{
    struct dns_reply cut = reply();
    cut.bytes[2] |= 2;
    for (unsigned i = 0; i < addresses; i++)
        dns_put(&cut, ASKED, DNS_A, 300, SECOND_ONE, 4);
    return cut;
}

static void begin(unsigned servers, unsigned addresses, int error)
{
    static const struct dns_stream operations = {.ask = stream_ask, .cancel = stream_cancel};
    dns_set_stream(&operations);
    stream.asked = 0;
    stream.error = error;
    ask("www.example.org", servers);
    struct dns_reply cut = cut_answer(addresses);
    arrives(&cut);
    CHECK_EQUAL(stream.asked, 1);
}

static void the_whole_answer_counts(void)
{
    begin(1, 1, 0);
    CHECK_EQUAL(done, 0);
    CHECK(!fake_udp.port); // nothing more is heard from there
    CHECK_EQUAL(address_be32(&stream.server), IPV4(10, 0, 2, 3));
    CHECK_EQUAL(stream.server.port, DNS_PORT);
    struct dns_reply whole = reply();
    for (unsigned i = 0; i < 60; i++) // 972 bytes
        dns_put(&whole, ASKED, DNS_A, 300, FIRST, 4);
    stream_ends(&whole);
    check_found(FIRST);
    CHECK_EQUAL(query.answer.count, DNS_ADDRESSES_MAX);
    ask_again("www.example.org");
    check_found(FIRST); // it was kept
    CHECK_EQUAL(fake_udp.sent, 0);
}

// What is there is better than nothing; it is not kept.
static void without_one_the_part_has_to_do(void)
{
    begin(1, 1, 0);
    stream_ends(NULL);
    check_found(SECOND_ONE);
    begin(1, 1, -ENOMEM);
    check_found(SECOND_ONE);
    begin(1, 1, 0);
    time_passes(5 * TIME_SECOND); // or it takes too long
    check_found(SECOND_ONE);
    CHECK(!stream.query);
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1); // it was not kept
    dns_cancel(&query);
}

static void another_answer_is_none(void)
{
    begin(1, 1, 0);
    struct dns_reply other = reply();
    dns_put(&other, ASKED, DNS_A, 300, FIRST, 4);
    other.bytes[0] ^= 1;
    stream_ends(&other);
    check_found(SECOND_ONE);
}

static void nothing_in_either_goes_to_the_next_server(void)
{
    begin(2, 0, 0);
    stream_ends(NULL);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 4));
    answer(FIRST, 300);
    check_found(FIRST);
    begin(1, 0, 0);
    stream_ends(NULL);
    check_failed(-EPROTO);
}

static void who_cancels_ends_it(void)
{
    begin(1, 0, 0);
    CHECK(stream.query == &query);
    dns_cancel(&query);
    CHECK(!stream.query && !timer_is_running(&query.timer));
    CHECK_EQUAL(done, 0);
}

const struct test unit_tests[] = {
    {"the whole answer counts", the_whole_answer_counts},
    {"without one, the part has to do", without_one_the_part_has_to_do},
    {"another answer is none", another_answer_is_none},
    {"nothing in either goes to the next server", nothing_in_either_goes_to_the_next_server},
    {"who cancels ends it", who_cancels_ends_it},
    {0},
};
