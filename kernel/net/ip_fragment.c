// SPDX-License-Identifier: MIT
//
// IPv4, fragments put together (RFC 791, 3.2; RFC 815; RFC 1122, 3.3.2).
//
//   packet = ip_fragment_receive(packet)     the whole, when nothing is missing any more
//
// The pieces of a datagram wait in a list, in order, as the packets that they came in: nothing
// is copied. Anybody can send pieces and never the last one, so all together may hold so much
// memory, those of one sender less, and none for longer than 30 seconds; who comes when the
// room is full drives out the oldest.
//
// Pieces that overlap are made by those who want two readers to see different packets: the
// datagram is refused as a whole, and what still comes of it (RFC 5722, 3, for IPv6; the same
// is right here). A piece that comes twice is only a duplicate.
// Chapter 21.
#include "error.h"
#include "heap.h"
#include "icmp.h"
#include "ip_parts.h"
#include "machine.h"
#include "page.h"
#include "timer.h"

enum {
    DATAGRAMS_MAX = 64,
    DATAGRAM_BYTES_MAX = 65535, // with its header: a longer one cannot exist
    MEMORY_MIN = 256 << 10,     // enough for one of them, in pieces of our links
    MEMORY_MAX = 2 << 20,
    MEMORY_PART = 64,       // of what the machine has
    REASSEMBLY_TIMEOUT = 1, // the code of ICMP's "time exceeded"
};
// RFC 1122, 3.3.2, has 60 s or more; by now a number comes again sooner (RFC 4963, 2).
#define TIMEOUT_NS 30000000000ull

struct datagram {
    struct list all;    // the oldest first
    struct list pieces; // packets, by offset
    be32 source, destination;
    be16 id;
    uint8_t protocol;
    bool is_refused; // whatever else comes of it is dropped
    uint64_t end_ns;
    size_t received, size; // bytes of data that are here, and that it has; 0: not known yet
    size_t memory;         // that its pieces hold
};

static struct {
    struct list datagrams;
    unsigned count;
    size_t memory, memory_max, sender_max; // bytes
    struct timer timer;                    // until the oldest ends
} fragments;

// ---- Datagrams ----------------------------------------------------------------------------

static const struct ip_header *header_of(const struct packet *piece)
{
    return (const void *)piece->network;
}

static struct packet *first_piece(const struct datagram *datagram)
{
    return container_of(datagram->pieces.next, struct packet, link);
}

// What a piece costs: the memory that it lies in, of which it may use little.
static size_t memory_of(const struct packet *piece)
{
    size_t memory = 0;
    for (; piece; piece = piece->more)
        memory += sizeof(*piece) + piece->room;
    return memory;
}

static void drop_pieces(struct datagram *datagram)
{
    struct list *link;
    while ((link = list_take_first(&datagram->pieces)))
        packet_put(container_of(link, struct packet, link));
    fragments.memory -= datagram->memory;
    datagram->memory = 0;
}

static void forget(struct datagram *datagram)
{
    drop_pieces(datagram);
    list_remove(&datagram->all);
    fragments.count--;
    heap_free(datagram);
}

static void fail(struct datagram *datagram)
{
    ip_counters()->reassembly_failed++;
    forget(datagram);
}

static void refuse(struct datagram *datagram)
{
    ip_counters()->reassembly_failed++;
    drop_pieces(datagram);
    datagram->is_refused = true;
}

// The sender hears of it if it was its first piece that came (RFC 792).
static void time_is_over(struct timer *timer)
{
    uint64_t now_ns = machine_clock_ns();
    while (!list_is_empty(&fragments.datagrams)) {
        struct datagram *oldest = container_of(fragments.datagrams.next, struct datagram, all);
        if (oldest->end_ns > now_ns) {
            timer_start(timer, oldest->end_ns, time_is_over);
            break;
        }
        if (!list_is_empty(&oldest->pieces) &&
            ip_fragment_offset(header_of(first_piece(oldest))) == 0)
            icmp_report(first_piece(oldest), ICMP_TIME_EXCEEDED, REASSEMBLY_TIMEOUT, 0);
        fail(oldest);
    }
}

