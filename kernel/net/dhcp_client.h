// SPDX-License-Identifier: MIT
//
// What the files of the DHCP client share: the client of an interface, and its lease.
//
//   dhcp.c           who has one; links, addresses, those who call
//   dhcp_states.c    its states, and what moves it from one to another
//   dhcp_send.c      what it says
//   dhcp_lease.c     what it got: checked, with its times, on the interface and off again
//   dhcp_message.c   the bytes of both
//
// Chapter 22.
#pragma once

#include <stdbool.h>

#include "dhcp.h"
#include "dhcp_message.h"
#include "ip.h"
#include "timer.h"
#include "udp.h"
#include "wait.h"

#define DHCP_SECOND 1000000000ull
#define DHCP_SOURCE "dhcp" // in struct ip_configuration

struct dhcp_client {
    struct list link;
    struct net_device *device;
    const char *hostname;
    enum dhcp_state state;
    be32 xid;                     // of this exchange
    unsigned tries;               // messages sent in this state
    uint64_t started_ns, sent_ns; // this exchange; the last message
    uint16_t seconds;             // between them, as the message says
    uint64_t renew_ns, rebind_ns, end_ns; // T1, T2 and the end of the lease
    bool is_configured;           // the interface has the lease's address
    bool is_configuring;          // it is us who change the interface just now
    bool has_complained;          // that nobody answers
    struct timer timer;           // for the next thing to do in this state
    struct dhcp_answer lease;     // the offer; then what we have. address 0: nothing
    struct udp_port port;
    struct wait_queue waiters;
};

// ---- dhcp_states.c ------------------------------------------------------------------
// Asks for the address that it has, or for one. The start and the end may come in any state.
void dhcp_states_start(struct dhcp_client *client);
void dhcp_states_stop(struct dhcp_client *client);
void dhcp_states_release(struct dhcp_client *client); // stops a second later
// Somebody else has the address: tells the servers, and asks for another one.
void dhcp_states_decline(struct dhcp_client *client);
void dhcp_states_receive(struct udp_port *port, struct packet *packet,
                         const struct os_address *from, const struct os_address *to);

// ---- dhcp_send.c --------------------------------------------------------------------
// What there is to say in this state, by itself for the right one to hear.
void dhcp_send(struct dhcp_client *client, enum dhcp_type type);

// ---- dhcp_lease.c -------------------------------------------------------------------
// Whether an offer or an ACK has what it must have, and an address that a host can have.
bool dhcp_lease_is_usable(const struct dhcp_answer *answer);
// Takes it over and gives it to the interface. 0, or as ip_configure().
int dhcp_lease_take(struct dhcp_client *client, const struct dhcp_answer *answer);
// The interface has no address any more, and there is no lease.
void dhcp_lease_drop(struct dhcp_client *client);
