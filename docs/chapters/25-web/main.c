// SPDX-License-Identifier: MIT
//
// Chapter 25: a web server.
//
// Connections are files now, and one program waits for all of them. It shows what is in the
// disk's directory /www, with a line for each request, until Ctrl-C.
//
//   make CHAPTER=25 qemu                   curl http://localhost:8080/
//   make CHAPTER=25 qemu APPEND=root=/texts       shows another directory
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "fs/tsfs.h"
#include "fs/vfs.h"
#include "heap.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "stack.h"
#include "terminal.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

// ---- What the server stands on ------------------------------------------------------------
static void start_network(void)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                             &tcp_protocol, NULL};
    static const struct socket_kind *const sockets[] = {&socket_stream, NULL};
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    socket_init(sockets);
    network_init();
}

static void start_files(void)
{
    static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};
    cache_init(0);
    vfs_init(file_systems);
    int error = vfs_mount("/dev/vda", "/", "tsfs", 0);
    if (error)
        panic("/dev/vda: %s; start with `make CHAPTER=25 qemu`, which makes a disk",
              error_text(error));
}

// ---- The server -----------------------------------------------------------------------------
static int run_server(void)
{
    static char name[] = "httpd", root[64] = "/www";
    static char *const argv[] = {name, root, NULL};
    struct file *console = terminal_file();
    struct file *const files[3] = {console, console, console};
    cmdline_value("root", root, sizeof(root));
    int id = process_start(program_find(name), argv, files, false);
    if (id < 0)
        panic("httpd does not start: %s", error_text(id));
    int status = 1;
    process_wait(id, &status, MACHINE_NEVER);
    return status;
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
    board_start_clock(board);
    board_start_interrupts(board);
    machine_interrupts_enable();
    terminal_init();
    process_init();

    static const struct virtio_driver *const drivers[] = {
        &virtio_rng_driver, &virtio_blk_driver, &virtio_net_driver, NULL};
    virtio_probe(board, drivers);
    start_network();
    start_files();
    int status = run_server();
    print("httpd has ended with status %d\n", status);
    return 0;
}
