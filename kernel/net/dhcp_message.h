// SPDX-License-Identifier: MIT
//
// DHCP messages as they are on the wire (RFC 2131, 2; options: RFC 2132).
//
//   size = dhcp_message_write(bytes, &request)       what a client says
//   dhcp_message_read(bytes, size, &answer)          what a server says; false: it is none
//
// Nothing that arrives is trusted: each option is taken when it has the length that it must
// have, and is passed over otherwise. Chapter 22.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endian.h"
#include "netdev.h"

enum { DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68 };
enum {
    DHCP_REQUEST_MAX = 548,  // what any server must take (RFC 2131, 2), less IP and UDP headers
    DHCP_ANSWER_MAX = 1472,  // what we take: a full Ethernet frame
    DHCP_SERVERS_MAX = 3,
};
#define DHCP_FOR_EVER UINT32_MAX // as a lease's seconds (RFC 2131, 3.3)

// Option 53 (RFC 2132, 9.6).
enum dhcp_type {
    DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK, DHCP_RELEASE,
};

// The part before the options.
struct dhcp_header {
    uint8_t operation, hardware_type, hardware_size, hops;
    be32 xid;       // the same in a question and its answer
    be16 seconds, flags;
    be32 client;    // "ciaddr": an address that the client has
    be32 yours;     // "yiaddr": an address that the client may have
    be32 server, relay;
    uint8_t hardware_address[16];
    uint8_t server_name[64], file[128]; // for booting; or for more options (option 52)
    be32 cookie;
};
_Static_assert(sizeof(struct dhcp_header) == 240, "RFC 2131, 2");

struct dhcp_request {
    uint8_t type;          // enum dhcp_type
    be32 xid;
    uint16_t seconds;      // since the client began
    const uint8_t *mac;
    be32 client;           // 0: it has no address, and is answered by a broadcast
    be32 wanted, server;   // options 50 and 54; 0: left out
    const char *hostname;  // option 12; "": left out
    const char *message;   // option 56: why; NULL: left out
};

struct dhcp_answer {
    uint8_t type;
    be32 xid;
    uint8_t mac[MAC_SIZE];
    be32 address;                  // for us
    be32 server;                   // option 54: who says so. From here on 0: not said
    be32 mask, gateway;            // options 1, 3
    be32 servers[DHCP_SERVERS_MAX]; // option 6: DNS
    be32 time_servers[DHCP_SERVERS_MAX]; // option 42: NTP
    uint32_t lease_s, renew_s, rebind_s; // options 51, 58, 59
    char message[64];              // option 56
};

// Fills up to DHCP_REQUEST_MAX bytes: how many.
size_t dhcp_message_write(uint8_t *bytes, const struct dhcp_request *request);
bool dhcp_message_read(const uint8_t *bytes, size_t size, struct dhcp_answer *answer);
