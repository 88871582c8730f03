// SPDX-License-Identifier: MIT
//
// A fuzzer for the whole network, from the frame to the sockets: frames of any bytes, and such
// with right headers and checksums around any bytes, so that they get deep. Sockets of all
// kinds are open meanwhile, and used.
//
// An input is a list of events: a byte that says which, and what it needs. At the end all
// sockets are closed, hours pass, and no packet and no connection may be left.
#include "fuzz.h"
#include "peers.h"

#include "net/arp_parts.h"
#include "net/icmp.h"
#include "net/socket.h"
#include "net/tcp_recovery.h"
#include "net/udp.h"
#include "process.h"
#include "timer.h"
#include "user/os.h"

enum { FRAME_MAX = 1600, HANDLES = 12, UDP_PORT = 7, DATAGRAM_MAX = 3000 };
static const uint64_t ms_ns = 1000000, hours_ns = 6 * 3600 * 1000000000ull;

static struct {
    int handles[HANDLES]; // of sockets; -1: none
    uint16_t client_port; // of a datagram socket that is connected
    uint8_t buffer[DATAGRAM_MAX];
    uint8_t frame[FRAME_MAX + 16];
} net;

// The rest of timer.c, which is not there either. Nothing sleeps here.
int timer_sleep_until(uint64_t deadline_ns)
{
    return 0;
}

int timer_sleep(uint64_t duration_ns)
{
    return 0;
}

void fuzz_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&icmp_protocol, &udp_protocol,
                                                          &tcp_protocol, NULL};
    static const struct socket_kind *const kinds[] = {&socket_stream, &socket_datagram,
                                                      &socket_echo, NULL};
    wire_setup(boot, protocols);
    process_init();
    tcp_init();
    tcp_recovery_init();
    netdev_merge_init();
    socket_init(kinds);
    peers_know_our_data = false;
}

// ---- Sockets ------------------------------------------------------------------------

static void keep_handle(int handle)
{
    unsigned i = 0;
    while (i < HANDLES && net.handles[i] >= 0)
        i++;
    if (handle < 0)
        return;
    if (i == HANDLES) {
        os_close(handle);
        return;
    }
    os_set_option(handle, OS_OPTION_WAIT, 0);
    net.handles[i] = handle;
}

static int open_socket(enum os_socket_kind kind, uint16_t port)
{
    const struct os_address local = address_ipv4(0, port);
    int handle = os_socket(kind, OS_IPV4);
    ASSERT(handle >= 0);
    if (port != 0) {
        int error = os_bind(handle, &local);
        ASSERT(error == 0);
    }
    keep_handle(handle);
    return handle;
}

static void open_sockets(void)
{
    const struct os_address server = address_ipv4(WIRE_PEER, 53);
    const struct os_address peer = address_ipv4(WIRE_PEER, PEER_PORT + PEERS_LISTENING);
    struct os_address local;
    for (unsigned i = 0; i < HANDLES; i++)
        net.handles[i] = -1;
    int listener = open_socket(OS_STREAM, OUR_PORT);
    os_listen(listener, 2);
    open_socket(OS_DATAGRAM, UDP_PORT);
    int client = open_socket(OS_DATAGRAM, 0);
    os_connect(client, &server, OS_NEVER);
    os_local_name(client, &local);
    net.client_port = local.port;
    open_socket(OS_ECHO, 0);
    os_connect(open_socket(OS_STREAM, 0), &peer, OS_NEVER);
}

static void use(unsigned what, int *handle)
{
    struct os_address address = address_ipv4(WIRE_PEER, input_byte());
    size_t size = (size_t)input_byte() * 12;
    if (*handle < 0)
        return;
    switch (what % 9) {
    case 0: keep_handle(os_accept(*handle, &address, OS_NEVER)); break;
    case 1: os_read(*handle, net.buffer, size); break;
    case 2: os_receive_from(*handle, net.buffer, size, &address, OS_NEVER); break;
    case 3: os_write(*handle, net.buffer, size); break;
    case 4: os_send_to(*handle, net.buffer, size, &address); break;
    case 5: os_shutdown(*handle, (unsigned)size % 4); break;
    case 6: os_get_option(*handle, OS_OPTION_ERROR, &(int){0}); break;
    case 7: os_set_option(*handle, 1 + what / 9 % 9, (int)size); break;
    default:
        os_close(*handle);
        *handle = -1;
    }
    struct os_poll poll = {*handle, OS_POLL_READ | OS_POLL_WRITE, 0};
    os_poll(&poll, 1, 0);
}