static struct datagram *find(const struct ip_header *header)
{
    list_for_each(struct datagram, datagram, &fragments.datagrams, all) {
        if (datagram->id == header->id && datagram->source == header->source &&
            datagram->destination == header->destination &&
            datagram->protocol == header->protocol)
            return datagram;
    }
    return NULL;
}

static struct datagram *create(const struct ip_header *header)
{
    if (fragments.count == DATAGRAMS_MAX)
        fail(container_of(fragments.datagrams.next, struct datagram, all));
    struct datagram *datagram = heap_alloc(sizeof(*datagram));
    if (!datagram)
        return NULL;
    list_init(&datagram->pieces);
    datagram->source = header->source;
    datagram->destination = header->destination;
    datagram->id = header->id;
    datagram->protocol = header->protocol;
    datagram->end_ns = timer_deadline_after(TIMEOUT_NS);
    list_append(&fragments.datagrams, &datagram->all);
    fragments.count++;
    if (!timer_is_running(&fragments.timer))
        timer_start(&fragments.timer, datagram->end_ns, time_is_over);
    return datagram;
}

// ---- Room ---------------------------------------------------------------------------------

static size_t memory_of_sender(be32 source)
{
    size_t memory = 0;
    list_for_each(struct datagram, datagram, &fragments.datagrams, all) {
        if (datagram->source == source)
            memory += datagram->memory;
    }
    return memory;
}

// The oldest with anything in it, of one sender or (0) of all; but not this one. NULL: none.
static struct datagram *oldest_but(const struct datagram *wanted, be32 source)
{
    list_for_each(struct datagram, datagram, &fragments.datagrams, all) {
        if (datagram != wanted && datagram->memory > 0 &&
            (source == 0 || datagram->source == source))
            return datagram;
    }
    return NULL;
}

// Makes room for another piece of `wanted`. False: it alone is too much.
static bool make_room(const struct datagram *wanted, size_t memory)
{
    while (memory_of_sender(wanted->source) + memory > fragments.sender_max) {
        struct datagram *oldest = oldest_but(wanted, wanted->source);
        if (!oldest)
            return false;
        fail(oldest);
    }
    while (fragments.memory + memory > fragments.memory_max) {
        struct datagram *oldest = oldest_but(wanted, 0);
        if (!oldest)
            return false;
        fail(oldest);
    }
    return true;
}

// ---- Pieces -------------------------------------------------------------------------------

enum place { FITS, DUPLICATE, OVERLAPS };

// Where a piece of [start, end) belongs: before *link. Most come in order, so from the end.
static enum place find_place(struct datagram *datagram, size_t start, size_t end,
                             struct list **link)
{
    *link = &datagram->pieces;
    while ((*link)->previous != &datagram->pieces) {
        const struct packet *before = container_of((*link)->previous, struct packet, link);
        size_t other_start = ip_fragment_offset(header_of(before));
        size_t other_end = other_start + before->total;
        if (other_start == start && other_end == end)
            return DUPLICATE;
        if (other_end <= start)
            return FITS;
        if (other_start < end)
            return OVERLAPS;
        *link = &((struct packet *)before)->link;
    }
    return FITS;
}

// Whether the piece agrees with what is known of the whole. The last one tells its size.
static bool agrees(struct datagram *datagram, size_t end, bool is_last)
{
    if (!is_last)
        return datagram->size == 0 || end < datagram->size;
    if (datagram->size != 0 && datagram->size != end)
        return false;
    const struct list *link = datagram->pieces.previous;
    if (link != &datagram->pieces) {
        const struct packet *highest = container_of(link, struct packet, link);
        if (ip_fragment_offset(header_of(highest)) + highest->total > end)
            return false;
    }
    datagram->size = end;
    return true;
}

