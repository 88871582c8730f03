// SPDX-License-Identifier: MIT
//
// For fuzzers of protocols over UDP: the whole network up to UDP, over a card whose other end
// answers questions with invented bytes.
//
//   answers_setup()                    eth0, which has 10.0.2.15 when it is configured; the
//                                      server is 10.0.2.2, whose Ethernet address is known
//   question = answers_question()      what was sent last: the data of a datagram, and from
//                                      which port; NULL: nothing since the last time
//   answers_give(bytes, size)          a datagram to that port, from where it went to
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

enum { ANSWER_MAX = 1472 };

struct answers_question {
    uint8_t data[ANSWER_MAX];
    size_t size;
};

void answers_setup(void);
struct net_device *answers_device(void);
const struct answers_question *answers_question(void);
void answers_give(const uint8_t *bytes, size_t size);
