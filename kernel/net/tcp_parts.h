// SPDX-License-Identifier: MIT
//
// What the files of TCP call of each other, file by file. Nothing here sleeps.
// Chapter 23.
#pragma once

#include "tcp_connection.h"
#include "tcp_segment.h"

// ---- tcp.c: a connection's life -----------------------------------------------------
struct tcp_connection *tcp_create(void); // closed, with no user; NULL: no memory
static inline void tcp_set_state(struct tcp_connection *connection, enum tcp_state state)
{
    connection->state = (uint8_t)state;
}
// It is over: whoever has it hears `error`, 0: none; without anybody it is freed.
void tcp_end(struct tcp_connection *connection, int error);
void tcp_reset(struct tcp_connection *connection, int error); // tells the peer, and ends
void tcp_tell(struct tcp_connection *connection); // its user: something has changed
const struct tcp_recovery *tcp_recovery(void);
struct tcp_statistics *tcp_counters(void);
extern const struct tcp_recovery tcp_plain; // tcp_plain.c

// ---- tcp_memory.c: how much all of it may take --------------------------------------
struct tcp_limits {
    size_t memory;                     // of all connections, bytes
    uint32_t send, receive;            // of a connection's buffers, at the start
    uint32_t send_most, receive_most;
    unsigned time_wait;                // records
};
const struct tcp_limits *tcp_limits(void);
void tcp_memory_add(struct tcp_connection *connection, size_t bytes); // NULL: nobody's
void tcp_memory_subtract(struct tcp_connection *connection, size_t bytes);
size_t tcp_memory(void);
size_t tcp_packet_memory(const struct packet *packet); // that it holds

// ---- tcp_user.c ---------------------------------------------------------------------
bool tcp_is_writable(const struct tcp_connection *connection); // worth telling a writer
bool tcp_may_receive(const struct tcp_connection *connection); // by its state
void tcp_finish(struct tcp_connection *connection); // our side ends with what is in the buffer

// ---- tcp_hash.c ---------------------------------------------------------------------
enum tcp_hash_use { TCP_HASH_SEQUENCE, TCP_HASH_PORT, TCP_HASH_COOKIE, TCP_HASH_USES };
uint64_t tcp_hash(enum tcp_hash_use use, const struct os_address *local,
                  const struct os_address *remote, uint32_t extra);

// ---- tcp_table.c --------------------------------------------------------------------
void tcp_table_add(struct tcp_entry *entry);
void tcp_table_remove(struct tcp_entry *entry); // does nothing if it is not there
void tcp_table_replace(struct tcp_entry *old, struct tcp_entry *entry); // gets its names
struct tcp_entry *tcp_table_find(const struct os_address *local,
                                 const struct os_address *remote);
struct tcp_connection *tcp_table_find_listener(const struct os_address *local);

// ---- tcp_port.c ---------------------------------------------------------------------
// Gives the connection a port that makes it one of a kind. False: there is none.
bool tcp_port_choose(struct tcp_connection *connection);
void tcp_port_forget(struct tcp_connection *connection);
void tcp_ports_init(void);

// ---- tcp_input.c, tcp_handshake.c ---------------------------------------------------
// SYN-RECEIVED to LAST-ACK; the second: from the sixth step on. It may be gone afterwards.
void tcp_input(struct tcp_connection *connection, struct tcp_segment *segment);
void tcp_input_rest(struct tcp_connection *connection, struct tcp_segment *segment);
void tcp_handshake_arrives(struct tcp_connection *connection, struct tcp_segment *segment);
// Its addresses are there; it answers the peer's SYN.
void tcp_handshake_accept(struct tcp_connection *connection, const struct tcp_segment *syn);
bool tcp_handshake_ack(struct tcp_connection *connection, const struct tcp_segment *segment);
bool tcp_handshake_syn_again(struct tcp_connection *connection, struct tcp_segment *segment);
// Numbers and options of the peer's SYN; what tcp_cookie.c knows without having kept it.
void tcp_handshake_take_syn(struct tcp_connection *connection, tcp_sequence sequence,
                            const struct tcp_options *options, uint64_t now_ns);
