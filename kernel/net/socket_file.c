// SPDX-License-Identifier: MIT
//
// Files as packets: blocks of the cache, each as a piece around the block itself. It stays in
// the cache until the piece has gone, which is when the peer has acknowledged its bytes.
//
// Nobody is kept from writing to the file meanwhile. Then the newer bytes go, with a checksum
// made when they do; a segment that is lost may be sent again with others. (Copying what is
// written to would cost every write a look, for a reader who cannot tell anyway which state of
// the file he asked for.)
//
// A file that has no blocks to lend (in memory, on FAT, a hole) is read into packets: one copy.
// Chapter 25.
#include "socket_file.h"

#include <stdbool.h>

#include "error.h"
#include "smaller.h"
#include "string.h"
#include "tcp.h"

// As much as a device takes as one packet; and where the peer is slow, as much of the cache as
// one connection holds beyond its send buffer.
enum { PACKET_MAX = 64 << 10, LOANS_MAX = 16, LOAN_USUAL = 4096 };

// Puts a piece behind the packet, or makes it the first.
static void add_piece(struct packet **packet, struct packet *piece)
{
    if (*packet)
        packet_append(*packet, piece);
    else
        *packet = piece;
}

// Pieces around the file's own memory, up to `size` bytes. A count; 0: the end of the file.
static int add_loans(struct file *file, uint64_t offset, size_t size, struct packet **packet)
{
    struct file_loan loans[LOANS_MAX];
    unsigned wanted = (unsigned)smaller(LOANS_MAX, (size + LOAN_USUAL - 1) / LOAN_USUAL);
    int lent = file_lend(file, offset, loans, wanted);
    size_t added = 0;
    bool is_full = false;
    for (int i = 0; i < lent; i++) {
        size_t piece_size = smaller(loans[i].size, size - added);
        struct packet *piece = NULL;
        if (piece_size > 0 && !is_full)
            piece = packet_wrap(loans[i].bytes, piece_size, loans[i].release, loans[i].context);
        if (piece) {
            add_piece(packet, piece);
            added += piece_size;
        } else {
            loans[i].release(loans[i].context);
            is_full = true; // or there is no memory: what follows has to wait
        }
    }
    return lent > 0 && added == 0 ? -ENOMEM : lent > 0 ? (int)added : lent;
}

// Where blocks cannot be lent, or the cache has none to spare, they are read.
static int add_bytes(struct file *file, uint64_t offset, size_t size, struct packet **packet)
{
    int count = add_loans(file, offset, size, packet);
    if (count != -EOPNOTSUPP && count != -ENOMEM)
        return count;
    size = smaller(size, PACKET_ROOM);
    struct packet *piece = packet_alloc(0, size);
    if (!piece)
        return -ENOMEM;
    count = file_read_at(file, offset, packet_extend(piece, size), size);
    if (count <= 0) {
        packet_put(piece);
        return count;
    }
    packet_trim(piece, (size_t)count);
    add_piece(packet, piece);
    return count;
}

static int add_head(const struct os_file_part *part, size_t done, struct packet **packet)
{
    size_t size = smaller(part->head_size - done, PACKET_ROOM);
    struct packet *piece = packet_alloc(0, size);
    if (!piece)
        return -ENOMEM;
    memcpy(packet_extend(piece, size), (const char *)part->head + done, size);
    add_piece(packet, piece);
    return (int)size;
}

// Up to PACKET_MAX bytes, or a page's where memory is short. What there is before a failure is
// a packet: the next call meets the failure again.
int socket_file_packet(struct file *file, const struct os_file_part *part, size_t done,
                       struct packet **packet)
{
    size_t most = tcp_memory_is_short() ? PACKET_ROOM : PACKET_MAX, start = done;
    size_t end = smaller(part->head_size + part->size, done + most);
    int count = 1;
    *packet = NULL;
    while (done < end && count > 0) {
        if (done < part->head_size)
            count = add_head(part, done, packet);
        else
            count = add_bytes(file, part->offset + (done - part->head_size), end - done,
                              packet);
        if (count > 0)
            done += (size_t)count;
    }
    return done > start ? (int)(done - start) : count;
}
