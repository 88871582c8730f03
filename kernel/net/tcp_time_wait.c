// SPDX-License-Identifier: MIT
//
// TIME-WAIT: who ended a connection first remembers it for a while (RFC 9293, 3.6.1), so
// that the peer's last FIN gets its ACK, and that segments still under way are not taken
// for those of a new connection with the same names.
//
//   tcp_time_wait_enter(connection)              all that is kept is a record
//   tcp_time_wait_arrives(entry, segment)        a segment for it
//   tcp_time_wait_take_over(entry, connection)   we open the same connection again
//
// Servers that end many short connections have many of these, so a record is small, their
// number is bounded, and the oldest makes room for the next. All wait equally long: a queue
// and one timer are enough. Chapter 23.
#include "heap.h"
#include "machine.h"
#include "user/os_interfaces.h"
#include "tcp_parts.h"
#include "timer.h"

// 2 MSL. RFC 9293, 3.4.2, takes 2 minutes for an MSL, "to be changed by experience": routers
// keep no packet for longer than some seconds.
static const uint64_t duration_ns = 60ull * 1000000000;
static const uint64_t second_ns = 1000000000;

// How far behind the old connection's numbers ours begin, when it is opened again.
enum { TAKE_OVER_STEP = 1 << 16 };

struct tcp_time_wait {
    struct tcp_entry entry;
    struct list link;          // by age
    uint64_t until_ns;
    tcp_sequence send_next, receive_next; // SND.NXT, RCV.NXT
    uint32_t window;           // RCV.WND
    uint8_t window_shift;      // with which it is told
    bool has_timestamps;
    uint32_t recent, clock_offset;
    uint64_t answered_ns;      // when it was told last where we are
};

static struct {
    struct list records; // oldest first
    unsigned count;
    struct timer timer;
} waits;

size_t tcp_time_wait_count(void)
{
    return waits.count;
}

const struct tcp_time_wait *tcp_time_wait_next(const struct tcp_time_wait *record)
{
    const struct list *link = record ? record->link.next : waits.records.next;
    if (waits.count == 0 || link == &waits.records)
        return NULL;
    return container_of(link, struct tcp_time_wait, link);
}

void tcp_time_wait_describe(const struct tcp_time_wait *record, struct os_connection_info *info)
{
    *info = (struct os_connection_info){
        .protocol = "tcp",
        .state = "TIME-WAIT",
        .local = record->entry.local,
        .remote = record->entry.remote,
        .own_window = record->window,
        .congestion = "",
        .phase = "",
        .memory = sizeof(*record),
    };
}

static struct tcp_time_wait *oldest(void)
{
    return container_of(waits.records.next, struct tcp_time_wait, link);
}

static void drop(struct tcp_time_wait *record)
{
    tcp_table_remove(&record->entry);
    list_remove(&record->link);
    tcp_memory_subtract(NULL, sizeof(*record));
    heap_free(record);
    waits.count--;
}

static void expired(struct timer *timer)
{
    uint64_t now_ns = machine_clock_ns();
    while (waits.count > 0 && oldest()->until_ns <= now_ns)
        drop(oldest());
    if (waits.count > 0)
        timer_start(timer, oldest()->until_ns, expired);
}

static void start(struct tcp_time_wait *record)
{
    record->until_ns = machine_clock_ns() + duration_ns;
    list_remove(&record->link);
    list_append(&waits.records, &record->link);
    if (!timer_is_running(&waits.timer))
        timer_start(&waits.timer, record->until_ns, expired);
}

// ---- In -----------------------------------------------------------------------------

static struct tcp_time_wait *add(const struct tcp_connection *connection)
{
    if (waits.count == 0)
        list_init(&waits.records);
    if (waits.count >= tcp_limits()->time_wait)
        drop(oldest());
    struct tcp_time_wait *record = heap_alloc(sizeof(*record));
    if (!record)
        return NULL; // as if it were the oldest already
    record->send_next = connection->send.nxt;
    record->receive_next = connection->receive.nxt;
    record->window = tcp_window(connection);
    record->window_shift = connection->receive.window_shift;
    record->has_timestamps = connection->has_timestamps;
    record->recent = connection->recent;
    record->clock_offset = connection->clock_offset;
    list_init(&record->link);
    tcp_memory_add(NULL, sizeof(*record));
    waits.count++;
    return record;
}

void tcp_time_wait_enter(struct tcp_connection *connection)
{
    struct tcp_time_wait *record = add(connection);
    if (record) {
        tcp_table_replace(&connection->entry, &record->entry);
        record->entry.is_time_wait = true;
        start(record);
    }
    tcp_end(connection, 0);
}

