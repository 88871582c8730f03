// SPDX-License-Identifier: MIT
//
// DHCP: an interface's address, asked of the network (RFC 2131).
//
//   dhcp_init(hostname)                 once, after ip_init()
//   dhcp_start(device)                  asks, for as long as it takes; keeps what it gets
//   dhcp_wait(device, deadline)         until there is an address
//   dhcp_release(device)                gives it back
//
// The client runs by itself, from packets and a timer: nobody waits for it who does not want
// to. It leaves an interface alone as soon as somebody else has given that an address.
// Chapter 22.
#pragma once

#include <stdint.h>

#include "netdev.h"

// RFC 2131, figure 5.
enum dhcp_state {
    DHCP_OFF,        // the interface is not ours to configure
    DHCP_INIT,       // the link is down, or we wait a little before we begin again
    DHCP_SELECTING,  // DISCOVER is out: who has an address for us?
    DHCP_REQUESTING, // REQUEST is out for the one that was offered
    DHCP_REBOOTING,  // the same for one that we had: the link has been down
    DHCP_BOUND,
    DHCP_RENEWING,   // asking the server for more time
    DHCP_REBINDING,  // asking any server for it
    DHCP_RELEASING,  // RELEASE is on its way
};

// The name is for the servers to know us by; "": none. It is not copied.
void dhcp_init(const char *hostname);
// Again from the start if it runs already; an address that it has is asked for again.
// -ENOMEM; -EADDRINUSE: somebody has the port.
int dhcp_start(struct net_device *device);
// Sleeps. 0: there is an address; -ETIMEDOUT; -EINTR; -ENETDOWN: the client is off.
int dhcp_wait(struct net_device *device, uint64_t deadline_ns);
// Gives the address back and stops. Sleeps for a second, so that the message gets out before
// the address goes. 0; -ENOENT: there is no lease; -EINTR.
int dhcp_release(struct net_device *device);
enum dhcp_state dhcp_state(const struct net_device *device);
