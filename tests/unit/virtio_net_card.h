// SPDX-License-Identifier: MIT
//
// A network card made of variables, behind its virtio registers: for tests of the driver. It
// fills the buffers that it is given, and may lie about all of it.
#pragma once

#include "drivers/virtio/virtio_net.h"

#include "boot/board.h"
#include "cmdline.h"
#include "endian.h"
#include "heap.h"
#include "machine.h"
#include "net/netdev.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "virtio_device.h"

// virtio 1.2, 5.1.3
#define CSUM       (UINT64_C(1) << 0)
#define GUEST_CSUM (UINT64_C(1) << 1)
#define MTU        (UINT64_C(1) << 3)
#define MAC        (UINT64_C(1) << 5)
#define GUEST_TSO4 (UINT64_C(1) << 7)
#define HOST_TSO4  (UINT64_C(1) << 11)
#define MRG_RXBUF  (UINT64_C(1) << 15)
#define STATUS     (UINT64_C(1) << 16)
#define EVERYTHING                                                                             \
    (CSUM | GUEST_CSUM | MTU | MAC | GUEST_TSO4 | HOST_TSO4 | MRG_RXBUF | STATUS)

enum { RECEIVE = 0, SEND = 1, HEADER = 12, FRAME = 64, MS = 1000000 };

static uint8_t net_config[12];
static struct virtio_transport transport;

static uint8_t config_read8(struct virtio_device *device, unsigned offset)
{
    return net_config[offset];
}

static uint16_t config_read16(struct virtio_device *device, unsigned offset)
{
    return le16_read(net_config + offset);
}

// What came up.
static struct {
    struct net_device *net;
    unsigned frames;
    uint32_t total;
    uint16_t segment_size;
    uint8_t checksum, first, last;
    uintptr_t address;
} net_got;

static void net_take(struct net_device *device, struct packet *packet)
{
    net_got.frames++;
    net_got.total = packet->total;
    net_got.segment_size = packet->segment_size;
    net_got.checksum = packet->checksum;
    net_got.address = (uintptr_t)packet->data;
    packet_read(packet, 0, &net_got.first, 1);
    packet_read(packet, packet->total - 1, &net_got.last, 1);
    packet_put(packet);
}

static inline size_t net_live_pieces(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

static inline struct net_device *net_last_device(void)
{
    struct net_device *device = NULL, *next;
    while ((next = netdev_next(device)))
        device = next;
    return device;
}

// A card with these features and the configuration of `net_config` goes live. Cards cannot be
// taken out, so those of earlier tests stay, broken. False: it does not start.
static inline bool net_start(uint64_t features, const char *words)
{
    static const struct virtio_driver *const drivers[] = {&virtio_net_driver, NULL};
    const struct boot_info boot = {.command_line = words};
    if (fake.device)
        virtio_break(fake.device, "the next test");
    memset(&fake, 0, sizeof(fake));
    memset(&net_got, 0, sizeof(net_got));
    cmdline_init(&boot);
    fake.size_max = 256;
    fake.offered = features | VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX;
    transport = fake_transport;
    transport.config_read8 = config_read8;
    transport.config_read16 = config_read16;
    fake.device = heap_alloc(sizeof(*fake.device));
    fake.device->transport = &transport;
    fake.device->id = VIRTIO_NET;
    strlcpy(fake.device->name, "fake0", sizeof(fake.device->name));
    if (!virtio_start(fake.device, drivers)) {
        fake.device = NULL;
        return false;
    }
    net_got.net = net_last_device();
    net_got.net->receive = net_take;
    return true;
}

// The same with a configuration that makes sense.
static inline bool net_begin(uint64_t features, const char *words)
{
    static const uint8_t fields[12] = {0x52, 0x54, 0, 0, 0, 9, 1, 0, 0, 0, 0xdc, 0x05};
    memcpy(net_config, fields, sizeof(net_config));
    return net_start(features, words);
}

static inline void net_at_queue(unsigned index)
{
    fake.queue = fake.device->queues[index];
}

// The next buffer of the driver gets these bytes, virtio's header first. Its descriptor.
static inline const struct virtq_desc *net_fill(const uint8_t header[HEADER], unsigned first,
                                                size_t size)
{
    net_at_queue(RECEIVE);
    struct fake_chain chain = fake_take();
    const struct virtq_desc *desc = fake_next(&chain);
    uint8_t *bytes = fake_memory(desc->address);
    size_t at = 0;
    for (; header && at < HEADER; at++)
        bytes[at] = header[at];
    for (size_t i = 0; at < size && at < desc->length; i++, at++)
        bytes[at] = (uint8_t)(first + i);
    fake_use(chain.head, (uint32_t)size);
    return desc;
}

// virtio's header of a frame in so many buffers.
static inline void net_header(uint8_t header[HEADER], unsigned buffers)
{
    memset(header, 0, HEADER);
    le16_write(header + 10, (uint16_t)buffers);
}

static inline void net_interrupt(void)
{
    virtio_queues_interrupt(fake.device);
}

// To be sent: `size` bytes, and behind them small pieces.
static inline struct packet *net_packet(size_t size, unsigned pieces)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    memset(packet_extend(packet, size), 0x33, size);
    packet->network = packet->data + 14;
    for (unsigned i = 1; i < pieces; i++) {
        struct packet *piece = packet_alloc(0, 10);
        memset(packet_extend(piece, 10), 0x44, 10);
        packet_append(packet, piece);
    }
    return packet;
}