// ---- A segment ----------------------------------------------------------------------

// A connection again that does what its old one would do: say where it is.
static void answer(struct tcp_time_wait *record, const struct tcp_segment *segment)
{
    uint8_t options[TCP_TIMESTAMP_SIZE];
    struct tcp_connection shadow = {.has_timestamps = record->has_timestamps,
                                    .recent = record->recent,
                                    .clock_offset = record->clock_offset};
    struct tcp_answer answer = {
        .sequence = record->send_next,
        .acknowledgment = record->receive_next,
        .flags = TCP_ACK,
        .window = (uint16_t)(record->window >> record->window_shift),
        .options = options,
        .options_size =
            tcp_options_write(&shadow, options, sizeof(options), segment->arrived_ns),
    };
    record->answered_ns = segment->arrived_ns;
    tcp_send_answer(segment, &answer);
}

// The same to what somebody could send any number of.
static void answer_seldom(struct tcp_time_wait *record, const struct tcp_segment *segment)
{
    bool is_soon = record->answered_ns != 0 &&
                   segment->arrived_ns - record->answered_ns < second_ns / 2;
    if (!is_soon)
        answer(record, segment);
}

// RFC 5961, 3.2: who is near it is asked to prove it.
static void take_reset(struct tcp_time_wait *record, const struct tcp_segment *segment)
{
    tcp_sequence next = record->receive_next;
    if (segment->sequence == next)
        drop(record);
    else if (sequence_is_between(segment->sequence, next, next + record->window))
        answer_seldom(record, segment);
}

// RFC 6191, 2, and RFC 1122, 4.2.2.13: whether a SYN cannot be an old one. Its timestamp is
// later, or the first, or its number is behind all that the peer has sent.
static bool is_new_connection(const struct tcp_time_wait *record,
                              const struct tcp_segment *segment)
{
    if ((segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return false;
    const struct tcp_options *options = &segment->options;
    if (options->has_timestamp) {
        if (!record->has_timestamps || tcp_timestamp_before(record->recent, options->timestamp))
            return true;
        if (record->recent != options->timestamp)
            return false;
    }
    return sequence_after(segment->sequence, record->receive_next);
}

// The names belong to a new connection, which begins behind the old one's numbers. False: here
// is nobody who would take it, so that the SYN is like any other (RFC 5961, 4.2).
static bool reopen(struct tcp_time_wait *record, struct tcp_segment *segment)
{
    struct tcp_connection *listener = tcp_table_find_listener(&segment->local);
    if (!listener)
        return false;
    tcp_sequence iss = record->send_next + TAKE_OVER_STEP;
    drop(record);
    tcp_listen_arrives(listener, segment, iss != 0 ? iss : 1);
    return true;
}

// RFC 9293, 3.10.7.4, for this state: first to fourth step, and the eighth.
void tcp_time_wait_arrives(struct tcp_entry *entry, struct tcp_segment *segment)
{
    struct tcp_time_wait *record = container_of(entry, struct tcp_time_wait, entry);
    if (segment->flags & TCP_RST) {
        take_reset(record, segment);
        return;
    }
    if (is_new_connection(record, segment) && reopen(record, segment))
        return;
    bool is_past = record->has_timestamps && segment->options.has_timestamp &&
                   tcp_timestamp_before(segment->options.timestamp, record->recent);
    // The only thing that the peer can have to say: its FIN again.
    if (segment->flags & TCP_FIN && !is_past &&
        tcp_segment_end(segment) == record->receive_next)
        start(record);
    // What has data, or a SYN or FIN, needs an answer. So does a stray ACK, but not each, and
    // not that of a peer that knows.
    bool is_right = segment->acknowledgment == record->send_next &&
                    segment->sequence == record->receive_next;
    if (segment->length > 0)
        answer(record, segment);
    else if (!is_right)
        answer_seldom(record, segment);
}

// ---- We open it again ---------------------------------------------------------------

// RFC 6191, 3: where both have timestamps, the peer tells the new connection's segments from
// the old one's by these, as soon as our clock has moved on.
bool tcp_time_wait_take_over(struct tcp_entry *entry, struct tcp_connection *connection)
{
    struct tcp_time_wait *record = container_of(entry, struct tcp_time_wait, entry);
    uint64_t waited_ns = machine_clock_ns() + duration_ns - record->until_ns;
    if (!record->has_timestamps || waited_ns < second_ns)
        return false;
    connection->send.iss = record->send_next + TAKE_OVER_STEP;
    drop(record);
    return true;
}
