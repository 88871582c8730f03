// SPDX-License-Identifier: MIT
//
// tcpdump's parts: a frame is taken apart once, into a view, which the filter and the
// printers look at.
//
//   view_frame(&view, &frame, bytes)         what is where
//   filter_compile(), filter_matches()       "tcp port 80 and host 10.0.2.2"
//   print_frame(&printer, &view)             a line
//   capture_write(), capture_read()          pcap files
//
// A frame may be cut short anywhere, and may lie about any length: everybody reads inside of
// what the view says is there. Chapter 20.
#pragma once

#include "os.h"
#include "stream.h"

enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806, TYPE_IP6 = 0x86dd };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { ETHERNET_SIZE = 14, FRAME_MAX = 65535 + ETHERNET_SIZE };

// Bytes of a frame: those that are here.
struct bytes {
    const uint8_t *at;
    size_t size;
};

struct view {
    const struct os_frame *frame;
    struct bytes all, link, network, transport; // each with all that follows it
    uint16_t type;                  // enum TYPE_...; 0: not known
    // IPv4:
    uint8_t protocol;
    uint16_t fragment;              // where it belongs, in bytes; 0: the first, or all
    bool has_more;                  // fragments
    // What the headers say, which may be more than was captured:
    size_t transport_length;
    // IPv4 and ARP: host order; and whether they are there.
    bool has_addresses, has_ports;
    uint32_t source, destination;
    uint16_t source_port, destination_port;
};

void view_frame(struct view *view, const struct os_frame *frame, const uint8_t *bytes);
// At most so many of them.
struct bytes bytes_limit(struct bytes bytes, size_t size);
struct bytes bytes_skip(struct bytes bytes, size_t count); // fewer: none are left
// Zero where there is nothing.
unsigned bytes_get8(struct bytes bytes, size_t offset);
unsigned bytes_get16(struct bytes bytes, size_t offset);
uint32_t bytes_get32(struct bytes bytes, size_t offset);

// ---- The filter (tcpdump_filter.c, tcpdump_match.c) -------------------------------------
enum filter_kind {
    FILTER_ALL, FILTER_AND, FILTER_OR, FILTER_NOT,
    FILTER_TYPE, FILTER_PROTOCOL, // ip, arp; tcp, udp, icmp
    FILTER_NET, FILTER_PORT, FILTER_MAC, // with a direction
    FILTER_LESS, FILTER_GREATER, FILTER_BROADCAST, FILTER_MULTICAST, FILTER_SENT,
};
enum { FILTER_SOURCE = 1, FILTER_DESTINATION = 2 };
struct filter_node {
    uint8_t kind, direction, left, right; // children by their numbers
    uint32_t low, high; // a value; a range; an address and its mask
    uint8_t mac[6];
};
enum { FILTER_NODES = 64 };
struct filter {
    struct filter_node nodes[FILTER_NODES];
    unsigned count, root;
};
// False: `error` says what is wrong. No words: all frames.
bool filter_compile(struct filter *filter, char *const words[], int count, char *error,
                    size_t size);
bool filter_matches(const struct filter *filter, const struct view *view);

// ---- Lines (tcpdump_print.c) ------------------------------------------------------------
enum { PRINTER_FLOWS = 64 };
// Both directions of a connection, so that sequence numbers can be shown from 0 on.
struct printer_flow {
    uint32_t address[2];
    uint16_t port[2];
    uint32_t base[2];
    bool has_base[2];
};
struct printer {
    struct writer writer;
    bool numbers, link, hex, no_time, absolute; // options -n, -e, -x, -t, -S
    struct printer_flow flows[PRINTER_FLOWS];
    unsigned next_flow;
};
void print_frame(struct printer *printer, const struct view *view);
void print_text(struct printer *printer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void print_address(struct printer *printer, uint32_t address);
void print_mac(struct printer *printer, const uint8_t *mac);
void print_tcp(struct printer *printer, const struct view *view); // tcpdump_tcp.c
void print_udp(struct printer *printer, const struct view *view); // tcpdump_udp.c
void print_icmp(struct printer *printer, const struct view *view);
void print_dns(struct printer *printer, struct bytes message, size_t length); // tcpdump_dns.c

// ---- pcap files (tcpdump_file.c) --------------------------------------------------------
void capture_begin(struct writer *writer);
void capture_write(struct writer *writer, const struct os_frame *frame, const uint8_t *bytes);
struct capture_reader {
    int handle;
    bool is_swapped, has_nanoseconds, has_ethernet;
};
int capture_open(struct capture_reader *reader, int handle); // 0; -EINVAL: no pcap file
// The next frame into FRAME_MAX bytes: 1; 0: the end; -EINVAL: it makes no sense.
int capture_read(struct capture_reader *reader, struct os_frame *frame, uint8_t *bytes);
