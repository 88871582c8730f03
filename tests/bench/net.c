// SPDX-License-Identifier: MIT
//
// What the network costs: a machine with one service for each figure, and a counter that can be
// read from outside. tests/bench/net.py is the other side.
//
//   UDP 9    "count": answers with the instructions executed so far, without those of waiting,
//            and the datagrams taken;
//            "send N": sends so many datagrams of 64 bytes back, and what they cost
//   UDP 7    takes datagrams      TCP 7    gives back every byte
//   TCP 9    takes bytes          TCP 19   gives bytes
//   TCP 20   gives bytes of a file: of a disk, if there is one, out of the block cache
//   TCP 80   httpd, with a file of 600 bytes, or of size= on the command line
#include "block.h"
#include "cache.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_net.h"
#include "fs/ramfs.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "fs/vfs.h"
#include "measure.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "net/tcp_recovery.h"
#include "net/udp.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "program.h"
#include "string.h"
#include "user/os.h"

enum { DATAGRAM = 64, BULK = 65536, SMALL_FILE = 600, LARGE_FILE = 1 << 20,
       DISK = 8 << 20 };

static struct {
    uint64_t datagrams; // that were taken
    char bytes[BULK];
} bench;

static int open_socket(enum os_socket_kind kind, uint16_t port)
{
    struct os_address any = {.family = OS_IPV4, .port = port};
    int handle = os_socket(kind, OS_IPV4);
    if (handle < 0 || os_bind(handle, &any) || (kind == OS_STREAM && os_listen(handle, 128)))
        panic("port %u cannot be had", port);
    return handle;
}

// ---- UDP ---------------------------------------------------------------------------------

static uint64_t send_datagrams(int handle, unsigned count, const struct os_address *to)
{
    uint64_t start = spent();
    for (unsigned i = 0; i < count; i++) {
        os_send_to(handle, bench.bytes, DATAGRAM, to);
        if (i % 32 == 31)
            os_sleep_ns(1000000); // the other side is to see all of them
    }
    return spent() - start;
}

_Noreturn static void control(void *argument)
{
    int handle = open_socket(OS_DATAGRAM, 9);
    for (;;) {
        char text[64];
        struct os_address from;
        int size = os_receive_from(handle, text, sizeof(text) - 1, &from, OS_NEVER);
        if (size < 0)
            continue;
        text[size] = '\0';
        uint64_t count = 0, result;
        if (strncmp(text, "send ", 5) == 0 && string_to_u64(text + 5, 10, &count) == 0)
            result = send_datagrams(handle, (unsigned)count, &from);
        else
            result = spent();
        size = snprintf(text, sizeof(text), "%llu %llu", (unsigned long long)result,
                        (unsigned long long)bench.datagrams);
        os_send_to(handle, text, (size_t)size, &from);
    }
}

_Noreturn static void take_datagrams(void *argument)
{
    int handle = open_socket(OS_DATAGRAM, 7);
    char bytes[DATAGRAM];
    for (;;)
        bench.datagrams += os_receive_from(handle, bytes, sizeof(bytes), NULL, OS_NEVER) > 0;
}

// ---- TCP: one connection at a time ---------------------------------------------------------

static void give_back(int handle)
{
    char bytes[2048];
    int count;
    while ((count = os_read(handle, bytes, sizeof(bytes))) > 0)
        os_write(handle, bytes, (size_t)count);
}

static void take(int handle)
{
    while (os_read(handle, bench.bytes, BULK) > 0)
        ;
}

static void give(int handle)
{
    while (os_write(handle, bench.bytes, BULK) > 0)
        ;
}

static void give_file(int handle)
{
    const struct os_file_part part = {.file = os_open("/disk/large", OS_READ_ONLY),
                                      .size = LARGE_FILE};
    while (os_send_file(handle, &part, OS_NEVER) > 0)
        ;
    os_close(part.file);
}

struct service {
    uint16_t port;
    void (*serve)(int handle);
};

_Noreturn static void serve(void *argument)
{
    const struct service *service = argument;
    int listener = open_socket(OS_STREAM, service->port);
    for (;;) {
        int handle = os_accept(listener, NULL, OS_NEVER);
        os_set_option(handle, OS_OPTION_NODELAY, 1);
        service->serve(handle);
        os_close(handle);
    }
}

// ---- HTTP --------------------------------------------------------------------------------

static void make_file(const char *path, size_t size)
{
    int handle = os_open(path, OS_WRITE_ONLY | OS_CREATE);
    for (size_t done = 0; done < size; done += BULK)
        os_write(handle, bench.bytes, size - done < BULK ? size - done : BULK);
    os_close(handle);
}

// Only a file system on a disk has blocks in the cache, which go out without a copy.
static void make_large_file(void)
{
    struct block_device *disk = block_next(NULL);
    const struct tsfs_make_options options = {.blocks = DISK / TSFS_BLOCK_SIZE};
    os_mkdir("/disk");
    if (disk && (tsfs_make(disk, &options) || vfs_mount(disk->name, "/disk", "tsfs", 0)))
        panic("no file system can be made on %s", disk->name);
    make_file("/disk/large", LARGE_FILE);
}

static void start_httpd(void)
{
    static char name[] = "httpd", quiet[] = "-q", root[] = "/www";
    static char *const argv[] = {name, quiet, root, NULL};
    struct file *const files[3] = {file_null(), file_null(), file_null()};
    os_mkdir("/www");
    make_file("/www/small.txt", cmdline_number("size", SMALL_FILE));
    make_large_file();
    const struct program *httpd = program_find(argv[0]);
    if (!httpd || process_start(httpd, argv, files, true) < 0)
        print("httpd does not start\n");
}

static void start_network(void)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                             &tcp_protocol, NULL};
    static const struct socket_kind *const socket_kinds[] = {&socket_stream,
                                                             &socket_datagram, NULL};
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    tcp_recovery_init();
    netdev_merge_init();
    socket_init(socket_kinds);
    network_init();
}

int kernel_main(const struct boot_info *boot)
{
    static struct service services[] = {
        {7, give_back}, {9, take}, {19, give}, {20, give_file}};
    static const struct virtio_driver *const drivers[] = {&virtio_net_driver,
                                                         &virtio_blk_driver, NULL};
    static const struct file_system *const file_systems[] = {&ramfs_file_system,
                                                             &tsfs_file_system, NULL};

    const struct board *board = bring_up(boot);
    process_init();
    virtio_probe(board, drivers);
    start_network();
    cache_init(0);
    vfs_init(file_systems);
    vfs_mount("memory", "/", "ramfs", 0);
    memset(bench.bytes, 'x', sizeof(bench.bytes));
    start_httpd();

    thread_create("control", control, NULL);
    thread_create("udp", take_datagrams, NULL);
    for (unsigned i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        thread_create("tcp", serve, &services[i]);
    print("ready after %llu\n", (unsigned long long)spent());
    timer_sleep_until(MACHINE_NEVER);
    return 0;
}
