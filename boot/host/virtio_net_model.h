// SPDX-License-Identifier: MIT
//
// A network card's own names of virtio 1.2, 5.1, and the rules of its driver. Chapter 20.
#pragma once

#include "boot/host/virtio_model.h"

// 5.1.3
#define NET_CSUM       (UINT64_C(1) << 0)
#define NET_GUEST_CSUM (UINT64_C(1) << 1)
#define NET_MTU        (UINT64_C(1) << 3)
#define NET_MAC        (UINT64_C(1) << 5)
#define NET_GUEST_TSO4 (UINT64_C(1) << 7)
#define NET_HOST_TSO4  (UINT64_C(1) << 11)
#define NET_MRG_RXBUF  (UINT64_C(1) << 15)
#define NET_STATUS     (UINT64_C(1) << 16)

enum { NET_NEEDS_CSUM = 1, NET_DATA_VALID = 2 }; // 5.1.6, flags
enum { NET_GSO_NONE = 0, NET_GSO_TCPV4 = 1 };    // gso_type

// Blame the driver for what it has done wrong (virtio_net_rules.c). mtu 0: none was said.
void virtio_net_check_features(const struct virtio_model *model);
void virtio_net_check_transmit(const struct virtio_model *model,
                               const struct virtio_request *request, uint16_t mtu);
void virtio_net_check_buffer(const struct virtio_model *model,
                             const struct virtio_request *buffer, uint16_t mtu);

// The cable is in, or out: the driver is told.
void virtio_net_model_set_link(struct virtio_model *model, bool up);
