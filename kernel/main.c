// SPDX-License-Identifier: MIT
//
// The full system: everything is brought up, in order, and then there is a shell.
//
// The order is that of the chapters, and the only one that works: each line below needs
// the lines above it. A part that the machine does not have is said so, and we run on
// with what is there.
//
//   run="ps; free" on the command line     runs that instead, and ends with the status of
//                                          the last one
//   httpd=off                              no web server beside the shell
//   root=/dev/vdb                          the disk with the root directory (/dev/vda if none
//                                          is named); root=none, or no disk: memory
//
// The one kernel file that is in no chapter.
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_console.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_rng.h"
#include "entropy.h"
#include "error.h"
#include "fs/devfs.h"
#include "fs/fat.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"
#include "fs/tsfs.h"
#include "fs/vfs.h"
#include "heap.h"
#include "machine.h"
#include "net/arp.h"
#include "net/dhcp.h"
#include "net/dns_stream.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "net/tcp_recovery.h"
#include "net/udp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "program.h"
#include "stack.h"
#include "string.h"
#include "terminal.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "user/os.h"
#include "vm.h"

#define VERSION "0.1"

// What this system can drive and mount: an image holds what is named here.
static const struct virtio_driver *const drivers[] = {&virtio_rng_driver, &virtio_blk_driver,
                                                      &virtio_console_driver,
                                                      &virtio_net_driver, NULL};
static const struct file_system *const file_systems[] = {
    &tsfs_file_system,  &fat_file_system,    &ramfs_file_system,
    &devfs_file_system, &procfs_file_system, NULL};
static const struct ethernet_protocol *const link_protocols[] = {
    &arp_protocol, &ip_protocol_of_ethernet, NULL};
static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                         &tcp_protocol, NULL};
static const struct socket_kind *const socket_kinds[] = {&socket_stream, &socket_datagram,
                                                         &socket_echo, NULL};

enum { KEY_PERIOD_NS = 20000000 }; // how often to look for keys where they do not interrupt
#define ADDRESS_WAIT_NS 3000000000ull // DHCP's second try is later

// What can be missing: says so, and what that means. Returns whether it is there.
static bool has(int error, const char *part, const char *without)
{
    if (error)
        log_warning("%s: %s; %s", part, error_text(error), without);
    return !error;
}

static void print_machine(const struct board *board)
{
    struct page_statistics pages;
    page_statistics(&pages);
    print("%s: %u hart%s, %llu MiB of memory, %zu KiB free\n", board->model, board->hart_count,
          board->hart_count == 1 ? "" : "s", (unsigned long long)(board->memory_total >> 20),
          pages.free * (PAGE_SIZE / 1024));
}

// Memory in place of a disk that is not there or cannot be used: the shell is what repairs
// it.
static void mount_root(void)
{
    char disk[32] = "/dev/vda";
    int wanted = cmdline_value("root", disk, sizeof(disk));
    bool is_wanted = wanted != -ENOENT && strcmp(disk, "none") != 0;
    bool is_there = block_find(disk);
    int error = is_there ? vfs_mount(disk, "/", NULL, 0) : -ENODEV;
    if (!error)
        return;
    if (is_there)
        log_warning("%s cannot be the root directory: %s. Expected a tsfs or FAT volume "
                    "(mkfs.tsfs makes one); memory is the root directory now",
                    disk, error_text(error));
    else if (is_wanted)
        log_warning("root=%s: there is no such disk (`ls /dev` shows those that are there); "
                    "memory is the root directory now",
                    disk);
    error = vfs_mount("memory", "/", "ramfs", 0);
    if (error)
        panic("not even memory can be mounted as the root directory: %s", error_text(error));
}

// A directory for it is made where there is none.
static void mount_at(const char *path, const char *type)
{
    int error = vfs_make(path, OS_TYPE_DIRECTORY, NULL);
    if (!error || error == -EEXIST)
        error = vfs_mount(type, path, type, 0);
    if (error == -EROFS)
        log_warning("there is no %s: the root directory has none, and is read-only. It "
                    "stays on a disk that was writable once",
                    path);
    else if (error)
        log_warning("there is no %s: %s", path, error_text(error));
}

static void mount_all(void)
{
    mount_root();
    mount_at("/tmp", "ramfs");
    mount_at("/dev", "devfs");
    mount_at("/proc", "procfs");
}

