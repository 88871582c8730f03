// SPDX-License-Identifier: MIT
//
// SNTP: the sums of four times, what is believed, and servers that do not help. UDP and the
// time are the test's.
#include "net/sntp.h"

#include "boot/board.h"
#include "error.h"
#include "fake_time.h"
#include "fake_udp.h"
#include "heap.h"
#include "page.h"
#include "unit.h"

#define YEAR_2026 1767225600ull // 1 January, in seconds since 1970
#define UNIX_EPOCH_S 2208988800ull

static struct sntp_query query;
static unsigned done;
static const struct os_address server = {.family = OS_IPV4, .words = {0x0202000a}};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static void count_done(struct sntp_query *ended)
{
    CHECK(ended == &query);
    done++;
}

static void ask(void)
{
    done = 0;
    query.done = count_done;
    sntp_ask(&query, &server);
}

// A good answer to what was asked last, by a clock that shows so many seconds and halves.
static struct sntp_message good(uint64_t seconds, unsigned halves)
{
    struct sntp_message message = {.leap_version_mode = 4 << 3 | 4,
                                   .stratum = 2,
                                   .reference = {10, 0, 0, 1}};
    memcpy(&message.originate, fake_udp.bytes + 40, sizeof(message.originate));
    message.receive.seconds = to_be32((uint32_t)(seconds + UNIX_EPOCH_S));
    message.receive.fraction = to_be32(halves ? 0x80000000 : 0);
    message.transmit = message.receive;
    return message;
}

static void arrives(const struct sntp_message *message)
{
    udp_arrives(message, sizeof(*message), SNTP_PORT);
}

static void check_failed(int error)
{
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, error);
    CHECK(!fake_udp.port);
    CHECK(!timer_is_running(&query.timer));
}

// A tenth of a second there, half a second in the server, a tenth back.
static void works_out_the_time(void)
{
    size_t live = udp_packets();
    ask();
    CHECK_EQUAL(fake_udp.to.port, SNTP_PORT);
    CHECK_EQUAL(fake_udp.size, 48);
    CHECK_EQUAL(fake_udp.bytes[0], 0x23); // version 4, a client
    time_passes(700000000);
    struct sntp_message answer = good(YEAR_2026, 0);
    answer.transmit.fraction = to_be32(0x80000000);
    arrives(&answer);
    check_failed(0);
    CHECK_EQUAL(query.answer.delay_ns, 200000000);
    CHECK_EQUAL(query.answer.clock_ns, fake_time.now_ns);
    CHECK_EQUAL(query.answer.unix_ns, YEAR_2026 * TIME_SECOND + 600000000);
    CHECK_EQUAL(query.answer.stratum, 2);
    CHECK_EQUAL(udp_packets(), live);
}

// The 32 bits of seconds overflow on 7 February 2036; RFC 4330 says what comes then.
static void lives_beyond_2036(void)
{
    ask();
    struct sntp_message answer = good(YEAR_2026 + 20 * 365ull * 86400, 1);
    arrives(&answer);
    check_failed(0);
    CHECK_EQUAL(query.answer.unix_ns,
                (YEAR_2026 + 20 * 365ull * 86400) * TIME_SECOND + 500000000);
}

// More time in the server than all of it: its clock has jumped meanwhile.
static void a_clock_that_jumps(void)
{
    ask();
    time_passes(100000000);
    struct sntp_message answer = good(YEAR_2026, 0);
    answer.transmit.seconds = to_be32((uint32_t)(YEAR_2026 + UNIX_EPOCH_S + 10));
    arrives(&answer);
    check_failed(0);
    CHECK_EQUAL(query.answer.delay_ns, 100000000);
    CHECK_EQUAL(query.answer.unix_ns, (YEAR_2026 + 10) * TIME_SECOND + 50000000);
}

static void knows_a_name_of_a_clock(void)
{
    ask();
    struct sntp_message answer = good(YEAR_2026, 0);
    answer.stratum = 1;
    memcpy(answer.reference, "GPS", 4);
    arrives(&answer);
    CHECK_STRING(query.answer.reference, "GPS");
}

static void the_kiss_of_death(void)
{
    ask();
    struct sntp_message answer = good(YEAR_2026, 0);
    answer.stratum = 0;
    memcpy(answer.reference, "RATE", 4);
    arrives(&answer);
    check_failed(-EACCES);
    CHECK_STRING(query.answer.reference, "RATE");
}

static void a_server_that_does_not_know(void)
{
    struct sntp_message answer;
    ask();
    answer = good(YEAR_2026, 0);
    answer.leap_version_mode |= 0xc0; // not synchronised
    arrives(&answer);
    check_failed(-EAGAIN);
    ask();
    answer = good(YEAR_2026, 0);
    answer.stratum = 16;
    arrives(&answer);
    check_failed(-EAGAIN);
    ask();
    answer = good(YEAR_2026, 0);
    answer.transmit = (struct sntp_time){0};
    arrives(&answer);
    check_failed(-EAGAIN);
}

static void ignores_what_was_not_asked(void)
{
    ask();
    struct sntp_message answer = good(YEAR_2026, 0);
    answer.originate.fraction ^= 1; // another question's
    arrives(&answer);
    answer = good(YEAR_2026, 0);
    answer.leap_version_mode = 4 << 3 | 3; // a question
    arrives(&answer);
    answer = good(YEAR_2026, 0);
    udp_arrives(&answer, sizeof(answer) - 1, SNTP_PORT);
    CHECK_EQUAL(done, 0);
    udp_arrives_cut(&answer, sizeof(answer), SNTP_PORT, 7);
    check_failed(0);
}

static void a_silent_server(void)
{
    fake_udp.sent = 0;
    ask();
    time_passes(14 * TIME_SECOND);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(fake_udp.sent, 3);
    time_passes(TIME_SECOND);
    check_failed(-ETIMEDOUT);
}

static void a_server_that_is_not_there(void)
{
    const struct ip_failure failure = {.error = -ECONNREFUSED};
    ask();
    fake_udp.port->failed(fake_udp.port, &fake_udp.to, &failure);
    time_passes(1);
    check_failed(-ECONNREFUSED);
    fake_udp.send_error = -ENETUNREACH;
    ask();
    fake_udp.send_error = 0;
    check_failed(-ENETUNREACH);
}

static void can_be_cancelled(void)
{
    ask();
    sntp_cancel(&query);
    CHECK(!fake_udp.port && !timer_is_running(&query.timer));
    CHECK_EQUAL(done, 0);
}

const struct test unit_tests[] = {
    {"works out the time", works_out_the_time},
    {"lives beyond 2036", lives_beyond_2036},
    {"a clock that jumps", a_clock_that_jumps},
    {"knows a name of a clock", knows_a_name_of_a_clock},
    {"the kiss of death", the_kiss_of_death},
    {"a server that does not know", a_server_that_does_not_know},
    {"ignores what was not asked", ignores_what_was_not_asked},
    {"a silent server", a_silent_server},
    {"a server that is not there", a_server_that_is_not_there},
    {"can be cancelled", can_be_cancelled},
    {0},
};
