// SPDX-License-Identifier: MIT
//
// A segment from IP: checked, read, and given to the connection that it is for.
//
// Whatever is wrong with it ends here: what tcp_input.c sees is well formed, and from a
// peer that a connection can have. Chapter 23.
#include "checksum.h"
#include "machine.h"
#include "tcp_parts.h"

// What came over the wire is checked, unless the device has done it; what never left us is not.
static bool is_checksum_right(const struct packet *packet, const struct ip_ends *ends)
{
    if (packet->checksum != PACKET_CHECKSUM_NONE)
        return true;
    uint64_t sum = ip_pseudo_sum(&ends->source, &ends->destination, IP_TCP, packet->total);
    return checksum_finish(checksum_packet(sum, packet, 0, packet->total)) == 0;
}

// Whether somebody can have a connection with these names (RFC 9293, 3.9.2.3).
static bool are_two_hosts(const struct tcp_segment *segment)
{
    const struct os_address *remote = &segment->remote, *local = &segment->local;
    return !address_is_any(remote) && !address_is_multicast(remote) &&
           !ip_is_broadcast(remote) && !address_is_multicast(local) && !ip_is_broadcast(local);
}

// The header's length, with its options; 0: it is none.
static size_t check_header(struct packet *packet)
{
    const size_t least = sizeof(struct tcp_header);
    if (packet->size < least && !packet_pull_up(packet, least))
        return 0;
    size_t size = (size_t)(packet->data[offsetof(struct tcp_header, offset)] >> 4) * 4;
    if (size < least || (packet->size < size && !packet_pull_up(packet, size)))
        return 0;
    return size;
}

// Leaves the packet with the data alone.
static void read_header(struct tcp_segment *segment, struct packet *packet,
                        const struct ip_ends *ends, size_t size)
{
    const struct tcp_header *header = (const void *)packet->data;
    segment->packet = packet;
    segment->local = ends->destination;
    segment->local.port = from_be16(header->destination);
    segment->remote = ends->source;
    segment->remote.port = from_be16(header->source);
    segment->sequence = from_be32(header->sequence);
    segment->acknowledgment = from_be32(header->acknowledgment);
    segment->flags = header->flags;
    segment->window = from_be16(header->window);
    segment->count = packet->segments ? packet->segments : 1;
    segment->arrived_ns = machine_clock_ns();
    tcp_options_read(packet->data + sizeof(*header), size - sizeof(*header),
                     &segment->options);
    packet->transport = packet->data;
    packet_pull(packet, size);
    segment->length = packet->total + !!(segment->flags & TCP_SYN) +
                      !!(segment->flags & TCP_FIN);
}

static void arrives(struct tcp_connection *connection, struct tcp_segment *segment)
{
    if (connection->state == TCP_SYN_SENT)
        tcp_handshake_arrives(connection, segment);
    else
        tcp_input(connection, segment);
}

static void deliver_to_listener(struct tcp_segment *segment)
{
    struct tcp_connection *listener = tcp_table_find_listener(&segment->local);
    if (listener) {
        tcp_listen_arrives(listener, segment, 0);
        return;
    }
    tcp_counters()->refused += (segment->flags & TCP_SYN) != 0;
    tcp_send_refusal(segment); // 3.10.7.1: CLOSED
}

// RFC 9293, 3.10.7: by the state of whoever has these names. Takes the segment's packet over.
static void deliver(struct tcp_segment *segment)
{
    struct tcp_entry *entry = tcp_table_find(&segment->local, &segment->remote);
    if (entry && entry->is_time_wait) {
        tcp_time_wait_arrives(entry, segment);
    } else if (entry) {
        arrives(container_of(entry, struct tcp_connection, entry), segment);
    } else if (are_two_hosts(segment)) {
        deliver_to_listener(segment);
    } else {
        tcp_counters()->bad_segment++;
    }
    packet_put(segment->packet);
}

static void drop(struct packet *packet, uint64_t *counter)
{
    ++*counter;
    packet_put(packet);
}

static void receive(struct packet *packet, const struct ip_ends *ends)
{
    struct tcp_statistics *counters = tcp_counters();
    counters->segments_received += packet->segments ? packet->segments : 1;
    if (!is_checksum_right(packet, ends)) {
        drop(packet, &counters->bad_checksum);
        return;
    }
    bool is_for_us = !packet->is_broadcast && !packet->is_multicast;
    size_t size = is_for_us ? check_header(packet) : 0;
    if (size == 0) {
        drop(packet, &counters->bad_segment);
        return;
    }
    struct tcp_segment segment;
    read_header(&segment, packet, ends, size);
    deliver(&segment);
}

const struct ip_protocol tcp_protocol = {
    .name = "tcp", .number = IP_TCP, .receive = receive, .failed = tcp_failed};
