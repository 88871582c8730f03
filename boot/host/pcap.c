// SPDX-License-Identifier: MIT
//
// The file of -pcap: all frames that go over the wire, for tcpdump -r and Wireshark
// (draft-ietf-opsawg-pcap, 4 and 5). Written at once, so that it is whole however we end.
// Chapter 20.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "boot/host/net_link.h"
#include "boot/host/options.h"
#include "host.h"

enum {
    MAGIC = 0xa1b23c4d, // times in nanoseconds
    LINK_ETHERNET = 1,
    PIECES_MAX = 64,
};

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t reserved[2], frame_max, link;
};
struct frame_header {
    uint32_t seconds, nanoseconds, captured, size;
};

static struct {
    bool is_open;
    int descriptor;
} pcap;

void pcap_open(const char *path)
{
    if (!path || pcap.is_open)
        return;
    const struct file_header header = {
        .magic = MAGIC, .major = 2, .minor = 4, .frame_max = 262144, .link = LINK_ETHERNET};
    pcap.descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (pcap.descriptor < 0 ||
        write(pcap.descriptor, &header, sizeof header) != (ssize_t)sizeof header)
        options_refuse(strerror(errno), path);
    pcap.is_open = true;
}

void pcap_write(const struct segment *segments, unsigned count, size_t skip)
{
    struct iovec pieces[1 + PIECES_MAX];
    unsigned used = 1;
    size_t size = 0;
    if (!pcap.is_open)
        return;
    for (unsigned i = 0; i < count && used <= PIECES_MAX; i++) {
        size_t less = skip < segments[i].size ? skip : segments[i].size;
        skip -= less;
        if (less == segments[i].size)
            continue;
        pieces[used++] =
            (struct iovec){(char *)segments[i].data + less, segments[i].size - less};
        size += segments[i].size - less;
    }
    uint64_t now_ns = host_wall_clock_ns();
    struct frame_header header = {(uint32_t)(now_ns / 1000000000),
                                  (uint32_t)(now_ns % 1000000000), (uint32_t)size,
                                  (uint32_t)size};
    pieces[0] = (struct iovec){&header, sizeof header};
    ssize_t written = writev(pcap.descriptor, pieces, (int)used);
    (void)written; // a full disk: the frames still go their way
}
