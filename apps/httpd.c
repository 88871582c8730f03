// SPDX-License-Identifier: MIT
//
// A web server, and nothing else: the machine is switched on, and there is a page. No shell, no
// disk, no file system: what a path stands for is answered here, and the page is a part of the
// image.
//
//   make APP=apps/httpd.c qemu             curl http://localhost:8080/
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "file.h"
#include "heap.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "page.h"
#include "panic.h"
#include "process.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "user/os.h"
#include "vm.h"
#include "wallclock.h"

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>tsumiki</title>\n"
    "<h1>Hello from a machine that does nothing else</h1>\n"
    "<p>This page, the server and all that is below it are one image, with no disk.</p>\n"
    "</html>\n";
enum { PAGE_LENGTH = sizeof(page) - 1 };

int httpd_main(int argc, char **argv);

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
}

// ---- The page as a file, and the only one ------------------------------------------------
static struct {
    uint64_t started_ns; // the next image may have another page: browsers then ask anew
} app;

static int page_read_at(struct file *file, uint64_t offset, void *buffer, size_t size)
{
    size_t left = offset < PAGE_LENGTH ? PAGE_LENGTH - (size_t)offset : 0;
    size = size < left ? size : left;
    memcpy(buffer, page + PAGE_LENGTH - left, size);
    return (int)size;
}

static int page_status(struct file *file, struct os_status *status)
{
    *status = (struct os_status){
        .type = OS_TYPE_FILE, .links = 1, .size = PAGE_LENGTH, .modified_ns = app.started_ns};
    return 0;
}

static int find(const char *path, bool follow, struct os_status *status)
{
    if (strcmp(path, "/index.html") == 0)
        return page_status(NULL, status);
    *status = (struct os_status){.type = OS_TYPE_DIRECTORY, .links = 1};
    return strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int open_page(const char *path, unsigned flags, struct file **file)
{
    static const struct file_operations operations = {
        .kind = "page", .read_at = page_read_at, .status = page_status};
    static struct file only = {.operations = &operations, .references = 1};
    if (strcmp(path, "/index.html") != 0)
        return -ENOENT;
    *file = file_get(&only);
    return 0;
}

// Its own program, so that no table of all programs is in the image.
static void run_server(void)
{
    static const struct program httpd = {"httpd", "", httpd_main};
    static char name[] = "httpd", quiet[] = "-q", root[] = "/";
    static char *const argv[] = {name, quiet, root, NULL};
    struct file *const files[3] = {file_null(), file_null(), file_null()};
    int id = process_start(&httpd, argv, files, true);
    if (id < 0)
        panic("the server does not start: %s", error_text(id));
    thread_yield(); // it listens before there is an address: nobody is refused
    network_init();
    process_wait(id, NULL, MACHINE_NEVER);
    panic("the server has ended");
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_net_driver, NULL};
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
    process_init();
    virtio_probe(board, drivers);
    start_network();
    app.started_ns = wallclock_now_ns();
    *file_hooks() = (struct file_hooks){.open = open_page, .status = find};
    run_server();
    return 0;
}
