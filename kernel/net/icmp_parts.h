// SPDX-License-Identifier: MIT
//
// What the parts of ICMP owe each other. Nobody else includes it: everyone else's interface is
// icmp.h.
//
//   icmp.c           what comes in: echo answered, failures told
//   icmp_report.c    what we tell others of their packets
//   icmp_echo.c      our own questions
//
// Chapter 21.
#pragma once

#include "icmp.h"

struct icmp_header {
    uint8_t type, code;
    be16 checksum;
    union {
        struct {
            be16 id, sequence; // of an echo
        };
        struct {
            be16 unused, mtu;  // of "fragmentation needed" (RFC 1191, 4)
        };
    };
};
_Static_assert(sizeof(struct icmp_header) == 8, "RFC 792");

static inline bool icmp_is_query(uint8_t type) // others are about packets: errors
{
    return type != ICMP_UNREACHABLE && type != ICMP_SOURCE_QUENCH && type != ICMP_REDIRECT &&
           type != ICMP_TIME_EXCEEDED && type != ICMP_PARAMETER;
}

// ---- icmp_echo.c -----------------------------------------------------------------------
// Takes over a reply, which begins with its ICMP header.
void icmp_echo_received(struct packet *packet, const struct ip_ends *ends);
void icmp_echo_failed(const struct ip_ends *ends, const struct icmp_header *header,
                      const struct ip_failure *failure);
