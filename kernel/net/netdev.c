// SPDX-License-Identifier: MIT
//
// Network devices: what sends and receives frames, behind one small struct.
//
//   netdev_add(device)                   a driver has found one: "eth0"
//   netdev_transmit(device, packet)      on its way, or dropped: never sleeps, never fails
//   netdev_receive(device, packet)       a driver has got one
//
// Telling a device that there is something to send costs more than a frame. So it is told when
// the threads change: by a service, or by the driver that has just collected all that came in.
// Chapter 20.
#include "netdev.h"

#include "error.h"
#include "ethernet.h"
#include "format.h"
#include "netdev_offload.h"
#include "print.h"
#include "string.h"
#include "thread.h"

enum { MTU_MIN = 68 }; // RFC 791, 3.2: what every network carries in one piece

static struct {
    struct list devices, taps, listeners;
    unsigned count;         // devices there have been
    struct thread_service service;
    bool is_batch;          // a driver hands up what has come, and ends with a start of all
    bool is_last;           // so far: the frame that comes next
    void (*finish)(void);   // or NULL
    bool (*merge)(struct packet *packet, bool is_last); // netdev_merge.c's, or NULL
    bool (*merging)(struct packet *packet, bool is_last); // the same, during a batch
    void (*merge_finish)(void);
    bool wants_finish;
    unsigned need_start;    // devices with something that they have not been told of
} netdevs = {
    .devices = {&netdevs.devices, &netdevs.devices},
    .taps = {&netdevs.taps, &netdevs.taps},
    .listeners = {&netdevs.listeners, &netdevs.listeners},
    .service.run = netdev_start_all,
};

// ---- Devices ----------------------------------------------------------------------------

struct net_device *netdev_next(struct net_device *device)
{
    struct list *next = device ? device->all.next : netdevs.devices.next;
    return next == &netdevs.devices ? NULL : container_of(next, struct net_device, all);
}

struct net_device *netdev_find(const char *name)
{
    struct net_device *device = NULL;
    while ((device = netdev_next(device)) && strcmp(device->name, name) != 0)
        ;
    return device;
}

// The first "eth" with a number that no device has.
static void choose_name(struct net_device *device)
{
    char name[NETDEV_NAME_SIZE];
    unsigned i = 0;
    do {
        snprintf(name, sizeof(name), "eth%u", i++);
    } while (netdev_find(name));
    strlcpy(device->name, name, sizeof(device->name));
}

int netdev_add(struct net_device *device)
{
    if (device->mtu < MTU_MIN)
        return -EINVAL;
    if (device->name[0] && netdev_find(device->name))
        return -EEXIST;
    if (!device->name[0])
        choose_name(device);
    if (netdevs.count == 0)
        thread_add_service(&netdevs.service);
    device->index = ++netdevs.count;
    list_init(&device->waiting);
    list_append(&netdevs.devices, &device->all);
    return 0;
}

static void drop_waiting(struct net_device *device)
{
    struct list *first;
    while ((first = list_take_first(&device->waiting))) {
        packet_put(container_of(first, struct packet, link));
        device->sent.dropped++;
    }
    device->waiting_count = 0;
}

// What waits for a device whose cable is out would be old when it is in again.
void netdev_link(struct net_device *device, bool up)
{
    if (device->link_up == up)
        return;
    device->link_up = up;
    log_info("%s: the link is %s", device->name, up ? "up" : "down");
    if (!up)
        drop_waiting(device);
    list_for_each(struct net_listener, listener, &netdevs.listeners, link)
        listener->changed(listener, device);
}

void netdev_gone(struct net_device *device)
{
    netdev_link(device, false);
    drop_waiting(device);
}

void netdev_listen(struct net_listener *listener)
{
    list_append(&netdevs.listeners, &listener->link);
}

void netdev_tap_add(struct net_tap *tap)
{
    list_append(&netdevs.taps, &tap->link);
}

void netdev_tap_remove(struct net_tap *tap)
{
    list_remove(&tap->link);
}

static __attribute__((noinline)) void show_to_all(const struct net_device *device,
                                                  const struct packet *packet, bool is_sent)
{
    list_for_each(struct net_tap, tap, &netdevs.taps, link)
        tap->frame(tap, device, packet, is_sent);
}

// Most of the time there is none.
static inline void show_to_taps(const struct net_device *device, const struct packet *packet,
                                bool is_sent)
{
    if (!list_is_empty(&netdevs.taps))
        show_to_all(device, packet, is_sent);
}

