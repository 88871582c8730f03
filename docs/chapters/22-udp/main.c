// SPDX-License-Identifier: MIT
//
// Chapter 22: datagrams, and three who live on them.
//
// DHCP gives us an address, DNS tells that of a name, and whoever sends a datagram to port 7
// gets it back (RFC 862). One that says "end" is the last.
//
//   make CHAPTER=22 qemu FORWARD=udp:7007:7            echo hello | nc -u -w 1 localhost 7007
//   make CHAPTER=22 qemu APPEND=name=example.com
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "heap.h"
#include "net/arp.h"
#include "net/dhcp.h"
#include "net/dns.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/udp.h"
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

#define SECOND 1000000000ull
enum { ECHO_PORT = 7, DATA_SHOWN = 64 };

// ---- An address ---------------------------------------------------------------------

static void wait_for_address(struct net_device *device)
{
    int error = dhcp_wait(device, timer_deadline_after(30 * SECOND));
    if (error == -ETIMEDOUT)
        panic("no address within 30 s: is there a DHCP server on this network?");
    if (error && error != -ENETDOWN) // ip= on the command line: there is nothing to wait for
        panic("no address: %s", error_text(error));
}

// ---- A name -------------------------------------------------------------------------

static struct {
    struct dns_query query;
    bool is_done;
    struct wait_queue waiter;
} name;

static void name_done(struct dns_query *query)
{
    name.is_done = true;
    wait_queue_wake_all(&name.waiter, 0);
}

// Not longer than three seconds: the echo server has other things to do.
static void show_name(const char *text)
{
    const struct wait_reason reason = {.what = "DNS", .name = text, .external = true};
    uint64_t deadline = timer_deadline_after(3 * SECOND);
    wait_queue_init(&name.waiter);
    name.query.done = name_done;
    dns_ask(&name.query, text, OS_IPV4, NULL);
    while (!name.is_done && wait_queue_wait(&name.waiter, &reason, deadline) == 0)
        ;
    if (!name.is_done) {
        dns_cancel(&name.query);
        name.query.error = -ETIMEDOUT;
    }
    char address[ADDRESS_TEXT_SIZE];
    if (name.query.error)
        print("%s: %s\n", text,
              name.query.error == -ENOENT ? "no such name" : error_text(name.query.error));
    else
        print("%s is at %s\n", text, address_print(&name.query.answer.addresses[0], address));
}

// ---- An echo ------------------------------------------------------------------------

static struct {
    struct udp_port port;
    bool is_over;
    struct wait_queue waiter;
} echo;

// Between threads, straight from the driver: nothing here may sleep. The datagram goes back
// in the memory that it came in.
static void echo_received(struct udp_port *port, struct packet *packet,
                          const struct os_address *from, const struct os_address *to)
{
    char text[DATA_SHOWN + 1], address[ADDRESS_TEXT_SIZE];
    size_t size = packet_read(packet, 0, text, DATA_SHOWN);
    while (size > 0 && text[size - 1] == '\n')
        size--;
    text[size] = '\0';
    print("%s says \"%s\"\n", address_print(from, address), text);
    udp_send(port, packet, from);
    if (strcmp(text, "end") == 0) {
        echo.is_over = true;
        wait_queue_wake_all(&echo.waiter, 0);
    }
}

static void run_echo(void)
{
    const struct os_address any = address_ipv4(0, ECHO_PORT);
    const struct wait_reason reason = {.what = "datagrams", .external = true};
    wait_queue_init(&echo.waiter);
    echo.port.received = echo_received;
    int error = udp_open(&echo.port, &any);
    if (error)
        panic("no port %d: %s", ECHO_PORT, error_text(error));
    print("port %d is open\n", ECHO_PORT);
    while (!echo.is_over)
        wait_queue_wait(&echo.waiter, &reason, MACHINE_NEVER);
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
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const protocols[] = {&icmp_protocol, &udp_protocol, NULL};
    virtio_probe(board, drivers);
    struct net_device *device = netdev_find("eth0");
    if (!device)
        panic("no network card: start with `make CHAPTER=22 qemu`");
    ethernet_init(link_protocols);
    arp_init();
    ip_init(protocols);
    network_init();

    char text[DNS_NAME_TEXT] = "localhost";
    cmdline_value("name", text, sizeof(text));
    wait_for_address(device);
    show_name(text);
    run_echo();
    return 0;
}
