// SPDX-License-Identifier: MIT
//
// ICMP, our own questions: is a host there, and how long does an answer take (RFC 792).
//
//   icmp_echo_open(&echo), icmp_echo_close(&echo)
//   icmp_echo_send(&echo, packet, &flow, sequence)     then echo->answered()
//
// Chapter 21.
#include "checksum.h"
#include "icmp_parts.h"
#include "random.h"

static struct {
    struct list all; // struct icmp_echo
} echoes = {.all = {&echoes.all, &echoes.all}};

static struct icmp_echo *find(uint16_t id)
{
    list_for_each(struct icmp_echo, echo, &echoes.all, link) {
        if (echo->id == id)
            return echo;
    }
    return NULL;
}

void icmp_echo_open(struct icmp_echo *echo)
{
    do
        random_bytes(&echo->id, sizeof(echo->id));
    while (find(echo->id));
    list_append(&echoes.all, &echo->link);
}

void icmp_echo_close(struct icmp_echo *echo)
{
    list_remove(&echo->link);
}

int icmp_echo_send(struct icmp_echo *echo, struct packet *packet, struct ip_flow *flow,
                   uint16_t sequence)
{
    struct icmp_header *header = packet_push(packet, sizeof(*header));
    *header = (struct icmp_header){.type = ICMP_ECHO};
    header->id = to_be16(echo->id);
    header->sequence = to_be16(sequence);
    header->checksum = checksum_finish(checksum_packet(0, packet, 0, packet->total));
    packet->transport = packet->data;
    flow->protocol = IP_ICMP;
    return ip_send(packet, flow);
}

void icmp_echo_received(struct packet *packet, const struct ip_ends *ends)
{
    const struct icmp_header *header = (const void *)packet->data;
    const struct ip_header *ip = (const void *)packet->network;
    struct icmp_echo *echo = find(from_be16(header->id));
    if (!echo) {
        packet_put(packet);
        return;
    }
    uint16_t sequence = from_be16(header->sequence);
    uint8_t ttl = ip->ttl;
    packet_pull(packet, sizeof(*header));
    echo->answered(echo, packet, &ends->source, sequence, ttl, NULL);
}

void icmp_echo_failed(const struct ip_ends *ends, const struct icmp_header *header,
                      const struct ip_failure *failure)
{
    struct icmp_echo *echo = find(from_be16(header->id));
    if (!echo)
        return;
    if (failure->mtu != 0)
        ip_mtu_lower(&ends->destination, failure->mtu);
    echo->answered(echo, NULL, &ends->destination, from_be16(header->sequence), 0, failure);
}
