// SPDX-License-Identifier: MIT
//
// What a network device might do and this one does not: TCP segments that follow each other,
// put together. A card hands over all that has come meanwhile, most of it belongs together,
// and what is one packet goes through all layers once.
//
//   netdev_merge_init()        from now on
//   merge_frame(packet, last)  a frame of a batch: whether it is taken over
//   merge_finish()             nothing more has come: what is held goes up
//
// The first segment's headers stay, with what the last one says. Only what says nothing else
// is merged: the next bytes in order, or a later ACK, each found to be whole. A duplicate ACK
// is news, and so is every flag and option but a timestamp: these go their way at once, behind
// what was held. Layouts: RFC 791, 3.1; RFC 9293, 3.1; RFC 7323, 3.2. Chapter 20.
#include "checksum.h"
#include "endian.h"
#include "netdev_offload.h"

enum {
    ETHERNET_SIZE = 14,
    ETHERNET_TYPE = 6, // which of its words
    ACK_SIZE = ETHERNET_SIZE + NETDEV_IP_SIZE + NETDEV_TCP_SIZE, // nothing else in it
    TYPE_IP = 0x0800,
    TCP_SIZE_WITH_TIME = NETDEV_TCP_SIZE + 12,
    MERGED_MAX = 65535, // bytes of an IP packet
    IP_TCP = 6,
    IP_DONT_FRAGMENT = 0x4000,
    TCP_PSH = 8, TCP_ACK = 16,
    TCP_TIME_START = 0x0101080a, // two NOTHINGs, kind, length
};

static struct {
    struct packet *packet; // held; begins with its Ethernet header. NULL: none
    struct packet *last;   // piece of it
    be32 next;             // the number that goes on
    uint32_t full;         // data of its first segment: those that follow have no more
    uint16_t count;        // how many segments it is
    uint32_t acknowledged; // when the last was an ACK alone: its number
} merge;

static inline struct netdev_headers *headers_of(const struct packet *packet)
{
    return (struct netdev_headers *)(void *)(packet->data + ETHERNET_SIZE);
}

static inline uint32_t size_of(const struct netdev_headers *headers)
{
    return NETDEV_IP_SIZE + (headers->offset >> 4) * 4u;
}

// None, or a timestamp as everybody writes it.
static bool has_usual_options(const struct netdev_headers *headers)
{
    return headers->offset == NETDEV_TCP_SIZE << 2 ||
           (headers->offset == TCP_SIZE_WITH_TIME << 2 &&
            headers->time_start == to_be32(TCP_TIME_START));
}

static bool has_time(const struct netdev_headers *headers)
{
    return headers->offset != NETDEV_TCP_SIZE << 2;
}

// ---- Whether it goes on -----------------------------------------------------------------

// To the same station.
static inline bool is_same_link(const struct packet *a, const struct packet *b)
{
    const be16 *left = (const void *)a->data, *right = (const void *)b->data;
    return a->device == b->device && left[0] == right[0] && left[1] == right[1] &&
           left[2] == right[2];
}

// What is looked at more closely: TCP with an ACK, and nothing else.
static inline bool is_plain(const struct packet *packet)
{
    const struct netdev_headers *headers = headers_of(packet);
    const be16 *link = (const void *)packet->data;
    return packet->size >= ACK_SIZE &&
           link[ETHERNET_TYPE] == to_be16(TYPE_IP) && headers->version == NETDEV_IP_VERSION &&
           headers->protocol == IP_TCP && (headers->flags & ~TCP_PSH) == TCP_ACK;
}

// Of the same two ends, the same kind of packet.
static inline bool is_same_flow(const struct netdev_headers *a,
                                const struct netdev_headers *b)
{
    return a->service == b->service && a->fragment == b->fragment && a->ttl == b->ttl &&
           a->source == b->source && a->destination == b->destination &&
           a->ports == b->ports && a->offset == b->offset;
}

// Of two numbers that go round: RFC 9293, 3.4. (Most are equal, and need no conversion first.)
static __attribute__((noinline)) bool is_later(be32 number, be32 than)
{
    return (int32_t)(from_be32(number) - from_be32(than)) > 0;
}

