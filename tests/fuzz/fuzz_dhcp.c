// SPDX-License-Identifier: MIT
//
// A fuzzer for DHCP: a server that says anything. The bytes are messages, each behind a byte
// of its size (in units of 4); their numbers are made right, so that they are listened to.
#include "answers.h"
#include "fuzz.h"

#include "boot/board.h"
#include "heap.h"
#include "net/dhcp.h"
#include "net/dhcp_message.h"
#include "page.h"
#include "panic.h"
#include "string.h"
#include "thread.h"
#include "timer.h"

enum { ROUNDS = 8, UNIT = 4 };

void fuzz_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    answers_setup();
    dhcp_init("fuzz");
}

// A message with the question's number and address, and a right beginning.
static size_t make_message(uint8_t *message, const uint8_t *bytes, size_t size,
                           const struct answers_question *question)
{
    static const uint8_t start[] = {2, 1, 6, 0}, cookie[] = {99, 130, 83, 99};
    size_t offset = sizeof(struct dhcp_header) - sizeof(cookie);
    memset(message, 0, sizeof(struct dhcp_header));
    memcpy(message, question->data, offset);
    memcpy(message, start, sizeof(start));
    memcpy(message + offset, cookie, sizeof(cookie));
    // What is invented: the address, and all from the options on; the names, if it reaches.
    size_t count = size < 4 ? size : 4;
    memcpy(message + offsetof(struct dhcp_header, yours), bytes, count);
    memcpy(message + sizeof(struct dhcp_header), bytes + count, size - count);
    if (size > 100)
        memcpy(message + offsetof(struct dhcp_header, server_name), bytes + size - 100, 100);
    return sizeof(struct dhcp_header) + size - count;
}

static void check(void)
{
    const struct ip_configuration *now = ip_configuration(answers_device());
    if (dhcp_state(answers_device()) < DHCP_BOUND)
        return;
    ASSERT(now && now->address.family == OS_IPV4 && now->prefix >= 1 && now->prefix <= 32);
    ASSERT(strcmp(now->source, "dhcp") == 0);
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    uint8_t message[ANSWER_MAX];
    const struct ip_configuration none = {.source = ""};
    dhcp_start(answers_device());
    for (unsigned round = 0; round < ROUNDS && size > 0; round++) {
        const struct answers_question *question = answers_question();
        size_t count = (size_t)bytes[0] * UNIT < size - 1 ? (size_t)bytes[0] * UNIT : size - 1;
        if (!question)
            dhcp_start(answers_device()); // asks again for what it has
        else
            answers_give(message, make_message(message, bytes + 1, count, question));
        bytes += 1 + count;
        size -= 1 + count;
        check();
    }
    // By hand: DHCP is off, and nothing is left of it.
    const struct ip_configuration by_hand = {.address = address_ipv4(IPV4(10, 0, 2, 77), 0),
                                             .prefix = 24, .source = "static"};
    ip_configure(answers_device(), &by_hand);
    ASSERT(dhcp_state(answers_device()) == DHCP_OFF);
    ip_configure(answers_device(), &none);
}
