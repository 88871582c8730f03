// SPDX-License-Identifier: MIT
//
// The loopback device: what is sent to an address of ours comes back through it.
//
//   loopback_init(receive)        "lo", 127.0.0.1/8
//   ip_loopback()
//
// It queues what it is given, and a service hands it out between threads: not at once, or each
// answer would lie deeper on the stack than its question. One round hands out what was there
// when it began, so that two who talk without end leave the threads their turns.
// Chapter 21.
#include "error.h"
#include "ip_parts.h"
#include "string.h"
#include "thread.h"

enum { LOOPBACK_MTU = 16384, LOOPBACK_SEGMENT_MAX = 65535, LOOPBACK_QUEUE_MAX = 1024 };

static struct {
    struct net_device device;
    struct thread_service service;
    struct list queue; // packets
    unsigned count;
    bool was_full;
} loopback;

// The bytes never leave this memory: their checksum need not be made.
static int transmit(struct net_device *device, struct packet *packet)
{
    if (loopback.count == LOOPBACK_QUEUE_MAX) {
        loopback.was_full = true;
        return -EBUSY;
    }
    packet->checksum = PACKET_CHECKSUM_VALID;
    list_append(&loopback.queue, &packet->link);
    loopback.count++;
    thread_mark_pending(&loopback.service);
    return 0;
}

static void hand_out(void)
{
    for (unsigned left = loopback.count; left > 0; left--) {
        struct list *link = list_take_first(&loopback.queue);
        loopback.count--;
        netdev_receive(&loopback.device, container_of(link, struct packet, link));
    }
    if (loopback.was_full) {
        loopback.was_full = false;
        netdev_has_room(&loopback.device);
    }
    if (loopback.count > 0)
        thread_mark_pending(&loopback.service);
}

struct net_device *ip_loopback(void)
{
    return &loopback.device;
}

void loopback_init(void (*receive)(struct net_device *device, struct packet *packet))
{
    static const struct net_operations operations = {.transmit = transmit};
    struct net_device *device = &loopback.device;
    list_init(&loopback.queue);
    device->operations = &operations;
    device->mtu = LOOPBACK_MTU;
    device->can_checksum = device->can_segment = true;
    device->segment_max = LOOPBACK_SEGMENT_MAX;
    device->receive = receive;
    device->link_up = true; // for ever
    strlcpy(device->name, "lo", sizeof(device->name));
    int error = netdev_add(device);
    if (error)
        panic("no loopback device: %s", error_text(error));
    loopback.service.run = hand_out;
    thread_add_service(&loopback.service);

    const struct ip_configuration configuration = {
        .address = address_ipv4(IPV4(127, 0, 0, 1), 0), .prefix = 8, .source = "static"};
    error = ip_configure(device, &configuration);
    if (error)
        panic("no address for the loopback device: %s", error_text(error));
}
