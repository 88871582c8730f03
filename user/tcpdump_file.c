// SPDX-License-Identifier: MIT
//
// pcap files: a header, and then for each frame a few words and its bytes (the format of
// libpcap, as draft-ietf-opsawg-pcap has it). Written with nanoseconds and for Ethernet; read
// in either byte order, with micro- or nanoseconds, for Ethernet or bare IP.
// Chapter 20.
#include "tcpdump.h"

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du

enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_IPV4 = 228 };
enum { VERSION_MAJOR = 2, VERSION_MINOR = 4 };

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t reserved[2];
    uint32_t snap, link;
};
struct frame_header {
    uint32_t seconds, fraction, captured, size;
};
_Static_assert(sizeof(struct file_header) == 24, "draft-ietf-opsawg-pcap, 4");
_Static_assert(sizeof(struct frame_header) == 16, "draft-ietf-opsawg-pcap, 5");

// ---- Written ----------------------------------------------------------------------------

void capture_begin(struct writer *writer)
{
    const struct file_header header = {.magic = MAGIC_NANOSECONDS,
                                       .major = VERSION_MAJOR,
                                       .minor = VERSION_MINOR,
                                       .snap = FRAME_MAX,
                                       .link = LINK_ETHERNET};
    writer_put(writer, &header, sizeof(header));
}

// A frame of the loopback device gets an Ethernet header of zeros: a file has one kind only.
void capture_write(struct writer *writer, const struct os_frame *frame, const uint8_t *bytes)
{
    static const uint8_t no_link[ETHERNET_SIZE] = {[12] = TYPE_IP >> 8};
    uint32_t extra = frame->has_ethernet ? 0 : ETHERNET_SIZE;
    const struct frame_header header = {.seconds = (uint32_t)(frame->time_ns / 1000000000),
                                        .fraction = (uint32_t)(frame->time_ns % 1000000000),
                                        .captured = frame->captured + extra,
                                        .size = frame->size + extra};
    writer_put(writer, &header, sizeof(header));
    writer_put(writer, no_link, extra);
    writer_put(writer, bytes, frame->captured);
}

// ---- Read -------------------------------------------------------------------------------

static uint32_t swap32(uint32_t value)
{
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

static uint32_t in_order(const struct capture_reader *reader, uint32_t value)
{
    return reader->is_swapped ? swap32(value) : value;
}

// 1: all of it; 0: the file's end came first; or an error.
static int read_all(int handle, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int count = os_read(handle, (char *)buffer + done, size - done);
        if (count <= 0)
            return count;
        done += (size_t)count;
    }
    return 1;
}

int capture_open(struct capture_reader *reader, int handle)
{
    struct file_header header;
    *reader = (struct capture_reader){.handle = handle};
    int result = read_all(handle, &header, sizeof(header));
    if (result <= 0)
        return result < 0 ? result : -EINVAL;
    reader->is_swapped = header.magic == swap32(MAGIC_MICROSECONDS) ||
                         header.magic == swap32(MAGIC_NANOSECONDS);
    uint32_t magic = in_order(reader, header.magic);
    uint32_t link = in_order(reader, header.link) & 0xffff;
    reader->has_nanoseconds = magic == MAGIC_NANOSECONDS;
    reader->has_ethernet = link == LINK_ETHERNET;
    bool is_known = link == LINK_ETHERNET || link == LINK_RAW || link == LINK_IPV4;
    return is_known && (magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS) ? 0
                                                                                   : -EINVAL;
}

int capture_read(struct capture_reader *reader, struct os_frame *frame, uint8_t *bytes)
{
    struct frame_header header;
    int result = read_all(reader->handle, &header, sizeof(header));
    if (result <= 0)
        return result;
    uint32_t fraction = in_order(reader, header.fraction);
    *frame = (struct os_frame){
        .time_ns = in_order(reader, header.seconds) * 1000000000ull +
                   (reader->has_nanoseconds ? fraction : fraction * 1000ull),
        .size = in_order(reader, header.size),
        .captured = in_order(reader, header.captured),
        .has_ethernet = reader->has_ethernet,
    };
    if (frame->captured > FRAME_MAX || frame->captured > frame->size)
        return -EINVAL;
    return read_all(reader->handle, bytes, frame->captured);
}