// A timestamp, not from before that of what is held (RFC 7323, 5.3).
static bool is_time_next(const struct netdev_headers *held,
                         const struct netdev_headers *headers)
{
    return headers->time_start == held->time_start && !is_later(held->time, headers->time);
}

// Its first byte follows the last one held, and its ACK is later, or goes along with data as
// that of what is held.
static bool is_next(const struct netdev_headers *held, const struct netdev_headers *headers,
                    uint32_t data)
{
    if (headers->sequence != merge.next || data > merge.full ||
        merge.packet->total + data > ETHERNET_SIZE + MERGED_MAX)
        return false;
    if (headers->acknowledgment == held->acknowledgment)
        return data > 0;
    return is_later(headers->acknowledgment, held->acknowledgment);
}

// Both checksums are right: what is merged is not looked at again. The pseudo header's length
// is the packet's without the header (taken out of a sum by its complement).
static bool is_whole(const struct packet *packet, uint32_t length)
{
    const struct netdev_headers *headers = headers_of(packet);
    const uint32_t *words = (const void *)headers;
    uint32_t ends = NETDEV_IP_SIZE / sizeof(*words) - 2; // where the two addresses are
    uint64_t sum = (uint64_t)words[ends] + words[ends + 1];
    if (checksum_finish(sum + words[0] + words[1] + words[2]) != 0)
        return false;
    if (packet->checksum != PACKET_CHECKSUM_NONE)
        return true;
    sum += (uint64_t)to_be16(IP_TCP) + headers->length + (uint16_t)~to_be16(NETDEV_IP_SIZE);
    return checksum_finish(checksum_add(sum, &headers->ports, length - NETDEV_IP_SIZE)) == 0;
}

// ---- What is held -----------------------------------------------------------------------

// All of an IP packet in one piece, and perhaps what fills the frame up.
static bool has_all(const struct packet *packet, const struct netdev_headers *headers)
{
    uint32_t length = from_be16(headers->length);
    return packet->size >= ETHERNET_SIZE + length && length >= size_of(headers) &&
           !packet->more && packet->segment_size == 0;
}

// Whether the next one may continue it.
static bool hold(struct packet *packet)
{
    const struct netdev_headers *headers = headers_of(packet);
    if ((headers->fragment & ~to_be16(IP_DONT_FRAGMENT)) != 0 || !has_all(packet, headers) ||
        !has_usual_options(headers))
        return false;
    merge.packet = merge.last = packet;
    merge.full = from_be16(headers->length) - size_of(headers);
    merge.next = to_be32(from_be32(headers->sequence) + merge.full);
    merge.count = 1;
    return true;
}

// What is held will be more than a segment.
static bool make_first(struct packet *packet)
{
    uint32_t length = from_be16(headers_of(packet)->length);
    if (!is_whole(packet, length))
        return false;
    packet_trim(packet, ETHERNET_SIZE + length);
    packet->checksum = PACKET_CHECKSUM_VALID;
    return true;
}

// What is echoed is the time of the first segment (RFC 7323, 4.3); of all else the last one
// knows best.
static void take(struct packet *packet, uint32_t data)
{
    struct packet *held = merge.packet;
    struct netdev_headers *ours = headers_of(held);
    const struct netdev_headers *headers = headers_of(packet);
    ours->acknowledgment = headers->acknowledgment;
    ours->flags |= headers->flags;
    ours->window = headers->window;
    ours->tcp_checksum = headers->tcp_checksum; // the next ACK is compared with it
    if (has_time(ours))
        ours->echo = headers->echo;
    merge.count++;
    if (data == 0) {
        merge.acknowledged = from_be32(headers->acknowledgment);
        packet_put(packet);
        return;
    }
    merge.next = to_be32(from_be32(merge.next) + data);
    packet_pull(packet, ETHERNET_SIZE + size_of(headers));
    packet->size = data;
    merge.last = merge.last->more = packet;
    held->total += data;
}

