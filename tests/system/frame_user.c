// SPDX-License-Identifier: MIT
//
// Sends frames of many sizes over the network card that a process has and counts those that
// come back, for tests/system/test_net_host.py: frames=N (100). With ask=ADDRESS it asks for
// the one who has that address and waits for the answer.
#include "bring_up.h"
#include "drivers/virtio/virtio_net.h"
#include "error.h"
#include "machine.h"
#include "net/address.h"
#include "net/ethernet.h"
#include "net/netdev.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum { TEST_TYPE = 0x88b5, ARP_SIZE = 28, SIZE_STEP = 37 }; // IEEE 802, 9.2.4: for experiments

static struct {
    unsigned received, wrong;
    bool is_answered;
} user;

static size_t size_of(unsigned i, const struct net_device *device)
{
    return 46 + i * SIZE_STEP % (device->mtu - 46u);
}

// The first byte says which one it is, all others follow from it.
static void test_receive(struct net_device *device, struct packet *packet)
{
    static uint8_t bytes[65536];
    size_t size = packet_read(packet, 0, bytes, sizeof(bytes));
    user.received++;
    bool is_right = size >= 46;
    for (size_t i = 1; is_right && i < size; i++)
        is_right = bytes[i] == (uint8_t)(bytes[0] + i);
    user.wrong += !is_right;
    packet_put(packet);
}

static void arp_receive(struct net_device *device, struct packet *packet)
{
    user.is_answered |= packet->total >= ARP_SIZE && packet->data[7] == 2;
    packet_put(packet);
}

static void send(struct net_device *device, unsigned i)
{
    size_t size = size_of(i, device);
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    if (!packet)
        panic("no memory for a packet");
    uint8_t *bytes = packet_extend(packet, size);
    for (size_t at = 0; at < size; at++)
        bytes[at] = (uint8_t)(i + at);
    ethernet_send(device, packet, device->mac, TEST_TYPE);
}

static void send_question(struct net_device *device, const struct os_address *wanted)
{
    const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct packet *packet = packet_alloc(PACKET_HEADROOM, ARP_SIZE);
    uint8_t *bytes = packet_extend(packet, ARP_SIZE);
    memset(bytes, 0, ARP_SIZE);
    memcpy(bytes, head, sizeof(head));
    memcpy(bytes + 8, device->mac, MAC_SIZE);
    memcpy(bytes + 14, (const uint8_t[]){10, 0, 2, 15}, 4);
    memcpy(bytes + 24, wanted->bytes, 4);
    ethernet_send(device, packet, ethernet_broadcast, ETHERNET_ARP);
}

// More than once: an interface may need a moment before it answers.
static void ask(struct net_device *device, const char *text)
{
    struct os_address wanted;
    if (address_parse(text, &wanted) != 0)
        panic("ask=%s is no address", text);
    for (unsigned i = 0; i < 30 && !user.is_answered; i++) {
        send_question(device, &wanted);
        for (unsigned waited = 0; waited < 100 && !user.is_answered; waited++)
            timer_sleep(1000000);
    }
    print("%s %s\n", text, user.is_answered ? "answers" : "does not answer");
}

// Until all have come, or none for a while.
static void wait_for(unsigned frames)
{
    for (unsigned quiet = 0, seen = 0; user.received < frames && quiet < 100; quiet++) {
        timer_sleep(1000000);
        if (user.received != seen)
            quiet = 0;
        seen = user.received;
    }
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_net_driver, NULL};
    static const struct ethernet_protocol test = {"test", TEST_TYPE, test_receive};
    static const struct ethernet_protocol arp = {"arp", ETHERNET_ARP, arp_receive};
    static const struct ethernet_protocol *const protocols[] = {&test, &arp, NULL};
    const struct board *board = bring_up(boot);
    ethernet_init(protocols);
    virtio_probe(board, drivers);
    struct net_device *device = netdev_find("eth0");
    if (!device)
        panic("there is no network card");
    for (struct net_device *each = netdev_next(NULL); each; each = netdev_next(each))
        ethernet_attach(each);

    char address[ADDRESS_TEXT_SIZE];
    if (cmdline_value("ask", address, sizeof(address)) > 0)
        ask(device, address);
    unsigned frames = (unsigned)cmdline_number("frames", 100);
    for (unsigned i = 0; i < frames; i++) {
        send(device, i);
        if (i % 16 == 15)
            thread_yield();
    }
    wait_for(frames);
    print("%u frames sent, %u received, %u of them wrong; link %s\n", frames, user.received,
          user.wrong, device->link_up ? "up" : "down");
    return 0;
}
