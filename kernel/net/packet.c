// SPDX-License-Identifier: MIT
//
// Packets: bytes on their way through the layers, which add and remove headers at the front
// without moving them.
//
//   packet_alloc(headroom, room)        empty: data begins `headroom` bytes into its memory
//   packet_push(packet, n)              n bytes more at the front: room for a header
//   packet_get(packet), packet_put()    references; the last one frees all pieces
//   packet_share(piece, offset, n)      the same bytes once more, without a copy
//
// A piece with memory of its own is one run of pages: the struct, and behind it the bytes. A
// piece that shares or wraps bytes is only the struct, from the heap. Most pieces are of one
// page and live for microseconds, so a few of either kind are kept when they are freed: taking
// one of those is a handful of instructions. What is counted is counted elsewhere.
// Chapter 20.
#include "packet.h"

#include "heap.h"
#include "machine.h"
#include "page.h"
#include "smaller.h"
#include "string.h"

enum {
    SPARE_MAX = 256,   // of each kind: what a card may have for receiving
    SPARE_SHARE = 128, // one page in so many of the machine's may lie spare
    MEMORY_ALIGN = 8,
};

_Static_assert(sizeof(struct packet) % MEMORY_ALIGN == 0, "headers are aligned from memory on");
_Static_assert(sizeof(struct packet) + PACKET_HEADROOM + PACKET_ROOM <= PAGE_SIZE, "a page");

// Pieces of one kind that nobody uses, linked by `more`.
struct spares {
    struct packet *first;
    unsigned count, limit;
};

static struct {
    struct spares pages; // pieces of one page
    struct spares bare;  // structs without memory
    // Spare ones included:
    size_t pieces, run_pages; // pieces of all kinds; pages that they are
    uint64_t failures;
} packets = {.bare = {.limit = SPARE_MAX}};

// ---- Pieces -----------------------------------------------------------------------------

static inline struct packet *take_spare(struct spares *spares)
{
    struct packet *piece = spares->first;
    if (piece) {
        spares->first = piece->more;
        spares->count--;
    }
    return piece;
}

// False: there are enough of them.
static inline bool keep_spare(struct spares *spares, struct packet *piece)
{
    if (spares->count >= spares->limit)
        return false;
    piece->more = spares->first;
    spares->first = piece;
    spares->count++;
    return true;
}

static struct packet *fail(void)
{
    packets.failures++;
    return NULL;
}

// How many spare pages this machine can afford: found out once.
static void choose_limit(void)
{
    struct page_statistics pages;
    page_statistics(&pages);
    packets.pages.limit = (unsigned)smaller(SPARE_MAX, 1 + pages.total / SPARE_SHARE);
}

