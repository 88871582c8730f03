// SPDX-License-Identifier: MIT
//
// Answers for many segments at once: a network card hands over all that has come meanwhile, and
// what follows from it is sent when the last of it has been seen.
//
//   tcp_batch_add(connection)       it may have something to send now
//   tcp_batch_ack(connection)       it has an ACK to send, which may also say more by then
//
// Forty ACKs of a segment each make room for forty segments, which then go together; forty
// segments are acknowledged by one ACK, as by all who let a card merge them, although RFC 5681,
// 4.2 would rather have twenty. What tells the peer of losses is never put off.
//
// Where the link's rate keeps segments apart, they are acknowledged in pairs all the same.
// Where bursts come at once, a sender that adds two segments an ACK in slow start takes 0.5 s
// for 400 kB over 20 ms each way, and one that adds eight, as ours does, 0.3 s (tests/sim).
// Chapter 23.
#include "tcp_parts.h"

static struct {
    struct list connections; // by `pending`
} batch = {.connections = {&batch.connections, &batch.connections}};

static void finish(void)
{
    struct list *first;
    while ((first = list_take_first(&batch.connections))) {
        struct tcp_connection *connection =
            container_of(first, struct tcp_connection, pending);
        bool wants_ack = connection->wants_ack;
        connection->wants_ack = false;
        tcp_output(connection);
        // Data that went has taken it along.
        if (wants_ack && connection->receive.acked != connection->receive.nxt)
            tcp_send_ack(connection);
    }
}

void tcp_batch_init(void)
{
    netdev_set_finish(finish);
}

void tcp_batch_add(struct tcp_connection *connection)
{
    if (!list_is_empty(&connection->pending))
        return;
    list_append(&batch.connections, &connection->pending);
    netdev_finish_later();
}

void tcp_batch_ack(struct tcp_connection *connection)
{
    connection->wants_ack = true;
    tcp_batch_add(connection);
}

void tcp_batch_remove(struct tcp_connection *connection)
{
    list_remove(&connection->pending);
}