static bool continues(struct packet *packet)
{
    struct packet *held = merge.packet;
    const struct netdev_headers *ours = headers_of(held), *headers = headers_of(packet);
    if (!is_same_link(held, packet) || !is_same_flow(ours, headers) ||
        !has_all(packet, headers))
        return false;
    uint32_t length = from_be16(headers->length), data = length - size_of(headers);
    if (!is_next(ours, headers, data) || (has_time(ours) && !is_time_next(ours, headers)) ||
        !is_whole(packet, length) || (merge.count == 1 && !make_first(held)))
        return false;
    take(packet, data);
    return true;
}

// ---- ACKs alone -------------------------------------------------------------------------

static inline bool is_ack_held(void)
{
    return merge.packet && merge.packet->total == ACK_SIZE && merge.count > 1;
}

// What is not the number, nor differs with it: the kind of packet and its length, addresses,
// ports and the number of the first byte, flags and window; and to which station.
static inline bool is_same_ack(const struct netdev_headers *held,
                               const struct netdev_headers *headers)
{
    const uint32_t *a = (const void *)held, *b = (const void *)headers;
    const be16 *link = (const void *)headers, *held_link = (const void *)held;
    return a[0] == b[0] && a[3] == b[3] && a[4] == b[4] && a[5] == b[5] && a[6] == b[6] &&
           a[8] == b[8] && held->fragment == headers->fragment && held->ttl == headers->ttl &&
           held->protocol == headers->protocol && held->urgent == headers->urgent &&
           link[-1] == held_link[-1];
}

// That what differs in them adds up to the same (RFC 1071, 1: modulo 65535).
static inline bool add_up(const struct netdev_headers *held,
                          const struct netdev_headers *headers)
{
    int network = headers->id + headers->checksum - held->id - held->checksum;
    int64_t transport = (int64_t)headers->acknowledgment + headers->tcp_checksum;
    transport -= (int64_t)held->acknowledgment + held->tcp_checksum;
    return network % 65535 == 0 && transport % 65535 == 0;
}

// The usual case of who sends much: a later ACK behind others that says nothing else. Where it
// is the same as what is held, and that is whole and plain, nothing else need be looked at.
static bool take_ack(struct packet *packet)
{
    const struct packet *held = merge.packet;
    struct netdev_headers *ours = headers_of(held);
    const struct netdev_headers *headers = headers_of(packet);
    if (packet->size < ACK_SIZE || !is_same_link(held, packet) || !is_same_ack(ours, headers))
        return false;
    uint32_t number = from_be32(headers->acknowledgment);
    if ((int32_t)(number - merge.acknowledged) <= 0 || !add_up(ours, headers))
        return false;
    merge.acknowledged = number;
    ours->acknowledgment = headers->acknowledgment;
    ours->tcp_checksum = headers->tcp_checksum;
    merge.count++;
    packet_put(packet);
    return true;
}

// ---- All of it --------------------------------------------------------------------------

// Its headers become those of one long packet.
static void seal(struct packet *packet)
{
    struct netdev_headers *headers = headers_of(packet);
    be16 length = to_be16((uint16_t)(packet->total - ETHERNET_SIZE));
    headers->checksum = checksum_update(headers->checksum, headers->length, length);
    headers->length = length;
    packet->segment_size = (uint16_t)merge.full;
    packet->segments = merge.count;
}

static void merge_finish(void)
{
    struct packet *packet = merge.packet;
    if (!packet)
        return;
    merge.packet = NULL;
    if (merge.count > 1)
        seal(packet);
    if (packet->device->link_up)
        packet->device->receive(packet->device, packet);
    else
        packet_put(packet); // it has gone meanwhile
}

static __attribute__((noinline)) bool merge_plain(struct packet *packet)
{
    if (merge.packet && continues(packet))
        return true;
    merge_finish();
    return hold(packet);
}

// (What is no TCP does not pay for the registers that all this needs.)
static bool merge_frame(struct packet *packet, bool is_last)
{
    if (is_ack_held() && take_ack(packet))
        return true;
    if (is_last && !merge.packet)
        return false;
    if (is_plain(packet))
        return merge_plain(packet);
    if (merge.packet)
        merge_finish();
    return false;
}

void netdev_merge_init(void)
{
    netdev_set_merge(merge_frame, merge_finish);
}
