// SPDX-License-Identifier: MIT
//
// DNS: what is believed, and names on the wire.
#include "dns_below.h"
#include "print.h"
#include "random.h"

// ---- What is not believed -----------------------------------------------------------

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

// RFC 2181, 8: a time with its highest bit set is none: it is not kept.
static void a_time_that_is_none(void)
{
    ask("www.example.org", 1);
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_A, 0x80000000, FIRST, 4);
    arrives(&answer);
    check_found(FIRST);
    ask_again("www.example.org");
    CHECK_EQUAL(fake_udp.sent, 1);
    answer = reply();
    dns_put(&answer, ASKED, DNS_A, 300, FIRST, 4);
    arrives(&answer);
    check_found(FIRST);
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

// ---- Names on the wire --------------------------------------------------------------

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
    {"ignores what was not asked", ignores_what_was_not_asked},
    {"ignores records that are wrong", ignores_records_that_are_wrong},
    {"a time that is none", a_time_that_is_none},
    {"an answer that was cut", an_answer_that_was_cut},
    {"undoes compression", undoes_compression},
    {"bounds compression", bounds_compression},
    {"prints nothing that a terminal obeys", prints_nothing_that_a_terminal_obeys},
    {"bears anything", bears_anything},
    {0},
};
