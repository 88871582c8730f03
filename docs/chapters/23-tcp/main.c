// SPDX-License-Identifier: MIT
//
// Chapter 23: a stream of bytes.
//
// A connection with ourselves opens, carries a question and its answer, and closes; every
// segment is shown as it arrives, with the states on both sides before it does. Then
// whoever connects to port 7 gets back what he sends (RFC 862), until he says "end".
//
//   make CHAPTER=23 qemu FORWARD=7007:7        echo hello | nc -N localhost 7007
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/tcp.h"
#include "net/tcp_segment.h"
#include "net/udp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "user/os_interfaces.h"
#include "vm.h"
#include "wait.h"

enum { ECHO_PORT = 7, SEGMENT_TEXT = 64 };

// ---- Waits --------------------------------------------------------------------------

// A user of connections: whoever waits for one of them to change.
static struct {
    struct tcp_user user;
    struct wait_queue waiter;
} us;

static void changed(struct tcp_user *user)
{
    wait_queue_wake_all(&us.waiter, 0);
}

static void wait_for_change(void)
{
    const struct wait_reason reason = {.what = "TCP", .external = true};
    wait_queue_wait(&us.waiter, &reason, MACHINE_NEVER);
}

static void must(int error, const char *what)
{
    if (error < 0)
        panic("%s: %s", what, error_text(error));
}

static struct tcp_connection *wait_for_peer(struct tcp_connection *listener)
{
    struct tcp_connection *connection;
    int error;
    while ((error = tcp_accept(listener, &connection, &us.user)) == -EAGAIN)
        wait_for_change();
    must(error, "no connection");
    return connection;
}

// As os_read() does it.
static int read_some(struct tcp_connection *connection, char *buffer, size_t size)
{
    int count;
    while ((count = tcp_read(connection, buffer, size)) == -EAGAIN)
        wait_for_change();
    return count;
}

static int write_all(struct tcp_connection *connection, const char *bytes, size_t size)
{
    for (size_t written = 0; written < size;) {
        int count = tcp_write(connection, bytes + written, size - written);
        if (count == -EAGAIN)
            wait_for_change();
        else if (count < 0)
            return count;
        else
            written += (size_t)count;
    }
    return 0;
}

static struct tcp_connection *listen_on(uint16_t port)
{
    struct tcp_connection *listener;
    const struct os_address local = address_ipv4(0, port);
    must(tcp_open(&listener, &us.user), "opening");
    must(tcp_bind(listener, &local), "binding");
    must(tcp_listen(listener, 8), "listening");
    return listener;
}

// ---- Segments, as they arrive -------------------------------------------------------

static struct {
    struct net_tap tap;
    uint32_t first[2]; // numbers of the SYNs: the client's, the server's
} view;

// The state of whoever has these ports, the listener's while there is nobody else.
static const char *state_of(uint16_t local, uint16_t remote)
{
    const char *state = "CLOSED";
    struct tcp_connection *connection = NULL;
    struct os_connection_info info = {.id = 0};
    while ((connection = tcp_next(info.id))) {
        tcp_describe(connection, &info);
        if (info.local.port != local)
            continue;
        if (info.remote.port == remote)
            return info.state;
        if (info.remote.family == OS_ANY_FAMILY)
            state = info.state;
    }
    return state;
}

static const char *flag_text(uint8_t flags)
{
    if (flags & TCP_RST)
        return "RST ";
    if (flags & TCP_SYN)
        return "SYN ";
    return flags & TCP_FIN ? "FIN " : "";
}

// "SYN 0, ack 1". Numbers are shown as if both sides had begun with 0.
static void describe(const struct tcp_header *tcp, size_t bytes, bool to_server,
                     char text[SEGMENT_TEXT])
{
    uint32_t *first = &view.first[!to_server], sequence = from_be32(tcp->sequence);
    char data[16] = "", ack[16] = "";
    if (tcp->flags & TCP_SYN)
        *first = sequence;
    if (bytes > 0)
        snprintf(data, sizeof(data), ", %zu bytes", bytes);
    if (tcp->flags & TCP_ACK)
        snprintf(ack, sizeof(ack), ", ack %u",
                      from_be32(tcp->acknowledgment) - view.first[to_server]);
    snprintf(text, SEGMENT_TEXT, "%s%u%s%s", flag_text(tcp->flags), sequence - *first, data,
                  ack);
}

