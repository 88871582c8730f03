// SPDX-License-Identifier: MIT
//
// Chapter 21: packets to any host.
//
// We are 10.0.2.15 on QEMU's user-mode network and ask 10.0.2.2, its other end, whether it is
// there: with little data, and with so much that it goes in fragments. Then ourselves, with
// every packet shown.
//
//   make CHAPTER=21 qemu
//   make CHAPTER=21 qemu APPEND=stay      goes on, and answers those who ask
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "heap.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"
#include "wait.h"

#define PATIENCE_NS 1000000000ull
enum { SMALL = 56, LARGE = 3000 };

// ---- Ping -------------------------------------------------------------------------------

static struct {
    struct icmp_echo echo;
    struct wait_queue answer;
    uint16_t sequence; // of the last question
    size_t size;       // of what came back
    int error;
} ping;

// Between threads: nothing here may sleep.
static void answered(struct icmp_echo *echo, struct packet *packet,
                     const struct os_address *from, uint16_t sequence, uint8_t ttl,
                     const struct ip_failure *failure)
{
    if (sequence == ping.sequence) {
        ping.size = packet ? packet->total : 0;
        ping.error = failure ? failure->error : 0;
        wait_queue_wake_all(&ping.answer, 0);
    }
    packet_put(packet);
}

// Asks with so many bytes, and waits for the answer. 0, or why there is none.
static int ask(be32 host, size_t size)
{
    static const struct wait_reason reason = {.what = "echo", .external = true};
    struct ip_flow flow = {.destination = address_ipv4(host, 0)};
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    if (!packet)
        return -ENOMEM;
    memset(packet_extend(packet, size), 'x', size);
    int error = icmp_echo_send(&ping.echo, packet, &flow, ++ping.sequence);
    if (!error)
        error = wait_queue_wait(&ping.answer, &reason, timer_deadline_after(PATIENCE_NS));
    return error ? error : ping.error;
}

static void show_ping(be32 host, size_t size)
{
    char text[ADDRESS_TEXT_SIZE];
    struct os_address address = address_ipv4(host, 0);
    uint64_t start_ns = machine_clock_ns();
    int error = ask(host, size);
    uint64_t us = (machine_clock_ns() - start_ns) / 1000;
    address_print(&address, text);
    if (error)
        print("%s: %s\n", text, error_text(error));
    else
        print("%s: %zu bytes are back after %llu.%03llu ms\n", text, ping.size,
              (unsigned long long)(us / 1000), (unsigned long long)(us % 1000));
}

static void show_fragments(void)
{
    struct ip_statistics counters;
    ip_statistics(&counters);
    print("   in %llu fragments there, and %llu back\n",
          (unsigned long long)counters.fragments_sent,
          (unsigned long long)counters.fragments_received);
}

// ---- What passes the loopback device ----------------------------------------------------

static void show_packet(struct net_tap *tap, const struct net_device *device,
                        const struct packet *packet, bool is_sent)
{
    const struct ip_header *header = (const void *)packet->data;
    if (device != ip_loopback())
        return; // those have an Ethernet header in front
    const uint8_t *icmp = packet->data + sizeof(*header);
    char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    struct os_address source = address_ipv4(header->source, 0);
    struct os_address destination = address_ipv4(header->destination, 0);
    print("   %s %s: %s to %s, %u bytes, %s\n", device->name, is_sent ? "takes" : "gives",
          address_print(&source, from), address_print(&destination, to),
          from_be16(header->total_length), *icmp == ICMP_ECHO ? "echo" : "echo reply");
}

// ---- Bringing it up ---------------------------------------------------------------------

static void start_network(struct net_device *device)
{
    static const struct ethernet_protocol *const link_protocols[] = {&ip_protocol_of_ethernet,
                                                                     &arp_protocol, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, NULL};
    const struct ip_configuration configuration = {
        .address = address_ipv4(IPV4(10, 0, 2, 15), 0),
        .prefix = 24,
        .gateway = address_ipv4(IPV4(10, 0, 2, 2), 0),
        .source = "static"};

    ethernet_init(link_protocols);
    ethernet_attach(device);
    arp_init();
    ip_init(ip_protocols);
    int error = ip_configure(device, &configuration);
    if (error)
        panic("%s: no address: %s", device->name, error_text(error));
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

    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_net_driver, NULL};
    static struct net_tap tap = {.frame = show_packet};
    virtio_probe(board, drivers);
    struct net_device *device = netdev_next(NULL);
    if (!device)
        panic("no network card: start with `make CHAPTER=21 qemu`");
    start_network(device);
    netdev_tap_add(&tap);
    wait_queue_init(&ping.answer);
    ping.echo.answered = answered;
    icmp_echo_open(&ping.echo);

    for (unsigned i = 0; i < 3; i++)
        show_ping(IPV4(10, 0, 2, 2), SMALL);
    show_ping(IPV4(10, 0, 2, 2), LARGE);
    show_fragments();
    show_ping(IPV4(10, 0, 2, 15), SMALL);
    char unused[8];
    if (cmdline_value("stay", unused, sizeof(unused)) >= 0)
        timer_sleep_until(MACHINE_NEVER);
    return 0;
}
