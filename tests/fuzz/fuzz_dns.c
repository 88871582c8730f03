// SPDX-License-Identifier: MIT
//
// A fuzzer for DNS: a server that says anything. The number of each answer is made right, and
// its question too when the first byte says so; then what follows is records.
#include "answers.h"
#include "fuzz.h"

#include "boot/board.h"
#include "error.h"
#include "heap.h"
#include "net/arp.h"
#include "net/dns.h"
#include "net/dns_cache.h"
#include "page.h"
#include "panic.h"
#include "string.h"
#include "thread.h"
#include "timer.h"

enum { HEADER = 12, ANSWERS = 12, REPEATS_QUESTION = 1 };

static struct {
    unsigned done;
} fuzz;

// An answer that is cut is asked for over a stream: nothing comes there.
static int ask_stream(struct dns_query *query, const struct os_address *server)
{
    return -ECONNREFUSED;
}

void fuzz_setup(const struct boot_info *boot)
{
    static const struct dns_stream stream = {.ask = ask_stream};
    const struct board *board = board_describe(boot);
    const struct ip_configuration configuration = {
        .address = address_ipv4(IPV4(10, 0, 2, 15), 0),
        .prefix = 24,
        .servers = {address_ipv4(IPV4(10, 0, 2, 2), 0)},
        .source = "static",
    };
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    answers_setup();
    ip_configure(answers_device(), &configuration);
    arp_set(answers_device(), IPV4(10, 0, 2, 2), (const uint8_t[]){2, 0, 0, 0, 0, 2});
    dns_init();
    dns_set_stream(&stream);
}

static void check_answer(struct dns_query *query)
{
    char text[ADDRESS_TEXT_SIZE], name[DNS_NAME_TEXT];
    const struct dns_answer *answer = &query->answer;
    fuzz.done++;
    ASSERT(query->error || (answer->count > 0 && answer->count <= DNS_ADDRESSES_MAX));
    bool is_host = query->question.type == DNS_PTR;
    for (unsigned i = 0; !query->error && !is_host && i < answer->count; i++)
        ASSERT(address_print(&answer->addresses[i], text)[0]);
    ASSERT(strlen(dns_name_print(&answer->host, name)) < DNS_NAME_TEXT);
}

static void ask(struct dns_query *query, size_t size)
{
    const struct os_address address = address_ipv4(IPV4(10, 0, 2, 9), 0);
    if (size % 3 == 0)
        dns_ask_host(query, &address, NULL);
    else
        dns_ask(query, "www.example.org", size % 3 == 1 ? OS_IPV4 : OS_IPV6, NULL);
}

static size_t make_message(uint8_t *message, const uint8_t *bytes, size_t size,
                           const struct answers_question *question)
{
    size_t at = 2;
    memcpy(message, question->data, at);
    if (size > 0 && (*bytes & REPEATS_QUESTION)) {
        memcpy(message, question->data, question->size);
        message[2] = 0x81 | (*bytes & 2); // an answer, cut perhaps
        message[3] = 0x80 | (*bytes >> 4 & 3);
        message[7] = *bytes >> 2 & 3; // records
        message[9] = *bytes >> 6;
        at = question->size;
        bytes++;
        size--;
    }
    size_t count = size < ANSWER_MAX - at ? size : ANSWER_MAX - at;
    memcpy(message + at, bytes, count);
    return at + count;
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    uint8_t message[ANSWER_MAX];
    struct dns_query query = {.done = check_answer};
    fuzz.done = 0;
    dns_cache_clear();
    ask(&query, size);
    for (unsigned i = 0; i < ANSWERS && size > 0 && !fuzz.done; i++) {
        const struct answers_question *question = answers_question();
        if (!question)
            break;
        // The last byte says how long this one is: what is left over is another.
        size_t count = size > 1 && bytes[size - 1] < size ? bytes[size - 1] : size;
        answers_give(message, make_message(message, bytes, count, question));
        bytes += count;
        size -= count;
    }
    if (!fuzz.done)
        dns_cancel(&query);
    ASSERT(fuzz.done <= 1);
}
