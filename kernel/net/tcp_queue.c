// SPDX-License-Identifier: MIT
//
// Bytes that have come: in order, to be read; and early ones, with gaps before them.
//
//   tcp_queue_put(connection, packet)           the next bytes
//   tcp_queue_put_early(connection, packet, n)  those from number n on: too early
//   tcp_queue_join(connection)                  what has become the next now
//   tcp_queue_read(connection, buffer, n)       the user takes some
//
// Packets are queued as they came, without a copy. Small ones are the exception: a packet
// of one byte may lie in a page of memory, and whoever sends many such would make us hold
// thousands of times what the window says. Their bytes move to the packet before them.
// Chapter 23.
#include "heap.h"
#include "smaller.h"
#include "string.h"
#include "tcp_parts.h"

enum {
    WASTE_MAX = 4,  // memory that a queued packet may hold, in times of its bytes
    RUNS_MAX = 128, // of early bytes: what is more comes again when the gaps are closed
};

struct tcp_run {
    struct list link;         // by sequence
    struct list recent;
    tcp_sequence start, end;
    struct list packets;
};

// ---- Packets ------------------------------------------------------------------------

static struct packet *last_of(const struct list *packets)
{
    if (list_is_empty(packets))
        return NULL;
    return container_of(packets->previous, struct packet, link);
}

static void free_with_memory(void *memory)
{
    heap_free(memory);
}

// The same bytes in just as much memory. Returns the packet itself if there is none.
static struct packet *make_compact(struct packet *packet)
{
    uint32_t size = packet->total;
    void *bytes = heap_alloc(size);
    struct packet *compact = bytes ? packet_wrap(bytes, size, free_with_memory, bytes) : NULL;
    if (!compact) {
        heap_free(bytes);
        return packet;
    }
    packet_read(packet, 0, bytes, size);
    packet_put(packet);
    return compact;
}

// As many bytes as fit behind those of the last packet: whether that were all.
static bool move_into(struct packet *last, struct packet *packet)
{
    if (!last || packet->more)
        return false;
    packet_pull(packet, packet_append_bytes(last, packet->data, packet->size));
    return packet->total == 0;
}

// Puts a packet behind others. Takes it over. One that wastes memory is kept only where the
// next ones can be put into it, or is about to be read.
static void append(struct tcp_connection *connection, struct list *packets,
                   struct packet *packet)
{
    struct packet *last = last_of(packets);
    size_t memory = tcp_packet_memory(packet);
    if (memory > (size_t)WASTE_MAX * packet->total) {
        if (move_into(last, packet)) {
            packet_put(packet);
            return;
        }
        bool is_early = packets != &connection->receive.packets;
        if (!last && (is_early || tcp_memory_is_short())) {
            packet = make_compact(packet);
            memory = tcp_packet_memory(packet);
        }
    }
    list_append(packets, &packet->link);
    tcp_memory_add(connection, memory);
}

static void drop_all(struct tcp_connection *connection, struct list *packets)
{
    while (!list_is_empty(packets)) {
        struct packet *packet = container_of(list_take_first(packets), struct packet, link);
        tcp_memory_subtract(connection, tcp_packet_memory(packet));
        packet_put(packet);
    }
}

// ---- In order -----------------------------------------------------------------------

void tcp_queue_init(struct tcp_connection *connection)
{
    struct tcp_receive *receive = &connection->receive;
    list_init(&receive->packets);
    list_init(&receive->runs);
    list_init(&receive->recent);
}

void tcp_queue_put(struct tcp_connection *connection, struct packet *packet)
{
    struct tcp_receive *receive = &connection->receive;
    uint32_t size = packet->total;
    receive->nxt += size;
    connection->received_bytes += size;
    if (receive->is_shut) {
        packet_put(packet);
        return;
    }
    receive->queued += size;
    append(connection, &receive->packets, packet);
}