// A run of pages as a piece, of which all is set that a spare one has, too.
static struct packet *make_piece(size_t bytes)
{
    size_t pages = (sizeof(struct packet) + bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    if (packets.pages.limit == 0)
        choose_limit();
    struct packet *piece = page_alloc_dirty(pages);
    if (!piece)
        return fail();
    piece->memory = (uint8_t *)(piece + 1);
    piece->pages = (uint32_t)pages;
    piece->room = (uint32_t)(pages * PAGE_SIZE - sizeof(*piece));
    piece->lender = NULL;
    piece->release = NULL;
    packets.pieces++;
    packets.run_pages += pages;
    return piece;
}

// Of whatever piece this was before, nothing is known.
static inline void forget_packet(struct packet *piece)
{
    piece->more = NULL;
    piece->size = 0;
    piece->references = 1;
    piece->total = 0;
    piece->checksum_start = piece->checksum_offset = 0;
    piece->device = NULL;
    piece->network = piece->transport = NULL;
    piece->segment_size = piece->segments = 0;
    piece->checksum = PACKET_CHECKSUM_NONE;
    piece->is_broadcast = piece->is_multicast = false;
    piece->sums = 0;
}

// Where no spare one will do.
static __attribute__((noinline)) struct packet *alloc_slowly(size_t headroom, size_t room)
{
    ASSERT(headroom <= PACKET_HEADROOM && room <= PACKET_ROOM_MAX);

    struct packet *piece = make_piece(headroom + room);
    if (!piece)
        return NULL;
    forget_packet(piece);
    piece->data = piece->memory + headroom;
    return piece;
}

struct packet *packet_alloc(size_t headroom, size_t room)
{
    struct packet *piece = packets.pages.first;
    if (!piece || headroom > PACKET_HEADROOM || room > PACKET_ROOM)
        return alloc_slowly(headroom, room);
    take_spare(&packets.pages);
    machine_unpoison(piece->memory, piece->room);
    forget_packet(piece);
    piece->data = piece->memory + headroom;
    return piece;
}

// One more spare struct. False: no memory.
static __attribute__((noinline)) bool add_bare(void)
{
    struct packet *piece = heap_alloc(sizeof(*piece));
    if (!piece) {
        packets.failures++;
        return false;
    }
    packets.pieces++;
    return keep_spare(&packets.bare, piece);
}

// A spare struct, which is there, for memory that is there already: all of it is data.
static inline struct packet *take_bare(void *bytes, size_t size)
{
    struct packet *piece = take_spare(&packets.bare);
    forget_packet(piece);
    piece->memory = piece->data = bytes;
    piece->room = piece->size = piece->total = (uint32_t)size;
    return piece;
}

struct packet *packet_wrap(void *bytes, size_t size, void (*release)(void *context),
                           void *context)
{
    ASSERT(size <= UINT32_MAX);

    if (!packets.bare.first && !add_bare())
        return NULL;
    struct packet *piece = take_bare(bytes, size);
    piece->lender = NULL;
    piece->release = release;
    piece->context = context;
    return piece;
}

// Where no spare struct is left.
static __attribute__((noinline)) struct packet *share_slowly(struct packet *of, size_t offset,
                                                             size_t size)
{
    return add_bare() ? packet_share(of, offset, size) : NULL;
}

// Of a piece that shares, its lender is asked: chains of lenders do not grow.
struct packet *packet_share(struct packet *of, size_t offset, size_t size)
{
    ASSERT(offset <= of->size && size <= of->size - offset);

    if (!packets.bare.first)
        return share_slowly(of, offset, size);
    struct packet *piece = take_bare(of->data + offset, size);
    piece->lender = packet_get(of->lender ? of->lender : of);
    piece->release = NULL;
    return piece;
}

static inline void return_memory(struct packet *piece)
{
    if (piece->lender)
        packet_put(piece->lender);
    else if (piece->release)
        piece->release(piece->context);
    piece->lender = NULL;
    piece->release = NULL;
    if (piece->pages > 0) {
        piece->memory = (uint8_t *)(piece + 1);
        piece->room = (uint32_t)(piece->pages * PAGE_SIZE - sizeof(*piece));
    }
}

// Gives back memory that is not the piece's own, and has its own again, if it has any.
void packet_return_memory(struct packet *piece)
{
    return_memory(piece);
}

// One that is not kept.
static __attribute__((noinline)) void free_slowly(struct packet *piece)
{
    packets.pieces--;
    packets.run_pages -= piece->pages;
    if (piece->pages > 0)
        page_free(piece, piece->pages);
    else
        heap_free(piece);
}

static inline void free_piece(struct packet *piece)
{
    if (piece->lender || piece->release)
        return_memory(piece);
    if (piece->pages == 1 && keep_spare(&packets.pages, piece))
        machine_poison(piece->memory, piece->room);
    else if (piece->pages != 0 || !keep_spare(&packets.bare, piece))
        free_slowly(piece);
}

// A piece that somebody shares stays, with those behind it, until that ends.
static __attribute__((noinline)) void free_pieces(struct packet *packet)
{
    do {
        struct packet *more = packet->more;
        free_piece(packet);
        packet = more;
    } while (packet && --packet->references == 0);
}

// The case of most packets first: one page, nothing behind it.
void packet_free(struct packet *packet)
{
    bool is_simple = packet->pages == 1 && !packet->more && !packet->lender && !packet->release;
    if (is_simple && keep_spare(&packets.pages, packet))
        machine_poison(packet->memory, packet->room);
    else
        free_pieces(packet);
}

void packet_statistics(struct packet_statistics *statistics)
{
    *statistics = (struct packet_statistics){
        .pieces = packets.pieces - packets.pages.count - packets.bare.count,
        .bytes = (packets.run_pages - packets.pages.count) * PAGE_SIZE,
        .spare = packets.pages.count * PAGE_SIZE + packets.bare.count * sizeof(struct packet),
        .failures = packets.failures,
    };
}
