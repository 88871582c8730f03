// SPDX-License-Identifier: MIT
//
// The rules that the driver of a network card has to keep (virtio 1.2, 5.1.3.1 to 5.1.6.4):
// a real device need not bear what breaks them.
// Chapter 20.
#include "boot/host/net_link.h"
#include "boot/host/virtio_net_model.h"

enum {
    HEADER_SIZE = sizeof(struct net_header),
    ETHERNET_HEADER = 14,
    TAG = 4,           // IEEE 802.1Q
    BUFFER_MIN = 1526, // 5.1.6.3.1, header and frame
    BUFFER_MIN_LARGE = 65562,
};

// What makes no sense without the other.
void virtio_net_check_features(const struct virtio_model *model)
{
    if (virtio_model_has(model, NET_HOST_TSO4) && !virtio_model_has(model, NET_CSUM))
        virtio_model_blame(model, "5.1.3.1", "accepted HOST_TSO4 without CSUM");
    if (virtio_model_has(model, NET_GUEST_TSO4) && !virtio_model_has(model, NET_GUEST_CSUM))
        virtio_model_blame(model, "5.1.3.1", "accepted GUEST_TSO4 without GUEST_CSUM");
}

static void check_checksum(const struct virtio_model *model, const struct net_header *header,
                           uint64_t frame_size)
{
    if (header->flags & ~NET_NEEDS_CSUM)
        virtio_model_blame(model, "5.1.6.2.1",
                           "sent a frame with the flags %#x: only "
                           "NEEDS_CSUM is the driver's",
                           header->flags);
    if (!header->flags)
        return;
    if (!virtio_model_has(model, NET_CSUM))
        virtio_model_blame(model, "5.1.6.2.1",
                           "left a checksum to us without having accepted "
                           "CSUM");
    if ((uint64_t)header->checksum_start + header->checksum_offset + 2 > frame_size)
        virtio_model_blame(model, "5.1.6.2.1",
                           "wants a checksum from byte %u on, %u behind "
                           "that, in a frame of %llu",
                           header->checksum_start, header->checksum_offset,
                           (unsigned long long)frame_size);
}

static void check_size(const struct virtio_model *model, const struct net_header *header,
                       uint64_t frame_size, uint16_t mtu)
{
    if (header->gso_type == NET_GSO_NONE) {
        if (virtio_model_has(model, NET_MTU) &&
            frame_size > (uint64_t)mtu + ETHERNET_HEADER + TAG)
            virtio_model_blame(model, "5.1.4.2",
                               "sent a frame of %llu bytes, and the mtu is %u",
                               (unsigned long long)frame_size, mtu);
        return;
    }
    if (header->gso_type != NET_GSO_TCPV4 || !virtio_model_has(model, NET_HOST_TSO4))
        virtio_model_blame(model, "5.1.6.2.1",
                           "sent a frame with the gso_type %u: expected 0, "
                           "or 1 with HOST_TSO4 accepted",
                           header->gso_type);
    if (!(header->flags & NET_NEEDS_CSUM) || header->gso_size == 0)
        virtio_model_blame(model, "5.1.6.2.1",
                           "sent a large segment with the flags %#x and the "
                           "gso_size %u: expected NEEDS_CSUM, and a size",
                           header->flags, header->gso_size);
}

void virtio_net_check_transmit(const struct virtio_model *model,
                               const struct virtio_request *request, uint16_t mtu)
{
    struct net_header header;
    if (request->in > 0)
        virtio_model_blame(model, "5.1.6.2",
                           "put a frame into the queue that the device could "
                           "write to");
    if (virtio_request_read(request, 0, &header, sizeof header) < sizeof header ||
        request->out_size < HEADER_SIZE + ETHERNET_HEADER)
        virtio_model_blame(model, "5.1.6.2",
                           "sent %llu bytes: expected a header of 12, and a "
                           "frame",
                           (unsigned long long)request->out_size);
    if (request->out_size > HEADER_SIZE + NET_FRAME_MAX)
        virtio_model_blame(model, "5.1.6.2", "sent %llu bytes, more than any frame has",
                           (unsigned long long)request->out_size);
    if (header.buffers != 0)
        virtio_model_blame(model, "5.1.6.2.1",
                           "set num_buffers to %u in a frame to be sent: it "
                           "has to be 0",
                           header.buffers);
    check_checksum(model, &header, request->out_size - HEADER_SIZE);
    check_size(model, &header, request->out_size - HEADER_SIZE, mtu);
}

void virtio_net_check_buffer(const struct virtio_model *model,
                             const struct virtio_request *buffer, uint16_t mtu)
{
    if (buffer->out > 0)
        virtio_model_blame(model, "5.1.6.3",
                           "put something to read into the queue of receive "
                           "buffers");
    uint64_t least = BUFFER_MIN;
    if (virtio_model_has(model, NET_MRG_RXBUF))
        least = HEADER_SIZE + 1;
    else if (virtio_model_has(model, NET_GUEST_TSO4))
        least = BUFFER_MIN_LARGE;
    else if (virtio_model_has(model, NET_MTU))
        least = HEADER_SIZE + ETHERNET_HEADER + mtu;
    if (buffer->in_size < least)
        virtio_model_blame(model, "5.1.6.3.1",
                           "gave a receive buffer of %llu bytes: expected "
                           "%llu or more",
                           (unsigned long long)buffer->in_size, (unsigned long long)least);
}