// Copies out of the first packet, and frees what has been read of it.
static size_t read_first(struct tcp_connection *connection, uint8_t *buffer, size_t size)
{
    struct packet *packet =
        container_of(connection->receive.packets.next, struct packet, link);
    size_t before = tcp_packet_memory(packet), count;
    if (size < packet->total) {
        count = packet_read(packet, 0, buffer, size);
        packet_skip(packet, count);
        tcp_memory_subtract(connection, before - tcp_packet_memory(packet));
        return count;
    }
    count = packet_read(packet, 0, buffer, packet->total);
    list_remove(&packet->link);
    tcp_memory_subtract(connection, before);
    packet_put(packet);
    return count;
}

size_t tcp_queue_read(struct tcp_connection *connection, void *buffer, size_t size)
{
    struct tcp_receive *receive = &connection->receive;
    size_t count = 0;
    while (count < size && receive->queued > 0) {
        size_t part = read_first(connection, (uint8_t *)buffer + count, size - count);
        receive->queued -= (uint32_t)part;
        count += part;
    }
    return count;
}

// ---- Early --------------------------------------------------------------------------

static struct tcp_run *run_at(struct list *link)
{
    return container_of(link, struct tcp_run, link);
}

static void remove_run(struct tcp_connection *connection, struct tcp_run *run)
{
    drop_all(connection, &run->packets);
    list_remove(&run->link);
    list_remove(&run->recent);
    tcp_memory_subtract(connection, sizeof(*run));
    heap_free(run);
    connection->receive.run_count--;
}

static struct tcp_run *add_run(struct tcp_connection *connection, struct list *behind,
                               tcp_sequence start)
{
    struct tcp_receive *receive = &connection->receive;
    if (receive->run_count >= RUNS_MAX) {
        struct tcp_run *last = run_at(receive->runs.previous);
        if (behind == &last->link || behind->next == &receive->runs)
            return NULL; // those in front are needed first
        remove_run(connection, last);
    }
    struct tcp_run *run = heap_alloc(sizeof(*run));
    if (!run)
        return NULL;
    run->start = run->end = start;
    list_init(&run->packets);
    list_insert_before(behind->next, &run->link);
    list_init(&run->recent);
    receive->run_count++;
    tcp_memory_add(connection, sizeof(*run));
    return run;
}

// The last run that begins at or before `sequence`, or the head of the list. Most early bytes
// belong to the last run, or behind it.
static struct list *find_place(struct tcp_receive *receive, tcp_sequence sequence)
{
    struct list *link = receive->runs.previous;
    while (link != &receive->runs && sequence_after(run_at(link)->start, sequence))
        link = link->previous;
    return link;
}

// The runs behind `run` that `end` reaches into: those that are covered go, and the packet is
// cut where the next one begins.
static void make_room(struct tcp_connection *connection, struct list *place,
                      struct packet *packet, tcp_sequence start)
{
    struct tcp_receive *receive = &connection->receive;
    while (place->next != &receive->runs) {
        struct tcp_run *next = run_at(place->next);
        tcp_sequence end = start + packet->total;
        if (!sequence_before(next->start, end))
            return;
        tcp_queue_note_twice(
            connection, (struct tcp_block){next->start, sequence_earlier(next->end, end)});
        if (sequence_after(next->end, end)) {
            packet_trim(packet, (size_t)sequence_distance(start, next->start));
            return;
        }
        remove_run(connection, next);
    }
}