static void show_segment(struct net_tap *tap, const struct net_device *device,
                         const struct packet *packet, bool is_sent)
{
    const struct ip_header *ip = (const void *)packet->data;
    const struct tcp_header *tcp = (const void *)(ip + 1);
    if (device != ip_loopback() || is_sent || ip->protocol != IP_TCP)
        return;
    bool to_server = from_be16(tcp->destination) == ECHO_PORT;
    uint16_t client = from_be16(to_server ? tcp->source : tcp->destination);
    char text[SEGMENT_TEXT];
    describe(tcp, packet->total - sizeof(*ip) - (tcp->offset >> 4) * 4u, to_server, text);
    print("  %-12s %s %-22s %s %s\n", state_of(client, ECHO_PORT), to_server ? "   " : "<--",
          text, to_server ? "-->" : "   ", state_of(ECHO_PORT, client));
}

// Everything that is under way arrives; ACKs that were put off, too.
static void settle(void)
{
    timer_sleep(100000000);
}

static void talk_to_ourselves(struct tcp_connection *listener)
{
    const struct os_address remote = address_ipv4(IPV4(127, 0, 0, 1), ECHO_PORT);
    struct tcp_connection *client, *server;
    char text[32] = "";

    print("  client                                       server\n");
    netdev_tap_add(&view.tap);
    must(tcp_open(&client, &us.user), "opening");
    must(tcp_connect(client, &remote), "connecting");
    server = wait_for_peer(listener);
    must(write_all(client, "who is there?", 13), "writing");
    must(read_some(server, text, sizeof(text)), "reading");
    must(write_all(server, "you", 3), "writing");
    must(read_some(client, text, sizeof(text)), "reading");
    settle();
    tcp_close(client, false);
    settle();
    tcp_close(server, false);
    settle();
    netdev_tap_remove(&view.tap);

    struct tcp_statistics statistics;
    tcp_statistics(&statistics);
    print("in TIME-WAIT: %zu\n", statistics.time_wait);
}

// ---- An echo ------------------------------------------------------------------------

// False: that was the last one.
static bool serve(struct tcp_connection *connection)
{
    char buffer[256], name[ADDRESS_TEXT_SIZE];
    struct os_address local, remote;
    bool is_last = false;
    unsigned total = 0;
    int count;

    tcp_names(connection, &local, &remote);
    print("%s has come\n", address_print(&remote, name));
    while ((count = read_some(connection, buffer, sizeof(buffer))) > 0) {
        total += (unsigned)count;
        is_last = is_last || (count >= 3 && memcmp(buffer, "end", 3) == 0);
        if (write_all(connection, buffer, (size_t)count) != 0)
            break;
    }
    print("%s has gone, after %u bytes%s%s\n", name, total, count < 0 ? ": " : "",
          count < 0 ? error_text(count) : "");
    tcp_close(connection, false);
    return !is_last;
}

static void start_network(void)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &ip_protocol_of_ethernet, &arp_protocol, NULL};
    static const struct ip_protocol *const protocols[] = {&tcp_protocol, &icmp_protocol,
                                                          &udp_protocol, NULL};
    struct net_device *device = netdev_find("eth0");
    if (!device)
        panic("no network card: start with `make CHAPTER=23 qemu`");
    ethernet_init(link_protocols);
    arp_init();
    ip_init(protocols);
    tcp_init();
    ethernet_attach(device);
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
    virtio_probe(board, drivers);
    start_network();
    wait_queue_init(&us.waiter);
    us.user.changed = changed;
    view.tap.frame = show_segment;

    struct tcp_connection *listener = listen_on(ECHO_PORT);
    talk_to_ourselves(listener);
    network_init();
    while (serve(wait_for_peer(listener)))
        ;
    tcp_close(listener, false);
    settle(); // the last one's end
    return 0;
}