void tcp_handshake_prepare(struct tcp_connection *connection);
void tcp_handshake_establish(struct tcp_connection *connection,
                             const struct tcp_segment *segment);
// Of a connection's secret, tcp_hash(TCP_HASH_SEQUENCE, its names):
tcp_sequence tcp_first_sequence(uint64_t secret);
uint32_t tcp_timestamp_offset(uint64_t secret);
uint32_t tcp_timestamp(const struct tcp_connection *connection, uint64_t now_ns);

// ---- tcp_ack.c, tcp_batch.c ---------------------------------------------------------
bool tcp_ack_arrives(struct tcp_connection *connection, const struct tcp_segment *segment);
void tcp_ack_window(struct tcp_connection *connection, const struct tcp_segment *segment);
void tcp_ack_data(struct tcp_connection *connection);
void tcp_ack_challenge(struct tcp_connection *connection);
void tcp_batch_init(void);
void tcp_batch_add(struct tcp_connection *connection);
void tcp_batch_ack(struct tcp_connection *connection);
void tcp_batch_remove(struct tcp_connection *connection);

// ---- tcp_window.c -------------------------------------------------------------------
void tcp_window_init(struct tcp_connection *connection);
uint32_t tcp_window(const struct tcp_connection *connection);
uint16_t tcp_window_field(struct tcp_connection *connection, bool is_syn);
void tcp_window_read(struct tcp_connection *connection, size_t count);

// ---- tcp_buffer.c, tcp_queue.c ------------------------------------------------------
void tcp_buffer_init(struct tcp_connection *connection, tcp_sequence first);
uint32_t tcp_buffer_used(const struct tcp_connection *connection);
uint32_t tcp_buffer_limit(const struct tcp_connection *connection);
uint32_t tcp_buffer_room(const struct tcp_connection *connection);
size_t tcp_buffer_put(struct tcp_connection *connection, const void *bytes, size_t size);
void tcp_buffer_attach(struct tcp_connection *connection, struct packet *packet);
struct packet *tcp_buffer_segment(struct tcp_connection *connection, tcp_sequence sequence,
                                  uint32_t length);
void tcp_buffer_acknowledged(struct tcp_connection *connection);
void tcp_buffer_clear(struct tcp_connection *connection);

void tcp_queue_init(struct tcp_connection *connection);
void tcp_queue_put(struct tcp_connection *connection, struct packet *packet);
bool tcp_queue_put_early(struct tcp_connection *connection, struct packet *packet,
                         tcp_sequence start);
bool tcp_queue_join(struct tcp_connection *connection);
void tcp_queue_note_twice(struct tcp_connection *connection, struct tcp_block block);
tcp_sequence tcp_queue_end(const struct tcp_connection *connection); // of all that is here
size_t tcp_queue_read(struct tcp_connection *connection, void *buffer, size_t size);
unsigned tcp_queue_blocks(struct tcp_connection *connection, struct tcp_block *blocks,
                          unsigned most);
void tcp_queue_clear_early(struct tcp_connection *connection);
void tcp_queue_clear(struct tcp_connection *connection);

// ---- tcp_output.c, tcp_send.c, tcp_options.c ----------------------------------------
void tcp_output(struct tcp_connection *connection);
bool tcp_output_again(struct tcp_connection *connection, struct tcp_block block);
void tcp_output_first_again(struct tcp_connection *connection);
void tcp_output_probe(struct tcp_connection *connection);
void tcp_output_reopened(struct tcp_connection *connection);

void tcp_send_segment(struct tcp_connection *connection, struct packet *packet,
                      tcp_sequence sequence, uint8_t flags);
