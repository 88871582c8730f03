// SPDX-License-Identifier: MIT
//
// Segments that go on where the last one ended, taken as one: a network card hands over all
// that has come meanwhile, and most of it belongs together.
//
//   tcp_merge_continue(packet, ends, size)  it continues what is held: taken over
//   tcp_merge_next()                        it does not: where to write down what it says
//   tcp_merge_hold(segment)                 whether the next one may continue this
//   tcp_merge_finish()                      nothing more has come
//
// The connection then sees one long segment, or the last of many ACKs, and how many it stands
// for. Only what says nothing else is merged: the next bytes in order, or a later ACK, each
// already found to be whole. A duplicate ACK is news, and so is every flag and option but a
// timestamp: these go their way at once, behind what was held. Chapter 23.
#include "tcp_parts.h"

enum { MERGED_MAX = 64 << 10 }; // bytes: a reader need not wait for more

static struct {
    struct tcp_segment segment;
    struct packet *last; // piece of its packet; NULL: nothing is held
    uint32_t full;       // data of its first segment: those that follow have no more
    uint32_t ports;      // as on the wire, both
    be32 next;           // the number that continues it, as on the wire
    uint8_t offset;      // of the header: whether there is a timestamp
} merge;

static uint32_t ports_of(const struct tcp_header *header)
{
    return *(const uint32_t *)(const void *)header;
}

// None, or a timestamp as everybody writes it.
static bool has_usual_options(const struct tcp_header *header)
{
    const be32 *options = (const void *)(header + 1);
    size_t size = (size_t)(header->offset >> 4) * 4 - sizeof(*header);
    return size == 0 ||
           (size == TCP_TIMESTAMP_SIZE && options[0] == to_be32(TCP_TIMESTAMP_START));
}

void tcp_merge_finish(void)
{
    if (!merge.last)
        return;
    merge.last = NULL;
    tcp_deliver(&merge.segment);
}

struct tcp_segment *tcp_merge_next(void)
{
    tcp_merge_finish();
    return &merge.segment;
}

bool tcp_merge_hold(const struct tcp_segment *segment)
{
    struct packet *packet = segment->packet;
    const struct tcp_header *header = (const void *)packet->transport;
    if ((segment->flags & ~TCP_PSH) != TCP_ACK || packet->more || packet->segment_size > 0 ||
        !has_usual_options(header) || !netdev_finish_batch())
        return false;
    merge.last = packet;
    merge.full = packet->total;
    merge.ports = ports_of(header);
    merge.next = to_be32(tcp_segment_end(segment));
    merge.offset = header->offset;
    return true;
}

// A timestamp, as what is held has one, and not from before that (RFC 7323, 5.3).
static bool is_timestamp_next(const struct tcp_header *header)
{
    const be32 *options = (const void *)(header + 1);
    return options[0] == to_be32(TCP_TIMESTAMP_START) &&
           !tcp_timestamp_before(from_be32(options[1]), merge.segment.options.timestamp);
}

// Whether it is the next one: its first byte follows the last one held, and its ACK is later,
// or goes along with data as that of what is held.
static bool is_next(const struct tcp_header *header, const struct ip_ends *ends,
                    uint32_t length)
{
    const struct tcp_segment *held = &merge.segment;
    if (header->sequence != merge.next || ports_of(header) != merge.ports ||
        address_be32(&ends->source) != address_be32(&held->remote) ||
        address_be32(&ends->destination) != address_be32(&held->local) ||
        header->offset != merge.offset || (header->flags & ~TCP_PSH) != TCP_ACK)
        return false;
    int32_t newer = sequence_distance(held->acknowledgment, from_be32(header->acknowledgment));
    bool is_ack_next = newer > 0 || (newer == 0 && length > 0 && held->length > 0);
    return is_ack_next && length <= merge.full && held->length + length <= MERGED_MAX &&
           (!held->options.has_timestamp || is_timestamp_next(header));
}

// What is echoed is the time of the first segment (RFC 7323, 4.3); of all else the last one
// knows best.
bool tcp_merge_continue(struct packet *packet, const struct ip_ends *ends, size_t size)
{
    const struct tcp_header *header = (const void *)packet->data;
    struct tcp_segment *held = &merge.segment;
    uint32_t length = packet->total - (uint32_t)size;
    if (!merge.last || packet->more || !is_next(header, ends, length))
        return false;
    held->acknowledgment = from_be32(header->acknowledgment);
    held->window = from_be16(header->window);
    if (held->options.has_timestamp)
        held->options.echo = from_be32(((const be32 *)(const void *)(header + 1))[2]);
    held->count++;
    if (length == 0) {
        packet_put(packet);
        return true;
    }
    held->length += length;
    merge.next = to_be32(tcp_segment_end(held));
    packet_pull(packet, size);
    merge.last = merge.last->more = packet;
    held->packet->total += length;
    held->packet->segment_size = (uint16_t)merge.full;
    return true;
}
