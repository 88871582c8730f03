// SPDX-License-Identifier: MIT
//
// A kernel that does what datagrams say (packetdrill.py): each to UDP port 9 is one call of
// os.h, words with spaces between them, and is answered with the call's result, a number:
//
//   socket                     a stream that does not wait
//   bind H PORT                listen H BACKLOG           accept H
//   connect H ADDRESS:PORT     shutdown H DIRECTIONS      close H
//   write H N                  read H N
//   set H OPTION VALUE         get H OPTION: its value    poll H WANTED: what is ready
//
// What is written is a pattern, by each byte's place in the stream; what is read has to be the
// same, or the machine stops.
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
#include "net/socket.h"
#include "net/tcp.h"
#include "net/tcp_recovery.h"
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

enum { CONTROL_PORT = 9, HANDLES = 64, BUFFER = 1 << 20, LINE = 128, WORDS = 4 };

static struct {
    uint64_t written[HANDLES], read[HANDLES];
    uint8_t bytes[BUFFER];
} puppet;

// The same as pattern() of wire.py.
static uint8_t byte_at(uint64_t place)
{
    return (uint8_t)(place * 7 + (place >> 8) * 13);
}

static int without_waiting(int handle)
{
    if (handle < 0)
        return handle;
    if (handle >= HANDLES)
        panic("handle %d: expected less than %d", handle, HANDLES);
    puppet.written[handle] = puppet.read[handle] = 0;
    os_set_option(handle, OS_OPTION_WAIT, 0);
    return handle;
}

// ---- Calls: words[1] is the handle, as a number in `handle`; words[2] in `value` ----------
struct call {
    int handle, value, third;
    const char *text; // of `value`
};

static int call_socket(const struct call *call)
{
    return without_waiting(os_socket(OS_STREAM, OS_IPV4));
}

static int call_bind(const struct call *call)
{
    const struct os_address any = {.family = OS_IPV4, .port = (uint16_t)call->value};
    return os_bind(call->handle, &any);
}

static int call_listen(const struct call *call)
{
    return os_listen(call->handle, (unsigned)call->value);
}

static int call_accept(const struct call *call)
{
    return without_waiting(os_accept(call->handle, NULL, OS_NEVER));
}

static int call_connect(const struct call *call)
{
    struct os_address remote;
    int error = os_address_parse(call->text, &remote);
    return error ? error : os_connect(call->handle, &remote, OS_NEVER);
}

static int call_shutdown(const struct call *call)
{
    return os_shutdown(call->handle, (unsigned)call->value);
}

static int call_close(const struct call *call)
{
    return os_close(call->handle);
}

static size_t fill(const struct call *call)
{
    size_t size = (size_t)call->value < BUFFER ? (size_t)call->value : BUFFER;
    for (size_t i = 0; i < size; i++)
        puppet.bytes[i] = byte_at(puppet.written[call->handle] + i);
    return size;
}

static int call_write(const struct call *call)
{
    int count = os_write(call->handle, puppet.bytes, fill(call));
    puppet.written[call->handle] += count > 0 ? (uint64_t)count : 0;
    return count;
}

static int call_read(const struct call *call)
{
    size_t size = (size_t)call->value < BUFFER ? (size_t)call->value : BUFFER;
    int count = os_read(call->handle, puppet.bytes, size);
    for (int i = 0; i < count; i++, puppet.read[call->handle]++)
        if (puppet.bytes[i] != byte_at(puppet.read[call->handle]))
            panic("byte %llu is %#x: expected %#x",
                  (unsigned long long)puppet.read[call->handle], puppet.bytes[i],
                  byte_at(puppet.read[call->handle]));
    return count;
}

static int call_set(const struct call *call)
{
    return os_set_option(call->handle, (enum os_option)call->value, call->third);
}

static int call_get(const struct call *call)
{
    int value = 0, error = os_get_option(call->handle, (enum os_option)call->value, &value);
    return error ? error : value;
}

static int call_poll(const struct call *call)
{
    struct os_poll poll = {.handle = call->handle, .wanted = (unsigned)call->value};
    os_poll(&poll, 1, 0);
    return (int)poll.ready;
}

static const struct {
    const char *name;
    int (*run)(const struct call *call);
} calls[] = {{"socket", call_socket}, {"bind", call_bind}, {"listen", call_listen},
             {"accept", call_accept}, {"connect", call_connect}, {"close", call_close},
             {"shutdown", call_shutdown}, {"write", call_write}, {"read", call_read},
             {"set", call_set}, {"get", call_get}, {"poll", call_poll}};

// ---- The control -------------------------------------------------------------------------

static int number(const char *text)
{
    uint64_t value = 0;
    bool is_negative = text && *text == '-';
    if (text)
        string_to_u64(text + is_negative, 10, &value);
    return is_negative ? -(int)value : (int)value;
}

static int obey(char *line)
{
    char *words[WORDS] = {NULL};
    for (unsigned i = 0; i < WORDS && line; i++) {
        words[i] = line;
        line = strchr(line, ' ');
        if (line)
            *line++ = '\0';
    }
    const struct call call = {number(words[1]), number(words[2]), number(words[3]), words[2]};
    if (call.handle < 0 || call.handle >= HANDLES)
        return -EBADF;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(words[0], calls[i].name) == 0)
            return calls[i].run(&call);
    panic("\"%s\": there is no such call", words[0]);
}

_Noreturn static void obey_datagrams(void)
{
    const struct os_address any = {.family = OS_IPV4, .port = CONTROL_PORT};
    struct os_address from;
    char line[LINE];
    int control = os_socket(OS_DATAGRAM, OS_IPV4);
    if (control < 0 || os_bind(control, &any) != 0)
        panic("port %d cannot be had", CONTROL_PORT);
    for (;;) {
        int size = os_receive_from(control, line, sizeof(line) - 1, &from, OS_NEVER);
        if (size < 0)
            continue;
        line[size] = '\0';
        size = snprintf(line, sizeof(line), "%d", obey(line));
        os_send_to(control, line, (size_t)size, &from);
    }
}

static void start_network(const struct board *board)
{
    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_net_driver, NULL};
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                             &tcp_protocol, NULL};
    static const struct socket_kind *const socket_kinds[] = {&socket_stream,
                                                             &socket_datagram, NULL};
    virtio_probe(board, drivers);
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    tcp_recovery_init();
    socket_init(socket_kinds);
    network_init();
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    board_start_console(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    board_start_interrupts(board);
    machine_interrupts_enable();
    process_init();
    start_network(board);
    obey_datagrams();
}
