// SPDX-License-Identifier: MIT
//
// A node of the test bed (bed.py): a kernel with a network and no shell, which does what its
// command line says:
//
//   script="listen 80; accept; bulk 100000; close; gone 120"
//
// Each step waits for its end and says what came of it; bytes are checked as they come. At the
// end nothing may be left, no connection and no packet. With the word plain, TCP is chapter
// 23's, which knows of losses only by timeouts.
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "drivers/virtio/virtqueue.h"
#include "heap.h"
#include "net/arp.h"
#include "net/dhcp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/tcp_recovery.h"
#include "net/udp.h"
#include "page.h"
#include "stack.h"
#include "thread.h"
#include "trap.h"
#include "vm.h"
#include "tests/sim/node_crowd.h"

enum { WORDS_MAX = 6 };

// ---- Steps: others ------------------------------------------------------------------------

static void step_sleep(char **words)
{
    timer_sleep(number(words[1]) * MILLISECOND_NS);
}

// reach ADDRESS:PORT: connect, and again, since ARP gives up after three questions
static void step_reach(char **words)
{
    for (unsigned tries = 0; tries < 5 && !node.connection; tries++)
        step_connect(words);
}

// gone SECONDS: nobody listens any more, and then no connection is left, TIME_WAIT included
static void step_gone(char **words)
{
    uint64_t deadline = timer_deadline_after(number(words[1]) * SECOND_NS);
    struct tcp_statistics tcp;
    if (node.listener)
        tcp_close(node.listener, false);
    node.listener = NULL;
    for (;;) {
        tcp_statistics(&tcp);
        if (tcp.connections + tcp.time_wait == 0)
            return;
        if (machine_clock_ns() >= deadline)
            break;
        timer_sleep(100 * MILLISECOND_NS);
    }
    say("gone: %zu connections and %zu in TIME_WAIT are still there", tcp.connections,
        tcp.time_wait);
}

static void name_done(struct dns_query *query)
{
    wake();
}

// resolve NAME
static void step_resolve(char **words)
{
    char text[ADDRESS_TEXT_SIZE];
    node.has_changed = false;
    node.query.done = name_done;
    dns_ask(&node.query, words[1], OS_IPV4, NULL);
    wait_for_change(MACHINE_NEVER);
    say("%s: %s", words[1],
        node.query.error ? error_text(node.query.error)
                         : address_print(&node.query.answer.addresses[0], text));
}

// dhcp SECONDS: an address is there
static void step_dhcp(char **words)
{
    int error =
        dhcp_wait(netdev_find("eth0"), timer_deadline_after(number(words[1]) * SECOND_NS));
    say("dhcp: %s", error ? error_text(error) : "bound");
}

// counters: those of interest to a person who looks for the cause
static void step_counters(char **words)
{
    struct tcp_statistics tcp;
    tcp_statistics(&tcp);
    say("segments %llu out, %llu in; %llu sent again, %llu timeouts",
        (unsigned long long)tcp.segments_sent, (unsigned long long)tcp.segments_received,
        (unsigned long long)tcp.retransmits, (unsigned long long)tcp.timeouts);
    say("bad checksums %llu, bad segments %llu, cookies %llu out, %llu in; challenges %llu",
        (unsigned long long)tcp.bad_checksum, (unsigned long long)tcp.bad_segment,
        (unsigned long long)tcp.cookies_sent, (unsigned long long)tcp.cookies_accepted,
        (unsigned long long)tcp.challenge_acks);
}

// ---- The script -----------------------------------------------------------------------------

static const struct {
    const char *name;
    void (*run)(char **words);
} steps[] = {{"listen", step_listen},   {"accept", step_accept}, {"connect", step_connect},
             {"close", step_close},     {"abort", step_close},   {"shutdown", step_shutdown},
             {"option", step_option},   {"write", step_write},   {"read", step_read},
             {"bulk", step_bulk},       {"sleep", step_sleep},   {"gone", step_gone},
             {"resolve", step_resolve}, {"dhcp", step_dhcp},     {"counters", step_counters},
             {"visit", step_visit},     {"serve", step_serve},   {"memory", step_memory},
             {"reach", step_reach}};

// Cuts the first word off. NULL: there is none.
static char *next_word(char **text, char separator)
{
    while (**text == ' ')
        (*text)++;
    char *word = *text;
    while (**text && **text != separator)
        (*text)++;
    if (**text)
        *(*text)++ = '\0';
    return *word ? word : NULL;
}

static void run_step(char *line)
{
    char *words[WORDS_MAX + 1] = {NULL};
    for (unsigned i = 0; i < WORDS_MAX && (words[i] = next_word(&line, ' ')); i++)
        ;
    if (!words[0])
        return;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (strcmp(words[0], steps[i].name) == 0) {
            steps[i].run(words);
            return;
        }
    }
    panic("the script has \"%s\": there is no such step", words[0]);
}

// Pieces of packets that somebody holds besides the card, which has as many as it likes to
// receive into, and those that it has sent and not told us of.
static unsigned count_pieces(void)
{
    struct packet_statistics packets;
    const struct virtio_device *card = virtio_next(NULL);
    while (card->id != VIRTIO_NET)
        card = virtio_next((struct virtio_device *)card);
    packet_statistics(&packets);
    unsigned cards = virtqueue_in_flight(card->queues[0]) +
                     virtqueue_in_flight(card->queues[1]);
    return packets.pieces > cards ? (unsigned)packets.pieces - cards : 0;
}

// What is left at the end. The status: 0 if all is well.
static int judge(void)
{
    struct tcp_statistics tcp;
    if (node.listener)
        tcp_close(node.listener, false);
    tcp_statistics(&tcp);
    // What waits for an answer by ARP, and what the card has sent, is let go of in time.
    for (unsigned i = 0; i < 100 && count_pieces() > 0; i++)
        timer_sleep(100 * MILLISECOND_NS);
    unsigned pieces = count_pieces();
    if (tcp.connections == 0 && tcp.listeners == 0 && pieces == 0)
        return 0;
    say("left: %zu connections, %zu listeners, %u pieces of packets", tcp.connections,
        tcp.listeners, pieces);
    return 3;
}

static void start_network(const struct board *board)
{
    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_net_driver, NULL};
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                             &tcp_protocol, NULL};
    char none[2];
    virtio_probe(board, drivers);
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    if (cmdline_value("plain", none, sizeof(none)) < 0)
        tcp_recovery_init();
    netdev_merge_init();
    for (struct net_device *device = netdev_next(NULL); device; device = netdev_next(device))
        if (device->has_ethernet)
            ethernet_attach(device);
    network_init();
}

int kernel_main(const struct boot_info *boot)
{
    static char script[CMDLINE_SIZE];
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    board_start_interrupts(board);
    machine_interrupts_enable();
    wait_queue_init(&node.waiter);
    start_network(board);

    if (cmdline_value("script", script, sizeof(script)) < 0)
        panic("expected script=\"...\", see tests/sim/node.c");
    for (char *rest = script, *line; (line = next_word(&rest, ';')) || *rest;)
        if (line)
            run_step(line);
    return judge();
}
