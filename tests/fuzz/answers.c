// SPDX-License-Identifier: MIT
//
// A card whose other end answers with invented bytes. See answers.h.
#include "answers.h"

#include "net/arp.h"
#include "net/checksum.h"
#include "net/icmp.h"
#include "net/udp.h"
#include "string.h"

#define SERVER IPV4(10, 0, 2, 2)
enum { HEADERS = sizeof(struct ip_header) + sizeof(struct udp_header), FILL = 18 };

static struct {
    struct net_device device;
    struct answers_question question;
    be16 port, server_port; // the question's
    bool is_new;
} answers;

// Datagrams are kept, all else is lost.
static int transmit(struct net_device *device, struct packet *packet)
{
    const size_t start = sizeof(struct ethernet_header);
    struct ip_header ip = {0};
    struct udp_header udp;
    packet_read(packet, start, &ip, sizeof(ip));
    if (ip.version_and_length == 0x45 && ip.protocol == IP_UDP) {
        packet_read(packet, start + sizeof(ip), &udp, sizeof(udp));
        answers.port = udp.source;
        answers.server_port = udp.destination;
        answers.question.size =
            packet_read(packet, start + HEADERS, answers.question.data, ANSWER_MAX);
        answers.is_new = true;
    }
    packet_put(packet);
    return 0;
}

const struct answers_question *answers_question(void)
{
    bool was_new = answers.is_new;
    answers.is_new = false;
    return was_new ? &answers.question : NULL;
}

struct net_device *answers_device(void)
{
    return &answers.device;
}

static void write_headers(uint8_t *at, size_t size)
{
    struct ip_header ip = {.version_and_length = 0x45,
                           .total_length = to_be16((uint16_t)(HEADERS + size)),
                           .ttl = 64,
                           .protocol = IP_UDP,
                           .source = SERVER,
                           .destination = arp_address(answers_device())};
    struct udp_header udp = {.source = answers.server_port,
                             .destination = answers.port,
                             .length = to_be16((uint16_t)(sizeof(udp) + size))};
    if (!ip.destination)
        ip.destination = IPV4(255, 255, 255, 255);
    ip.checksum = checksum_finish(checksum_add(0, &ip, sizeof(ip)));
    memcpy(at, &ip, sizeof(ip));
    memcpy(at + sizeof(ip), &udp, sizeof(udp));
}

// In a packet of exactly this size, so that the first byte behind it is somebody else's.
void answers_give(const uint8_t *bytes, size_t size)
{
    struct packet *packet = packet_alloc(FILL, sizeof(struct ethernet_header) + HEADERS + size);
    if (!packet)
        return;
    struct ethernet_header *ethernet = packet_extend(packet, sizeof(*ethernet));
    memcpy(ethernet->destination,
           arp_address(answers_device()) ? answers.device.mac : ethernet_broadcast, MAC_SIZE);
    memcpy(ethernet->source, (const uint8_t[]){2, 0, 0, 0, 0, 2}, MAC_SIZE);
    ethernet->type = to_be16(ETHERNET_IPV4);
    write_headers(packet_extend(packet, HEADERS), size);
    memcpy(packet_extend(packet, size), bytes, size);
    netdev_receive(&answers.device, packet);
}

void answers_setup(void)
{
    static const struct net_operations operations = {.transmit = transmit};
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const protocols[] = {&icmp_protocol, &udp_protocol, NULL};
    answers.device = (struct net_device){.operations = &operations,
                                         .mac = {2, 0, 0, 0, 0, 15},
                                         .mtu = 1500,
                                         .has_ethernet = true,
                                         .link_up = true};
    ethernet_init(link_protocols);
    arp_init();
    ip_init(protocols);
    netdev_add(&answers.device);
    ethernet_attach(&answers.device);
    arp_set(&answers.device, SERVER, (const uint8_t[]){2, 0, 0, 0, 0, 2});
}