// Takes the piece over; refuses the datagram if it must.
static void add_piece(struct datagram *datagram, struct packet *piece)
{
    const struct ip_header *header = header_of(piece);
    size_t start = ip_fragment_offset(header), end = start + piece->total;
    bool is_last = !(from_be16(header->fragment) & IP_MORE_FRAGMENTS);
    size_t memory = memory_of(piece);
    struct list *link;
    enum place place = find_place(datagram, start, end, &link);

    if (place == FITS && agrees(datagram, end, is_last) && make_room(datagram, memory)) {
        list_insert_before(link, &piece->link);
        datagram->received += piece->total;
        datagram->memory += memory;
        fragments.memory += memory;
        return;
    }
    packet_put(piece);
    if (place != DUPLICATE)
        refuse(datagram);
}

// ---- The whole ----------------------------------------------------------------------------

// Whether a router on the way has marked any piece: then the whole is marked (RFC 3168, 5.3).
static bool saw_congestion(const struct datagram *datagram)
{
    list_for_each(const struct packet, piece, &datagram->pieces, link) {
        if ((header_of(piece)->service & 3) == 3)
            return true;
    }
    return false;
}

// All pieces are there: one packet of them, with the header of the first. NULL: that is so much
// longer than those of the others that it is too much.
static struct packet *join(struct datagram *datagram)
{
    bool is_marked = saw_congestion(datagram);
    struct packet *whole = NULL;
    while (!list_is_empty(&datagram->pieces)) { // from the end: appending walks over the front
        struct packet *piece = container_of(datagram->pieces.previous, struct packet, link);
        list_remove(&piece->link);
        if (whole)
            packet_append(piece, whole);
        whole = piece;
    }
    forget(datagram);

    struct ip_header *header = (void *)whole->network;
    if (ip_header_size(header) + whole->total > DATAGRAM_BYTES_MAX) {
        ip_counters()->reassembly_failed++;
        packet_put(whole);
        return NULL;
    }
    header->total_length = to_be16((uint16_t)(ip_header_size(header) + whole->total));
    header->fragment = 0;
    if (is_marked)
        header->service |= 3;
    header->checksum = 0;
    header->checksum = ip_header_checksum(header);
    whole->checksum = PACKET_CHECKSUM_NONE; // whatever the device thought of the pieces
    ip_counters()->reassembled++;
    return whole;
}

// Pieces have a multiple of 8 bytes, but for the last; none is empty, and none lies where no
// packet can reach.
static bool makes_sense(const struct packet *piece)
{
    const struct ip_header *header = header_of(piece);
    bool has_more = from_be16(header->fragment) & IP_MORE_FRAGMENTS;
    return piece->total > 0 && !(has_more && piece->total % 8 != 0) &&
           ip_header_size(header) + ip_fragment_offset(header) + piece->total <=
               DATAGRAM_BYTES_MAX;
}

struct packet *ip_fragment_receive(struct packet *packet)
{
    const struct ip_header *header = header_of(packet);
    struct datagram *datagram = NULL;
    if (makes_sense(packet) && !(datagram = find(header)))
        datagram = create(header);
    if (!datagram || datagram->is_refused) {
        ip_counters()->reassembly_failed += !datagram;
        packet_put(packet);
        return NULL;
    }
    add_piece(datagram, packet);
    bool is_whole = datagram->size != 0 && datagram->received == datagram->size;
    return is_whole && !datagram->is_refused ? join(datagram) : NULL;
}

void ip_fragment_init(void)
{
    struct page_statistics pages;
    page_statistics(&pages);
    size_t part = pages.total * PAGE_SIZE / MEMORY_PART;
    list_init(&fragments.datagrams);
    fragments.memory_max = part < MEMORY_MIN   ? MEMORY_MIN
                           : part > MEMORY_MAX ? MEMORY_MAX
                                               : part;
    fragments.sender_max = fragments.memory_max / 4 * 3;
}
