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

#include "error.h"
#include "string.h"

// As much as a device takes as one packet; and where the peer is slow, as much of the cache as
// one connection holds beyond its send buffer.
enum { PACKET_MAX = 64 << 10, PIECES_MAX = 17 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// A piece around the file's own memory. A count; 0: the end of the file.
static int lend_piece(struct file *file, uint64_t offset, size_t size, struct packet **piece)
{
    struct file_loan loan;
    int error = file_lend(file, offset, &loan);
    if (error || loan.size == 0)
        return error;
    size = smaller(size, loan.size);
    *piece = packet_wrap(loan.bytes, size, loan.release, loan.context);
    if (!*piece) {
        loan.release(loan.context);
        return -ENOMEM;
    }
    return (int)size;
}

static int read_piece(struct file *file, uint64_t offset, size_t size, struct packet **piece)
{
    size = smaller(size, PACKET_ROOM);
    *piece = packet_alloc(0, size);
    if (!*piece)
        return -ENOMEM;
    int count = file_read_at(file, offset, packet_extend(*piece, size), size);
    if (count > 0)
        packet_trim(*piece, (size_t)count);
    else
        packet_put(*piece);
    return count;
}

// Where blocks cannot be lent, or the cache has none to spare, they are read.
static int next_piece(struct file *file, uint64_t offset, size_t size, struct packet **piece)
{
    int count = lend_piece(file, offset, size, piece);
    if (count == -EOPNOTSUPP || count == -ENOMEM)
        count = read_piece(file, offset, size, piece);
    return count;
}

static int head_packet(const struct os_file_part *part, size_t done, struct packet **packet)
{
    size_t size = smaller(part->head_size - done, PACKET_ROOM);
    *packet = packet_alloc(0, size);
    if (!*packet)
        return -ENOMEM;
    memcpy(packet_extend(*packet, size), (const char *)part->head + done, size);
    return (int)size;
}

// Up to PACKET_MAX bytes. What there is before a failure is a packet: the next call meets the
// failure again.
int socket_file_packet(struct file *file, const struct os_file_part *part, size_t done,
                       struct packet **packet)
{
    size_t size = part->head_size + part->size, gathered = 0;
    int count = 0;
    *packet = NULL;
    for (unsigned i = 0; i < PIECES_MAX && done < size && gathered < PACKET_MAX; i++) {
        struct packet *piece = NULL;
        if (done < part->head_size)
            count = head_packet(part, done, &piece);
        else
            count = next_piece(file, part->offset + (done - part->head_size),
                               smaller(size - done, PACKET_MAX - gathered), &piece);
        if (count <= 0)
            break;
        if (*packet)
            packet_append(*packet, piece);
        else
            *packet = piece;
        done += (size_t)count;
        gathered += (size_t)count;
    }
    return gathered > 0 ? (int)gathered : count;
}
