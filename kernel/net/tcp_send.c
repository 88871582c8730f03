// SPDX-License-Identifier: MIT
//
// A segment on its way to IP: header, options and checksum in front of its data.
//
//   tcp_send_segment(connection, packet, sequence, flags)  of a connection
//   tcp_send_syn(connection), tcp_send_ack(connection), tcp_send_reset(connection)
//   tcp_send_answer(segment, ...)                          where there is no connection
//
// Chapter 23.
#include "machine.h"
#include "string.h"
#include "tcp_parts.h"

static struct tcp_header *push_header(struct packet *packet, const uint8_t *options,
                                      size_t size)
{
    uint8_t *place = packet_push(packet, sizeof(struct tcp_header) + size);
    if (size > 0) // else there may be no `options`
        memcpy(place + sizeof(struct tcp_header), options, size);
    packet->transport = place;
    struct tcp_header *header = (struct tcp_header *)(void *)place;
    header->offset = (uint8_t)((sizeof(*header) + size) / 4 << 4);
    header->urgent = 0; // we have nothing that is urgent (RFC 6093)
    return header;
}

static void put_names(struct tcp_header *header, const struct os_address *local,
                      const struct os_address *remote)
{
    header->source = to_be16(local->port);
    header->destination = to_be16(remote->port);
}

// Takes the packet over. What IP says at once is what a router might say later.
static void give_to_ip(struct packet *packet, struct ip_flow *flow)
{
    tcp_counters()->segments_sent++;
    ip_checksum_partial(packet, flow, offsetof(struct tcp_header, checksum));
    ip_send(packet, flow);
}

// ---- Of a connection ----------------------------------------------------------------

// What a segment with so many bytes of data leaves for options: the path takes send.mss and a
// timestamp. A full one goes without SACK blocks, which have gone in an ACK of their own.
static size_t options_room(const struct tcp_connection *connection, uint32_t length)
{
    uint32_t mss = connection->send.mss;
    uint32_t room = connection->has_timestamps ? TCP_TIMESTAMP_SIZE : 0;
    room += length < mss ? mss - length : 0;
    return length > 0 && room < TCP_OPTIONS_MAX ? room : TCP_OPTIONS_MAX;
}

// Takes the packet over, which holds the data. Whatever it is, it is an ACK of all that came.
void tcp_send_segment(struct tcp_connection *connection, struct packet *packet,
                      tcp_sequence sequence, uint8_t flags)
{
    uint8_t options[TCP_HEADER_MAX];
    uint64_t now_ns = machine_clock_ns();
    uint32_t length = packet->total;
    size_t size = flags & TCP_SYN ? tcp_options_write_syn(connection, options, now_ns)
                                  : tcp_options_write(connection, options,
                                                      options_room(connection, length), now_ns);
    struct tcp_header *header = push_header(packet, options, size);
    put_names(header, &connection->entry.local, &connection->entry.remote);
    header->sequence = to_be32(sequence);
    header->acknowledgment = flags & TCP_ACK ? to_be32(connection->receive.nxt) : 0;
    header->flags = flags;
    header->window = to_be16(tcp_window_field(connection, flags & TCP_SYN));
    packet->segment_size = length > connection->send.mss ? connection->send.mss : 0;

    connection->receive.acked = connection->receive.nxt;
    connection->deadlines.ack_ns = 0;
    if (length > 0 || flags & TCP_FIN)
        connection->send.sent_ns = now_ns;
    give_to_ip(packet, &connection->flow);
}

static void send_empty(struct tcp_connection *connection, tcp_sequence sequence, uint8_t flags)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 0);
    if (packet) // else it is lost, as it might be on the way
        tcp_send_segment(connection, packet, sequence, flags);
}

void tcp_send_ack(struct tcp_connection *connection)
{
    send_empty(connection, connection->send.nxt, TCP_ACK);
}

// RFC 9293, 3.8.4: a number that is not new makes the peer say where it is.
void tcp_send_keepalive(struct tcp_connection *connection)
{
    send_empty(connection, connection->send.nxt - 1, TCP_ACK);
}

void tcp_send_syn(struct tcp_connection *connection)
{
    uint8_t ack = connection->state == TCP_SYN_RECEIVED ? TCP_ACK : 0;
    send_empty(connection, connection->send.iss, TCP_SYN | ack);
}

// RFC 9293, 3.10.5. It has an ACK as well: a peer in SYN-SENT heeds no other.
void tcp_send_reset(struct tcp_connection *connection)
{
    tcp_counters()->resets_sent++;
    send_empty(connection, connection->send.nxt, TCP_RST | TCP_ACK);
}

// ---- Without a connection -----------------------------------------------------------

// Takes no connection's part: whatever it says is in `answer`.
void tcp_send_answer(const struct tcp_segment *segment, const struct tcp_answer *answer)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 0);
    if (!packet)
        return;
    struct tcp_header *header = push_header(packet, answer->options, answer->options_size);
    put_names(header, &segment->local, &segment->remote);
    header->sequence = to_be32(answer->sequence);
    header->acknowledgment = to_be32(answer->acknowledgment);
    header->flags = answer->flags;
    header->window = to_be16(answer->window);

    struct ip_flow flow = {.source = segment->local, .destination = segment->remote,
                           .protocol = IP_TCP, .dont_fragment = true};
    give_to_ip(packet, &flow);
}

// RFC 9293, 3.5.2, and 3.10.7.1: to a segment that nobody here has asked for.
void tcp_send_refusal(const struct tcp_segment *segment)
{
    if (segment->flags & TCP_RST)
        return;
    struct tcp_answer answer = {.flags = TCP_RST};
    if (segment->flags & TCP_ACK) {
        answer.sequence = segment->acknowledgment;
    } else {
        answer.flags |= TCP_ACK;
        answer.acknowledgment = tcp_segment_end(segment);
    }
    tcp_counters()->resets_sent++;
    tcp_send_answer(segment, &answer);
}