void tcp_send_syn(struct tcp_connection *connection); // with an ACK in SYN-RECEIVED
void tcp_send_ack(struct tcp_connection *connection);
void tcp_send_keepalive(struct tcp_connection *connection);
void tcp_send_reset(struct tcp_connection *connection);
struct tcp_answer {
    tcp_sequence sequence, acknowledgment;
    uint8_t flags;
    uint16_t window; // as it stands in the header
    const uint8_t *options;
    size_t options_size;
};
void tcp_send_answer(const struct tcp_segment *segment, const struct tcp_answer *answer);
void tcp_send_refusal(const struct tcp_segment *segment); // the right reset for it, or nothing

void tcp_options_read(const uint8_t *bytes, size_t size, struct tcp_options *options);
size_t tcp_options_size(const struct tcp_connection *connection);
// `most` bytes, of which a timestamp has its own in any case: SACK blocks get the rest.
size_t tcp_options_write(struct tcp_connection *connection, uint8_t *bytes, size_t most,
                         uint64_t now_ns);
size_t tcp_options_write_syn(const struct tcp_connection *connection, uint8_t *bytes,
                             uint64_t now_ns);

// ---- tcp_timer.c, tcp_rtt.c ---------------------------------------------------------
enum { TCP_SUSPECT_TIMEOUTS = 3 }; // in a row: R1 (RFC 9293, 3.8.3)
void tcp_timer_stop(struct tcp_connection *connection);
void tcp_timer_start_retransmit(struct tcp_connection *connection, uint64_t now_ns);
void tcp_timer_start_probe(struct tcp_connection *connection);
void tcp_timer_progress(struct tcp_connection *connection, uint64_t now_ns);
void tcp_timer_start_ack(struct tcp_connection *connection);
void tcp_timer_start_tail(struct tcp_connection *connection, uint64_t deadline_ns);
void tcp_timer_start_idle(struct tcp_connection *connection);

void tcp_rtt_init(struct tcp_connection *connection);
void tcp_rtt_start(struct tcp_connection *connection, tcp_sequence end, uint64_t now_ns);
void tcp_rtt_cancel(struct tcp_connection *connection);
void tcp_rtt_expired(struct tcp_connection *connection);
void tcp_rtt_acknowledged(struct tcp_connection *connection, const struct tcp_segment *segment);
void tcp_rtt_established(struct tcp_connection *connection);
uint64_t tcp_rtt_timeout(const struct tcp_connection *connection);

// ---- tcp_listen.c, tcp_cookie.c -----------------------------------------------------
// `iss`: to begin with, 0: any.
void tcp_listen_arrives(struct tcp_connection *listener, struct tcp_segment *segment,
                        tcp_sequence iss);
// A connection of ours, for the one that the segment asks for; NULL: no memory.
struct tcp_connection *tcp_listen_add(struct tcp_connection *listener,
                                      const struct tcp_segment *segment);
bool tcp_listen_is_full(const struct tcp_connection *listener); // nobody accepts any
void tcp_listen_established(struct tcp_connection *connection);
void tcp_listen_remove(struct tcp_connection *connection); // from its listener's queue
void tcp_listen_end(struct tcp_connection *listener);
void tcp_cookie_send(struct tcp_connection *listener, const struct tcp_segment *syn);
bool tcp_cookie_arrives(struct tcp_connection *listener, struct tcp_segment *segment);

// ---- tcp_time_wait.c ----------------------------------------------------------------
void tcp_time_wait_enter(struct tcp_connection *connection); // it may be gone afterwards
void tcp_time_wait_arrives(struct tcp_entry *entry, struct tcp_segment *segment);
// Takes an old one's place, if its segments cannot be taken for ours. False: not yet.
bool tcp_time_wait_take_over(struct tcp_entry *entry, struct tcp_connection *connection);
size_t tcp_time_wait_count(void);

// ---- tcp_path.c ---------------------------------------------------------------------
void tcp_path_begin(struct tcp_connection *connection);
void tcp_path_set_mss(struct tcp_connection *connection);
uint16_t tcp_path_own_mss(struct tcp_connection *connection);
void tcp_path_update(struct tcp_connection *connection);
void tcp_path_timed_out(struct tcp_connection *connection);
void tcp_path_try_larger(struct tcp_connection *connection);
void tcp_failed(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                const struct ip_failure *failure);
