// SPDX-License-Identifier: MIT
//
// What is where in a frame: Ethernet, ARP or IPv4, TCP or UDP.
// Chapter 20.
#include "tcpdump.h"

enum { IP_HEADER_MIN = 20, ARP_SIZE = 28, VLAN_TAG = 0x8100, VLAN_SIZE = 4 };

struct bytes bytes_limit(struct bytes bytes, size_t size)
{
    if (bytes.size > size)
        bytes.size = size;
    return bytes;
}

struct bytes bytes_skip(struct bytes bytes, size_t count)
{
    if (count > bytes.size)
        count = bytes.size;
    return (struct bytes){bytes.at + count, bytes.size - count};
}

unsigned bytes_get8(struct bytes bytes, size_t offset)
{
    return offset < bytes.size ? bytes.at[offset] : 0;
}

unsigned bytes_get16(struct bytes bytes, size_t offset)
{
    return bytes_get8(bytes, offset) << 8 | bytes_get8(bytes, offset + 1);
}

uint32_t bytes_get32(struct bytes bytes, size_t offset)
{
    return (uint32_t)bytes_get16(bytes, offset) << 16 | bytes_get16(bytes, offset + 2);
}

static void view_arp(struct view *view)
{
    struct bytes arp = view->network;
    if (arp.size < ARP_SIZE || bytes_get16(arp, 2) != TYPE_IP)
        return;
    view->has_addresses = true;
    view->source = bytes_get32(arp, 14);
    view->destination = bytes_get32(arp, 24);
}

// RFC 791, 3.1.
static void view_ip(struct view *view)
{
    struct bytes ip = view->network;
    size_t header = (bytes_get8(ip, 0) & 15) * 4, length = bytes_get16(ip, 2);
    if (ip.size < IP_HEADER_MIN || bytes_get8(ip, 0) >> 4 != 4 || header < IP_HEADER_MIN)
        return;
    if (length == 0) // several segments in one packet of more than 64 KiB
        length = view->frame->size - (size_t)(ip.at - view->all.at);
    view->has_addresses = true;
    view->source = bytes_get32(ip, 12);
    view->destination = bytes_get32(ip, 16);
    view->protocol = ip.at[9];
    view->fragment = (uint16_t)((bytes_get16(ip, 6) & 0x1fff) * 8);
    view->has_more = ip.at[6] & 0x20;
    view->transport = bytes_skip(bytes_limit(ip, length), header);
    view->transport_length = length > header ? length - header : 0;
    bool has_ports = view->protocol == PROTOCOL_TCP || view->protocol == PROTOCOL_UDP;
    if (!has_ports || view->fragment > 0 || view->transport.size < 4)
        return;
    view->has_ports = true;
    view->source_port = (uint16_t)bytes_get16(view->transport, 0);
    view->destination_port = (uint16_t)bytes_get16(view->transport, 2);
}

void view_frame(struct view *view, const struct os_frame *frame, const uint8_t *bytes)
{
    *view = (struct view){.frame = frame, .all = {bytes, frame->captured}};
    view->network = view->all;
    view->type = bytes_get8(view->all, 0) >> 4 == 6 ? TYPE_IP6 : TYPE_IP;
    if (frame->has_ethernet) {
        view->link = view->all;
        view->type = (uint16_t)bytes_get16(view->link, 12);
        view->network = bytes_skip(view->link, ETHERNET_SIZE);
        if (view->type == VLAN_TAG) {
            view->type = (uint16_t)bytes_get16(view->network, 2);
            view->network = bytes_skip(view->network, VLAN_SIZE);
        }
    }
    if (view->type == TYPE_ARP)
        view_arp(view);
    else if (view->type == TYPE_IP)
        view_ip(view);
}
