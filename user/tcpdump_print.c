// SPDX-License-Identifier: MIT
//
// A line for a frame: time, Ethernet if asked for, ARP, IPv4; the bytes if asked for.
// Chapter 20.
#include "tcpdump.h"

enum { LINE_SIZE = 512, HEX_WIDTH = 16 };

void print_text(struct printer *printer, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    writer_text(&printer->writer, line);
}

void print_address(struct printer *printer, uint32_t address)
{
    print_text(printer, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
               address & 255);
}

void print_mac(struct printer *printer, const uint8_t *mac)
{
    print_text(printer, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
               mac[5]);
}

// ---- Names ------------------------------------------------------------------------------

static const char *type_name(unsigned type)
{
    return type == TYPE_IP    ? "IPv4"
           : type == TYPE_ARP ? "ARP"
           : type == TYPE_IP6 ? "IPv6"
                              : "Unknown";
}

static const char *port_name(unsigned port)
{
    static const struct {
        uint16_t port;
        const char *name;
    } names[] = {{22, "ssh"},    {53, "domain"}, {67, "bootps"}, {68, "bootpc"},
                 {80, "http"},   {123, "ntp"},   {443, "https"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].port == port)
            return names[i].name;
    }
    return NULL;
}

static void print_port(struct printer *printer, unsigned port)
{
    const char *name = printer->numbers ? NULL : port_name(port);
    if (name)
        print_text(printer, ".%s", name);
    else
        print_text(printer, ".%u", port);
}

// ---- Layers -----------------------------------------------------------------------------

static void print_time(struct printer *printer, uint64_t time_ns)
{
    struct os_date date;
    os_date(time_ns / 1000000000, &date);
    print_text(printer, "%02d:%02d:%02d.%06u ", date.hour, date.minute, date.second,
               (unsigned)(time_ns % 1000000000 / 1000));
}

static void print_link(struct printer *printer, const struct view *view)
{
    if (view->link.size < ETHERNET_SIZE)
        return;
    print_mac(printer, view->link.at + 6);
    print_text(printer, " > ");
    print_mac(printer, view->link.at);
    print_text(printer, ", ethertype %s (0x%04x), length %u: ", type_name(view->type),
               view->type, view->frame->size);
}

static void print_arp(struct printer *printer, const struct view *view)
{
    unsigned operation = bytes_get16(view->network, 6);
    print_text(printer, "ARP, ");
    if (!view->has_addresses) {
        print_text(printer, "not for Ethernet and IPv4, or cut short");
    } else if (operation == 1) {
        print_text(printer, "Request who-has ");
        print_address(printer, view->destination);
        print_text(printer, " tell ");
        print_address(printer, view->source);
    } else if (operation == 2) {
        print_text(printer, "Reply ");
        print_address(printer, view->source);
        print_text(printer, " is-at ");
        print_mac(printer, view->network.at + 8);
    } else {
        print_text(printer, "operation %u", operation);
    }
    print_text(printer, ", length %u",
               view->frame->size - (unsigned)(view->network.at - view->all.at));
}

// Who sends it to whom; a fragment behind the first has no ports.
static void print_ends(struct printer *printer, const struct view *view)
{
    print_text(printer, "IP ");
    print_address(printer, view->source);
    if (view->has_ports)
        print_port(printer, view->source_port);
    print_text(printer, " > ");
    print_address(printer, view->destination);
    if (view->has_ports)
        print_port(printer, view->destination_port);
    print_text(printer, ": ");
}

static void print_ip(struct printer *printer, const struct view *view)
{
    if (!view->has_addresses) {
        print_text(printer, "IP, its header is wrong or cut short");
        return;
    }
    print_ends(printer, view);
    if (view->fragment > 0)
        print_text(printer, "%s", view->protocol == PROTOCOL_UDP ? "udp" : "ip-proto");
    else if (view->protocol == PROTOCOL_TCP)
        print_tcp(printer, view);
    else if (view->protocol == PROTOCOL_UDP)
        print_udp(printer, view);
    else if (view->protocol == PROTOCOL_ICMP)
        print_icmp(printer, view);
    else
        print_text(printer, "ip-proto-%u %zu", view->protocol, view->transport_length);
    if (view->has_more || view->fragment > 0)
        print_text(printer, " (frag %u:%zu@%u%s)", bytes_get16(view->network, 4),
                   view->transport_length, view->fragment, view->has_more ? "+" : "");
}

// From the network layer on; with -e the link's header, too.
static void print_hex(struct printer *printer, const struct view *view)
{
    struct bytes bytes = printer->link ? view->all : view->network;
    for (size_t i = 0; i < bytes.size; i++) {
        if (i % HEX_WIDTH == 0)
            print_text(printer, "\n\t0x%04zx: ", i);
        print_text(printer, "%s%02x", i % 2 == 0 ? " " : "", bytes.at[i]);
    }
}

void print_frame(struct printer *printer, const struct view *view)
{
    if (!printer->no_time)
        print_time(printer, view->frame->time_ns);
    if (printer->link)
        print_link(printer, view);
    if (view->type == TYPE_ARP)
        print_arp(printer, view);
    else if (view->type == TYPE_IP)
        print_ip(printer, view);
    else
        print_text(printer, "%s (0x%04x), length %u", type_name(view->type), view->type,
                   view->frame->size);
    if (printer->hex)
        print_hex(printer, view);
    print_text(printer, "\n");
}