// ---- Frames -------------------------------------------------------------------------

static size_t input_bytes(uint8_t *at, size_t most)
{
    size_t count = 0;
    most = input_byte() * 6u < most ? input_byte() * 6u : most;
    while (count < most && input_has_more())
        at[count++] = input_byte();
    return count;
}

// In one piece or two, each in memory of just its size.
static void frame_arrives(const uint8_t *bytes, size_t size)
{
    size_t cut = input_byte() * 4u;
    if (size == 0)
        return;
    if (cut == 0 || cut >= size) {
        netdev_receive(&wire.device, exact_piece(bytes, size, 2));
        return;
    }
    struct packet *packet = exact_piece(bytes, cut, 2);
    packet_append(packet, exact_piece(bytes + cut, size - cut, 1));
    netdev_receive(&wire.device, packet);
}

static uint8_t *put_ethernet(enum ethernet_type type, bool to_all)
{
    struct ethernet_header *header = (void *)net.frame;
    memcpy(header->destination, to_all ? ethernet_broadcast : wire.us, MAC_SIZE);
    memcpy(header->source, wire.peer, MAC_SIZE);
    header->type = to_be16((uint16_t)type);
    return net.frame + sizeof(*header);
}

static void arp_arrives(void)
{
    const be32 addresses[] = {WIRE_US, WIRE_PEER, WIRE_GATEWAY, IPV4(10, 0, 2, 77)};
    uint8_t which = input_byte();
    struct arp_message message = {.hardware = to_be16(1),
                                  .protocol = to_be16(ETHERNET_IPV4),
                                  .hardware_size = MAC_SIZE,
                                  .protocol_size = 4,
                                  .operation = to_be16(1 + (which & 1))};
    memcpy(message.sender_mac, wire.peer, MAC_SIZE);
    message.sender_mac[5] += input_byte();
    memcpy(message.sender_ip, &addresses[which >> 1 & 3], 4);
    memcpy(message.target_ip, &addresses[which >> 3 & 3], 4);
    memcpy(put_ethernet(ETHERNET_ARP, which & 0x20), &message, sizeof(message));
    if (which & 0x40)
        net.frame[14 + input_byte() % sizeof(message)] = input_byte();
    frame_arrives(net.frame, sizeof(struct ethernet_header) + sizeof(message));
}

// The header's fields that matter are the fuzzer's; its sum, and its length, are right.
// `header_size` bytes of data are there already.
static void ip_arrives(uint8_t protocol, const uint8_t *data, size_t size)
{
    const be32 sources[] = {WIRE_PEER, WIRE_FAR, WIRE_GATEWAY, WIRE_US,
                                   IPV4(127, 0, 0, 1), IPV4(10, 0, 2, 255), 0,
                                   IPV4(224, 0, 0, 1)};
    const be32 destinations[] = {WIRE_US, IPV4(10, 0, 2, 255),
                                        IPV4(255, 255, 255, 255), IPV4(224, 0, 0, 1)};
    uint8_t how = input_byte(), odd = how & 0x80 ? input_byte() : 0;
    uint8_t *at = put_ethernet(ETHERNET_IPV4, odd & 1);
    size_t options = odd & 2 ? input_byte() % 11 * 4u : 0;
    struct ip_header header = {
        .version_and_length = (uint8_t)(0x45 + options / 4),
        .total_length = to_be16((uint16_t)(20 + options + size)),
        .id = to_be16(how >> 5 & 3),
        .ttl = odd & 4 ? input_byte() : 64,
        .fragment = to_be16(odd & 8 ? input_word() : 0),
        .protocol = protocol,
        .source = sources[how & 7],
        .destination = destinations[how >> 3 & 3],
    };
    if (odd & 16)
        header.total_length = to_be16(input_word());
    memcpy(at, &header, sizeof(header));
    for (size_t i = 0; i < options; i++)
        at[20 + i] = input_byte();
    memcpy(at + 20 + options, data, size);
    uint64_t sum = checksum_add(0, at, 20 + options);
    header.checksum = checksum_finish(sum);
    memcpy(at + 10, &header.checksum, 2);
    frame_arrives(net.frame, 14 + 20 + options + size);
}