// ---- Sending ----------------------------------------------------------------------------

static void drop(struct net_device *device, struct packet *packet)
{
    device->sent.dropped++;
    packet_put(packet);
}

static void need_start(struct net_device *device)
{
    if (device->needs_start)
        return;
    device->needs_start = true;
    netdevs.need_start++;
    if (!netdevs.is_batch)
        thread_mark_later(&netdevs.service);
}

// The device had no room: the packet stands in line, if that is not too long.
static void wait_for_room(struct net_device *device, struct packet *packet)
{
    if (device->waiting_count >= NETDEV_QUEUE_MAX) {
        drop(device, packet);
        return;
    }
    list_append(&device->waiting, &packet->link);
    device->waiting_count++;
    need_start(device); // what fills the device has to get going
}

// False: it has no room, and the packet is still ours.
static inline bool give_to_driver(struct net_device *device, struct packet *packet)
{
    uint32_t bytes = packet->total; // the packet may be gone when this returns
    int error = device->operations->transmit(device, packet);
    if (error == -EBUSY)
        return false;
    if (error) {
        device->sent.errors++;
        return true;
    }
    device->sent.packets++;
    device->sent.bytes += bytes;
    need_start(device);
    return true;
}

// For netdev_offload.c as well: a frame that the device can send as it is.
void netdev_transmit_ready(struct net_device *device, struct packet *packet)
{
    if (device->waiting_count > 0 || !give_to_driver(device, packet))
        wait_for_room(device, packet);
}

void netdev_transmit(struct net_device *device, struct packet *packet)
{
    size_t link_header = device->has_ethernet ? sizeof(struct ethernet_header) : 0;

    show_to_taps(device, packet, true);
    packet->device = device;
    if (!device->link_up ||
        (packet->segment_size == 0 && packet->total > link_header + device->mtu))
        drop(device, packet);
    else if (netdev_needs_offload(device, packet))
        netdev_offload(device, packet);
    else
        netdev_transmit_ready(device, packet);
}

void netdev_has_room(struct net_device *device)
{
    struct list *first;
    while ((first = list_take_first(&device->waiting))) {
        if (!give_to_driver(device, container_of(first, struct packet, link))) {
            list_prepend(&device->waiting, first);
            return;
        }
        device->waiting_count--;
    }
}

void netdev_set_finish(void (*finish)(void))
{
    netdevs.finish = finish;
}

void netdev_finish_later(void)
{
    netdevs.wants_finish = true;
    if (!netdevs.is_batch)
        thread_mark_later(&netdevs.service);
}

void netdev_set_merge(bool (*merge)(struct packet *packet, bool is_last), void (*finish)(void))
{
    netdevs.merge = merge;
    netdevs.merge_finish = finish;
}

void netdev_begin_batch(void)
{
    netdevs.is_batch = true;
    netdevs.is_last = false;
    netdevs.merging = netdevs.merge;
}

void netdev_last_of_batch(void)
{
    netdevs.is_last = true;
}

// What the frames lead to belongs to the batch, so that it needs no service of its own.
void netdev_end_batch(void)
{
    if (netdevs.merging)
        netdevs.merge_finish();
    netdevs.merging = NULL;
    netdev_start_all();
    netdevs.is_batch = false;
    if (netdevs.need_start > 0)
        thread_mark_later(&netdevs.service);
}

static __attribute__((noinline)) void start_devices(void)
{
    netdevs.need_start = 0;
    list_for_each(struct net_device, device, &netdevs.devices, all) {
        if (!device->needs_start)
            continue;
        device->needs_start = false;
        if (device->operations->start)
            device->operations->start(device);
    }
}

void netdev_start_all(void)
{
    if (netdevs.wants_finish) {
        netdevs.wants_finish = false;
        netdevs.finish();
    }
    if (netdevs.need_start > 0)
        start_devices();
}

// ---- Receiving --------------------------------------------------------------------------

void netdev_receive(struct net_device *device, struct packet *packet)
{
    show_to_taps(device, packet, false);
    packet->device = device;
    device->received.packets++;
    device->received.bytes += packet->total;
    if (!device->receive || !device->link_up) {
        device->received.dropped++;
        packet_put(packet);
        return;
    }
    bool may_merge = netdevs.merging && device->has_ethernet, is_last = netdevs.is_last;
    netdevs.is_last = false;
    if (!may_merge || !netdevs.merging(packet, is_last))
        device->receive(device, packet);
}
