// SPDX-License-Identifier: MIT
//
// What udp.c (datagrams) and udp_port.c (who has which port) owe each other. Nobody else
// includes it: everyone else's interface is udp.h.
// Chapter 22.
#pragma once

#include "udp.h"

// Who gets a datagram between these ends (with ports) that came through `device` (NULL: any
// device). NULL: nobody.
struct udp_port *udp_find(const struct ip_ends *ends, const struct net_device *device);
// All who would: the one after `port` (NULL: the first), or NULL.
struct udp_port *udp_find_next(const struct udp_port *port, const struct ip_ends *ends,
                               const struct net_device *device);
