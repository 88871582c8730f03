// SPDX-License-Identifier: MIT
//
// Chapter 20: frames.
//
// We ask who has 10.0.2.2, the host's end of QEMU's user-mode network; every frame that passes
// is shown, layer by layer.
//
//   make CHAPTER=20 qemu
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "heap.h"
#include "net/arp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

static const uint8_t our_ip[4] = {10, 0, 2, 15}, host_ip[4] = {10, 0, 2, 2};

static be32 word_of(const uint8_t ip[4])
{
    return (be32)le32_read(ip); // as the bytes lie
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

static void show_frame(struct net_tap *tap, const struct net_device *device,
                       const struct packet *packet, bool is_sent)
{
    const struct ethernet_header *header = (const void *)packet->data;
    char from[MAC_TEXT_SIZE], to[MAC_TEXT_SIZE];
    print("%s %s: %u bytes\n", device->name, is_sent ? "sends" : "gets", packet->total);
    print("   Ethernet: %s to %s, type %#06x\n", ethernet_print(header->source, from),
          ethernet_print(header->destination, to), from_be16(header->type));
    if (from_be16(header->type) == ETHERNET_ARP)
        show_arp(packet->data + sizeof(*header));
}

// ---- Who has it? ------------------------------------------------------------------------

static void ask(struct net_device *device)
{
    // To be sent as soon as it is known where to: an empty packet does for that.
    arp_send(device, packet_alloc(PACKET_HEADROOM, 0), word_of(host_ip));
    struct arp_entry_info entry = {.state = ARP_INCOMPLETE};
    for (unsigned tries = 0; entry.state == ARP_INCOMPLETE && tries < 100; tries++) {
        timer_sleep(10000000);
        arp_next(0, &entry);
    }
    char mac[MAC_TEXT_SIZE];
    if (entry.state == ARP_REACHABLE)
        print("10.0.2.2 is %s\n", ethernet_print(entry.mac, mac));
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