// All packets of one list behind those of another, however many these are.
static void move_packets(struct list *to, struct list *from)
{
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

static void join_with_next(struct tcp_connection *connection, struct tcp_run *run)
{
    if (run->link.next == &connection->receive.runs)
        return;
    struct tcp_run *next = run_at(run->link.next);
    if (next->start != run->end)
        return;
    run->end = next->end;
    move_packets(&run->packets, &next->packets);
    remove_run(connection, next);
}

static void make_first(struct tcp_receive *receive, struct tcp_run *run)
{
    list_remove(&run->recent);
    list_prepend(&receive->recent, &run->recent);
}

// Takes the packet over. False: all of it was here already, or there is no room for it.
bool tcp_queue_put_early(struct tcp_connection *connection, struct packet *packet,
                         tcp_sequence start)
{
    struct tcp_receive *receive = &connection->receive;
    struct list *place = find_place(receive, start);
    struct tcp_run *run = place == &receive->runs ? NULL : run_at(place);

    if (run && sequence_after(run->end, start)) { // it overlaps what is there
        uint32_t known =
            (uint32_t)smaller((uint32_t)sequence_distance(start, run->end), packet->total);
        tcp_queue_note_twice(connection, (struct tcp_block){start, start + known});
        make_first(receive, run);
        packet_skip(packet, known);
        if (packet->total == 0) {
            packet_put(packet);
            return false;
        }
        start = run->end;
    }
    make_room(connection, place, packet, start);
    if (!run || run->end != start)
        run = add_run(connection, place, start);
    if (!run) {
        packet_put(packet);
        return false;
    }
    run->end += packet->total;
    append(connection, &run->packets, packet);
    join_with_next(connection, run);
    make_first(receive, run);
    return true;
}

// Moves the first run to those in order. Its first bytes may have come again meanwhile.
static void take_run(struct tcp_connection *connection, struct tcp_run *run)
{
    struct tcp_receive *receive = &connection->receive;
    while (!list_is_empty(&run->packets)) {
        struct packet *packet =
            container_of(list_take_first(&run->packets), struct packet, link);
        tcp_memory_subtract(connection, tcp_packet_memory(packet));
        uint32_t known = (uint32_t)sequence_distance(run->start, receive->nxt);
        run->start += packet->total;
        if (known >= packet->total) {
            packet_put(packet);
            continue;
        }
        packet_skip(packet, known);
        tcp_queue_put(connection, packet);
    }
    remove_run(connection, run);
}

// Whether bytes have become readable.
bool tcp_queue_join(struct tcp_connection *connection)
{
    struct tcp_receive *receive = &connection->receive;
    bool has_joined = false;
    while (!list_is_empty(&receive->runs)) {
        struct tcp_run *run = run_at(receive->runs.next);
        if (sequence_after(run->start, receive->nxt))
            break;
        if (sequence_after(run->end, receive->nxt))
            has_joined = true;
        tcp_sequence twice = sequence_earlier(run->end, receive->nxt);
        if (run->start != twice)
            tcp_queue_note_twice(connection, (struct tcp_block){run->start, twice});
        take_run(connection, run);
    }
    return has_joined;
}

// These have come twice. RFC 2883, 4: of a segment's, the first are reported in its ACK.
void tcp_queue_note_twice(struct tcp_connection *connection, struct tcp_block block)
{
    struct tcp_block *duplicate = &connection->receive.duplicate;
    if (connection->has_sack && duplicate->start == duplicate->end)
        *duplicate = block;
}

tcp_sequence tcp_queue_end(const struct tcp_connection *connection)
{
    const struct tcp_receive *receive = &connection->receive;
    return list_is_empty(&receive->runs) ? receive->nxt : run_at(receive->runs.previous)->end;
}

// What we have beyond what we acknowledge: first what came twice (RFC 2883), then the run that
// has changed last, and the others in that order (RFC 2018, 4). How many.
unsigned tcp_queue_blocks(struct tcp_connection *connection, struct tcp_block *blocks,
                          unsigned most)
{
    struct tcp_receive *receive = &connection->receive;
    unsigned count = 0;
    if (receive->duplicate.start != receive->duplicate.end && most > 0) {
        blocks[count++] = receive->duplicate;
        receive->duplicate.end = receive->duplicate.start;
    }
    list_for_each(struct tcp_run, run, &receive->recent, recent) {
        if (count >= most)
            break;
        blocks[count++] = (struct tcp_block){run->start, run->end};
    }
    return count;
}

void tcp_queue_clear_early(struct tcp_connection *connection)
{
    struct list *runs = &connection->receive.runs;
    while (!list_is_empty(runs))
        remove_run(connection, run_at(runs->next));
}

void tcp_queue_clear(struct tcp_connection *connection)
{
    drop_all(connection, &connection->receive.packets);
    connection->receive.queued = 0;
    tcp_queue_clear_early(connection);
}