// As messages where the board has them; else over wires.
static bool start_interrupts(const struct board *board)
{
    return board_start_messages(board) == 0 ||
           has(board_start_interrupts(board), "interrupts", "keys are looked for");
}

// From frames upwards; DHCP goes on by itself.
static void start_network(void)
{
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    tcp_recovery_init();
    netdev_merge_init();
    socket_init(socket_kinds);
    network_init();
    dns_stream_init();
}

// Commands (run=) find the network there; who types is slower than it.
static void wait_for_address(void)
{
    char value[2];
    struct net_device *device = netdev_find("eth0");
    if (device && cmdline_value("run", value, sizeof(value)) != -ENOENT)
        dhcp_wait(device, timer_deadline_after(ADDRESS_WAIT_NS));
}

// Shows /www to web browsers, beside the shell. Whoever wants something else with the machine
// (run=, httpd=off) has it to himself.
static void start_httpd(void)
{
    static char name[] = "httpd", quiet[] = "-q", root[] = "/www";
    char *argv[] = {name, quiet, root, NULL}, value[4];
    struct file *const files[3] = {file_null(), terminal_file(), terminal_file()};
    struct os_status status;

    bool is_off = cmdline_value("httpd", value, sizeof(value)) >= 0 && !strcmp(value, "off");
    if (is_off || cmdline_value("run", value, sizeof(value)) != -ENOENT || !netdev_find("eth0"))
        return;
    if (os_stat(root, &status)) {
        log_info("httpd does not start: there is no %s to show (`make disk` makes a disk that "
                 "has one; `httpd DIRECTORY &` shows another)", root);
        return;
    }
    int id = process_start(program_find(name), argv, files, true);
    if (id < 0)
        log_warning("httpd does not start: %s", error_text(id));
}

// Starts the first program and waits for its end. Returns its status.
static int run_shell(void)
{
    static char name[] = "shell", option[] = "-c";
    char *commands = heap_alloc(CMDLINE_SIZE);
    char *interactive[] = {name, NULL}, *once[] = {name, option, commands, NULL};
    bool given = commands && cmdline_value("run", commands, CMDLINE_SIZE) >= 0;
    struct file *console = terminal_file();
    struct file *const files[3] = {console, console, console};

    int id = process_start(program_find(name), given ? once : interactive, files, true);
    if (id < 0)
        panic("the shell does not start: %s", error_text(id));
    heap_free(commands);
    int status = 1;
    process_wait(id, &status, MACHINE_NEVER);
    return status;
}

int kernel_main(const struct boot_info *boot)
{
    print("tsumiki " VERSION ", hart %llu\n", (unsigned long long)boot->hart);
    trap_init();                                       // from here on a fault is a report
    cmdline_init(boot);                                // what we were asked to do
    const struct board *board = board_describe(boot);  // which parts there are
    struct pci_host *pci = board_describe_pci(boot);   // and the bus that says itself
    bool uart = has(board_start_console(board), "uart", "the firmware's console stays");
    page_init(board->memory, board->memory_count);     // memory by the page
    heap_init();                                       // memory in any size
    vm_init(board);                                    // code cannot be written, data not run
    stack_set_guard(vm_guard, vm_unguard);             // an overflow is a fault
    thread_init();                                     // this is now the thread "main"
    timer_init();                                      // sleep, and deadlines of waits
    has(board_start_clock(board), "clock", "`date` does not know the time");
    bool calls = start_interrupts(board);              // devices can call us
    machine_interrupts_enable();                       // the first one may come
    terminal_init();                                   // keys are queued for whoever reads
    if (!uart || !calls)
        terminal_poll_every(KEY_PERIOD_NS);            // a console that cannot call us is asked
    process_init();                                    // this is now the process "kernel"
    virtio_probe(board, drivers);                      // disks, network cards, random bytes
    pci_init(pci);                                     // what is on that bus
    virtio_pci_probe(drivers);                         // more of the same kind
    entropy_init();                                    // or the processor gives those
    start_network();                                   // frames, packets, connections
    cache_init(0);                                     // blocks of disks that were used lately
    vfs_init(file_systems);                            // one tree of names,
    mount_all();                                       // and what is in it
    wait_for_address();                                // or not, when nobody needs one yet
    print_machine(board);
    start_httpd();                                     // the pages of /www
    os_poweroff(run_shell());                          // nothing written gets lost
}
