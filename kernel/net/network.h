// SPDX-License-Identifier: MIT
//
// The network's configuration: which interface has which address, as the command line says.
//
//   network_init()        once, when the devices and the protocols are there
//
//   ip=dhcp                                asks for an address; this is the default
//   ip=10.0.2.15/24,10.0.2.2,10.0.2.3      address and prefix, gateway, DNS server: the last
//                                          two may be left out, up to three servers may be
//                                          there, also with a port: 10.0.2.3:5353
//   ip=none                                nothing: `ifconfig` does it
//   eth1.ip=...                            the same for another interface than the first
//   hostname=tsumiki                       what we call ourselves to a DHCP server
//
// Chapter 22.
#pragma once

#include "ip.h"

// Brings up names and DHCP, and every Ethernet interface. DHCP goes on by itself: the start
// does not wait for it. What makes no sense is said, and DHCP takes its place.
void network_init(void);
// "eth0: 10.0.2.15/24 by DHCP, gateway 10.0.2.2, DNS 10.0.2.3" (network_log.c)
void network_log(const struct net_device *device);
// "10.0.2.15/24,10.0.2.2,10.0.2.3". -EINVAL.
int network_parse(const char *text, struct ip_configuration *configuration);
