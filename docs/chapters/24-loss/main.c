// SPDX-License-Identifier: MIT
//
// Chapter 24: losses.
//
// A megabyte crosses a link that loses every tenth packet and overtakes some, and arrives as it
// was sent. Both ends are in this kernel. The congestion window is drawn as it changes.
//
//   make CHAPTER=24 qemu
//   make CHAPTER=24 qemu APPEND='loss=0 speed=2000000 size=8000000'
//                                       a good line, but narrow: the window finds out how much
//   make CHAPTER=24 qemu APPEND='loss=200 seed=7 tcp.congestion=newreno'
//
// loss, reorder: packets of a thousand. speed: bytes a second, 0: any. size: bytes.
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/lossy.h"
#include "net/tcp.h"
#include "net/tcp_recovery.h"
#include "page.h"
#include "print.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "user/window.h"
#include "vm.h"
#include "wait.h"

enum { PORT = 80, SIZE = 1 << 20, PIECE = 8192, LINE_NS = 50000000 };

static struct {
    struct tcp_connection *listener, *sender, *receiver;
    struct wait_queue changed;
    struct window_view view;
    uint64_t next_event;
    size_t size, wrong;
} demo;

static void changed(struct tcp_user *user)
{
    wait_queue_wake_all(&demo.changed, 0);
}

static void wait(void)
{
    static const struct wait_reason reason = {.what = "connection", .external = true};
    wait_queue_wait(&demo.changed, &reason, MACHINE_NEVER);
}

static void must(int error, const char *what)
{
    if (error)
        panic("%s: %s", what, error_text(error));
}

// What stands at a place of the stream: nothing that repeats itself soon.
static uint8_t byte_at(size_t place)
{
    return (uint8_t)(place * 31 + (place >> 8) * 7 + (place >> 16));
}

static void draw(void)
{
    struct os_trace_event event;
    char line[WINDOW_LINE];
    while (os_trace_read(0, &demo.next_event, &event, 1) > 0)
        if (window_add(&demo.view, &event, line))
            print("%s\n", line);
}

// ---- One end -------------------------------------------------------------------------------

static void receive(void *unused)
{
    static struct tcp_user user = {.changed = changed};
    static uint8_t bytes[PIECE];
    size_t place = 0;
    int count;
    while (tcp_accept(demo.listener, &demo.receiver, &user) == -EAGAIN)
        wait();
    while ((count = tcp_read(demo.receiver, bytes, sizeof(bytes))) != 0) {
        if (count == -EAGAIN)
            wait();
        else if (count < 0)
            must(count, "receiving");
        for (int i = 0; i < count; i++)
            demo.wrong += bytes[i] != byte_at(place++);
    }
    print("%zu bytes have arrived, %zu of them wrong\n", place, demo.wrong);
}

// ---- The other -----------------------------------------------------------------------------

static void send(void)
{
    static uint8_t bytes[PIECE];
    size_t place = 0;
    int count = 0;
    while (place < demo.size) {
        size_t size = demo.size - place < PIECE ? demo.size - place : PIECE;
        for (size_t i = 0; i < size; i++)
            bytes[i] = byte_at(place + i);
        while ((count = tcp_write(demo.sender, bytes, size)) == -EAGAIN) {
            wait();
            draw();
        }
        if (count < 0)
            must(count, "sending");
        place += (size_t)count;
    }
    must(tcp_shutdown(demo.sender, OS_SHUTDOWN_WRITE), "ending");
}

static void transfer(void)
{
    static struct tcp_user listens = {.changed = changed}, sends = {.changed = changed};
    const struct os_address here = lossy_address(PORT), there = lossy_neighbour(PORT);
    char line[WINDOW_LINE];

    must(tcp_open(&demo.listener, &listens), "opening");
    must(tcp_bind(demo.listener, &here), "binding");
    must(tcp_listen(demo.listener, 1), "listening");
    struct thread *receiver = thread_create("receiver", receive, NULL);
    must(os_trace_start(0), "tracing");
    must(tcp_open(&demo.sender, &sends), "opening");
    must(tcp_connect(demo.sender, &there), "connecting");
    print("    time     cwnd (= in flight, - free, | ssthresh)\n");
    send();
    thread_join(receiver, NULL, MACHINE_NEVER);
    draw();
    if (window_last(&demo.view, line))
        print("%s\n", line);
}

// ---- Around both ---------------------------------------------------------------------------

static void show_counts(void)
{
    struct lossy_counters link;
    struct tcp_statistics tcp;
    lossy_counters(&link);
    tcp_statistics(&tcp);
    print("%llu packets: %llu lost, %llu late, %llu too many for the line\n",
          (unsigned long long)link.packets, (unsigned long long)link.lost,
          (unsigned long long)link.reordered, (unsigned long long)link.overflowed);
    print("%llu segments sent again, %llu timeouts\n", (unsigned long long)tcp.retransmits,
          (unsigned long long)tcp.timeouts);
}

static void start_network(void)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &tcp_protocol,
                                                             NULL};
    const struct lossy_terms terms = {
        .seed = cmdline_number("seed", 24),
        .loss = (unsigned)cmdline_number("loss", 100),
        .reorder = (unsigned)cmdline_number("reorder", 20),
        .delay_ns = 5000000,
        .detour_ns = 3000000,
        .bytes_per_second = (uint32_t)cmdline_number("speed", 0),
        .queue_bytes = 32000,
    };
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    tcp_recovery_init();
    must(lossy_init(&terms), "the link");
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
    wait_queue_init(&demo.changed);
    demo.view.period_ns = LINE_NS;
    demo.size = cmdline_number("size", SIZE);
    start_network();
    transfer();
    show_counts();
    return demo.wrong > 0;
}
