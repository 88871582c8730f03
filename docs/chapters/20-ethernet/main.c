// SPDX-License-Identifier: MIT
//
// Chapter 20: frames.
//
// A question to 10.0.2.2, the host's end of QEMU's user-mode network, put together by hand.
// ARP has to find out first where that is; every frame that passes is shown.
//
//   make CHAPTER=20 qemu
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "heap.h"
#include "net/arp.h"
#include "net/checksum.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

enum { IP_HEADER = 20, ICMP_HEADER = 8 };

static const uint8_t our_ip[4] = {10, 0, 2, 15}, host_ip[4] = {10, 0, 2, 2};

static be32 word_of(const uint8_t ip[4])
{
    return le32_read(ip); // as the bytes lie
}

// ---- What passes ------------------------------------------------------------------------

static void show_arp(const uint8_t *arp)
{
    const uint8_t *sender = arp + 14, *target = arp + 24;
    char mac[MAC_TEXT_SIZE];
    if (be16_read(arp + 6) == 1)
        print("      ARP: who has %u.%u.%u.%u? tell %u.%u.%u.%u\n", target[0], target[1],
              target[2], target[3], sender[0], sender[1], sender[2], sender[3]);
    else
        print("      ARP: %u.%u.%u.%u is at %s\n", sender[0], sender[1], sender[2], sender[3],
              ethernet_print(arp + 8, mac));
}

static void show_ip(const uint8_t *ip)
{
    const uint8_t *from = ip + 12, *to = ip + 16;
    print("      IPv4: %u.%u.%u.%u to %u.%u.%u.%u, %s\n", from[0], from[1], from[2], from[3],
          to[0], to[1], to[2], to[3], ip[IP_HEADER] == 8 ? "are you there?" : "yes");
}

static void show_frame(struct net_tap *tap, const struct net_device *device,
                       const struct packet *packet, bool is_sent)
{
    const struct ethernet_header *header = (const void *)packet->data;
    uint16_t type = from_be16(header->type);
    char from[MAC_TEXT_SIZE], to[MAC_TEXT_SIZE];
    print("%s %s %u bytes\n", device->name, is_sent ? "sends" : "gets", packet->total);
    print("   Ethernet: %s to %s, type %#06x\n", ethernet_print(header->source, from),
          ethernet_print(header->destination, to), type);
    if (type == ETHERNET_ARP)
        show_arp(packet->data + sizeof(*header));
    if (type == ETHERNET_IPV4)
        show_ip(packet->data + sizeof(*header));
}

// ---- A packet by hand -------------------------------------------------------------------

static void put_checksum(uint8_t *bytes, size_t size, size_t offset)
{
    be16 checksum = checksum_finish(checksum_add(0, bytes, size));
    memcpy(bytes + offset, &checksum, sizeof(checksum));
}

// "Are you there?": the shortest IPv4 packet with an ICMP echo request in it (RFC 791, 792).
static struct packet *make_question(void)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, IP_HEADER + ICMP_HEADER);
    uint8_t *icmp = packet_extend(packet, ICMP_HEADER);
    memset(icmp, 0, ICMP_HEADER);
    icmp[0] = 8; // echo request
    put_checksum(icmp, ICMP_HEADER, 2);

    uint8_t *ip = packet_push(packet, IP_HEADER); // a header goes in front
    memset(ip, 0, IP_HEADER);
    ip[0] = 0x45; // version 4, 5 words of header
    be16_write(ip + 2, (uint16_t)packet->total);
    ip[8] = 64; // time to live
    ip[9] = 1;  // ICMP
    memcpy(ip + 12, our_ip, sizeof(our_ip));
    memcpy(ip + 16, host_ip, sizeof(host_ip));
    put_checksum(ip, IP_HEADER, 10);
    return packet;
}

// Nothing here understands IPv4 yet: the answer is only seen passing.
static void ask(struct net_device *device)
{
    struct arp_entry_info entry = {.state = ARP_INCOMPLETE};
    char mac[MAC_TEXT_SIZE];
    arp_send(device, make_question(), word_of(host_ip));
    for (unsigned i = 0; entry.state == ARP_INCOMPLETE && i < 100; i++) {
        timer_sleep(10000000);
        arp_next(0, &entry);
    }
    timer_sleep(100000000);
    if (entry.state == ARP_REACHABLE)
        print("10.0.2.2 is at %s\n", ethernet_print(entry.mac, mac));
    else
        print("nobody answers for 10.0.2.2\n");
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_interrupts(board);
    machine_interrupts_enable();

    static const struct virtio_driver *const drivers[] = {&virtio_net_driver, NULL};
    static const struct ethernet_protocol *const protocols[] = {&arp_protocol, NULL};
    static struct net_tap tap = {.frame = show_frame};
    virtio_probe(board, drivers);
    struct net_device *device = netdev_next(NULL);
    if (!device)
        panic("no network card: start with `make CHAPTER=20 qemu`");
    ethernet_init(protocols);
    ethernet_attach(device);
    arp_init();
    netdev_tap_add(&tap);
    arp_set_address(device, word_of(our_ip));
    ask(device);
    return 0;
}