static void icmp_arrives(void)
{
    uint8_t message[FRAME_MAX] = {input_byte(), input_byte()};
    size_t size = 8;
    be32_write(message + 4, (uint32_t)input_word() << 16 | input_word());
    if (input_byte() & 1) { // of a packet that we might have sent
        struct ip_header ip = {.version_and_length = 0x45, .ttl = 9, .source = WIRE_US,
                               .total_length = to_be16(100), .destination = WIRE_PEER};
        const uint8_t protocols[] = {IP_UDP, IP_TCP, IP_ICMP, input_byte()};
        ip.protocol = protocols[input_byte() % 4];
        memcpy(message + size, &ip, sizeof(ip));
        wire_seal(message + size);
        size += sizeof(ip);
        be16_write(message + size, net.client_port);
        be16_write(message + size + 2, 53);
        size += 4;
    }
    size += input_bytes(message + size, 1200);
    be16 checksum = checksum_finish(checksum_add(0, message, size));
    memcpy(message + 2, &checksum, 2);
    ip_arrives(IP_ICMP, message, size);
}

static void udp_arrives(void)
{
    uint8_t datagram[FRAME_MAX], which = input_byte();
    const uint16_t ports[] = {UDP_PORT, net.client_port, 68, input_byte()};
    size_t size = sizeof(struct udp_header);
    size += input_bytes(datagram + size, 1400);
    struct udp_header header = {.source = to_be16(which & 4 ? 53 : which),
                                .destination = to_be16(ports[which % 4]),
                                .length = to_be16((uint16_t)size)};
    if (which & 8)
        header.length = to_be16(input_word());
    if (which & 16)
        header.checksum = to_be16(input_word());
    memcpy(datagram, &header, sizeof(header));
    ip_arrives(IP_UDP, datagram, size);
}

static void bytes_arrive(void)
{
    uint8_t protocol = input_byte(), bytes[FRAME_MAX];
    size_t size = input_bytes(bytes, 1400);
    if (protocol == 255) {
        frame_arrives(bytes, size);
    } else if (protocol == 254) {
        memcpy(put_ethernet(ETHERNET_IPV4, false), bytes, size);
        frame_arrives(net.frame, 14 + size);
    } else {
        ip_arrives(protocol, bytes, size);
    }
}

// ---- All of it ----------------------------------------------------------------------

static void end_all(void)
{
    struct tcp_statistics statistics;
    for (unsigned i = 0; i < HANDLES; i++)
        if (net.handles[i] >= 0)
            os_close(net.handles[i]);
    peers_look();
    for (unsigned i = 0; i < 20; i++) {
        time_passes(hours_ns / 20);
        peers_look();
    }
    tcp_statistics(&statistics);
    ASSERT(statistics.connections == 0 && statistics.time_wait == 0);
    ASSERT(statistics.memory == 0);
    ASSERT(wire_packets() == 0);
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    input.at = bytes;
    input.end = bytes + size;
    peers_begin();
    wire_configure(WIRE_US, 24, WIRE_GATEWAY);
    open_sockets();
    while (input_has_more()) {
        uint8_t what = input_byte();
        switch (what & 7) {
        case 0: arp_arrives(); break;
        case 1: icmp_arrives(); break;
        case 2: udp_arrives(); break;
        case 3: bytes_arrive(); break;
        case 4: time_passes(ms_ns << (what >> 3) % 20); break;
        case 5: use(input_byte(), &net.handles[(what >> 3) % HANDLES]); break;
        default: peer_sends(); break;
        }
        peers_look();
    }
    end_all();
}
