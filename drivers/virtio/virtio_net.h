// SPDX-License-Identifier: MIT
//
// virtio_net: a network card behind two queues (virtio 1.2, 5.1).
//
// Words of the command line take features away that the device offers, for measurements and
// tests; what the device does not do, netdev.c does:
//
//   virtio_net.mrg=0          MRG_RXBUF: a frame may fill several of our buffers
//   virtio_net.csum=0         CSUM: the device completes checksums of what we send
//   virtio_net.guest_csum=0   GUEST_CSUM: it vouches for those of what we get
//   virtio_net.tso=0          HOST_TSO4: it cuts large TCP packets into segments
//   virtio_net.guest_tso=0    GUEST_TSO4: it gives several segments as one packet
//   virtio_net.status=0       STATUS: it says whether the cable is in
//   virtio_net.mtu=0          MTU: it says how long a packet may be
//   virtio_net.buffers=N      at most so many receive buffers, a page each
//
// Chapter 20.
#pragma once

#include "drivers/virtio/virtio.h"

extern const struct virtio_driver virtio_net_driver;
