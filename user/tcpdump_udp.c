// SPDX-License-Identifier: MIT
//
// ICMP's and UDP's part of a line, with DHCP and NTP inside of it. DNS has a file of its own.
// Chapter 20.
#include "tcpdump.h"

enum { UDP_HEADER = 8, ICMP_HEADER = 8, IP_HEADER_MIN = 20 };
enum { PORT_DNS = 53, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68, PORT_NTP = 123 };

// ---- ICMP (RFC 792) ---------------------------------------------------------------------

static const char *unreachable_name(unsigned code)
{
    static const char *const names[] = {
        "net %s unreachable",      "host %s unreachable", "protocol %s unreachable",
        "%s unreachable",          "%s unreachable - need to frag",
        "source route to %s failed"};
    return code < sizeof(names) / sizeof(names[0]) ? names[code] : "%s unreachable";
}

// An error quotes the packet that it is about: where that was to go.
static void print_unreachable(struct printer *printer, struct bytes icmp)
{
    struct bytes quoted = bytes_skip(icmp, ICMP_HEADER);
    size_t header = (bytes_get8(quoted, 0) & 15) * 4;
    unsigned code = bytes_get8(icmp, 1);
    uint32_t to = bytes_get32(quoted, 16);
    char who[48], text[96];
    int length = snprintf(who, sizeof(who), "%u.%u.%u.%u", to >> 24, to >> 16 & 255,
                          to >> 8 & 255, to & 255);
    if (code == 3 && quoted.size >= header + 4)
        snprintf(who + length, sizeof(who) - (size_t)length, " %s port %u",
                 bytes_get8(quoted, 9) == PROTOCOL_UDP ? "udp" : "tcp",
                 bytes_get16(quoted, header + 2));
    // One of the formats above: they differ in where the name stands.
    const char *format = unreachable_name(code), *name = strstr(format, "%s");
    strlcpy(text, format, (size_t)(name - format) + 1);
    print_text(printer, "ICMP %s%s%s", text, who, name + 2);
    if (code == 4)
        print_text(printer, " (mtu %u)", bytes_get16(icmp, 6));
}

void print_icmp(struct printer *printer, const struct view *view)
{
    struct bytes icmp = view->transport;
    unsigned type = bytes_get8(icmp, 0), code = bytes_get8(icmp, 1);
    if (type == 8 || type == 0)
        print_text(printer, "ICMP echo %s, id %u, seq %u", type == 8 ? "request" : "reply",
                   bytes_get16(icmp, 4), bytes_get16(icmp, 6));
    else if (type == 3)
        print_unreachable(printer, icmp);
    else if (type == 11)
        print_text(printer, "ICMP %s", code == 0 ? "time exceeded in-transit"
                                                 : "ip reassembly time exceeded");
    else
        print_text(printer, "ICMP type %u, code %u", type, code);
    print_text(printer, ", length %zu", view->transport_length);
}

// ---- DHCP (RFC 2131, RFC 2132) ----------------------------------------------------------

// The value of an option, empty when there is none.
static struct bytes find_option(struct bytes options, unsigned wanted)
{
    while (options.size > 1 && options.at[0] != 255) {
        size_t size = options.at[0] == 0 ? 1 : 2u + options.at[1];
        if (options.at[0] == wanted)
            return bytes_skip(bytes_limit(options, size), 2);
        options = bytes_skip(options, size);
    }
    return (struct bytes){0};
}

static void print_dhcp(struct printer *printer, struct bytes message, size_t length)
{
    static const char *const types[] = {"",    "Discover", "Offer",   "Request", "Decline",
                                        "ACK", "NAK",      "Release", "Inform"};
    enum { HARDWARE = 28, YOUR_ADDRESS = 16, OPTIONS = 240 };
    bool is_request = bytes_get8(message, 0) == 1;
    unsigned type = bytes_get8(find_option(bytes_skip(message, OPTIONS), 53), 0);
    print_text(printer, "BOOTP/DHCP, %s", is_request ? "Request from " : "Reply");
    if (is_request && message.size >= HARDWARE + 6)
        print_mac(printer, message.at + HARDWARE);
    if (type > 0 && type < sizeof(types) / sizeof(types[0]))
        print_text(printer, ", %s", types[type]);
    if (!is_request && bytes_get32(message, YOUR_ADDRESS)) {
        print_text(printer, " ");
        print_address(printer, bytes_get32(message, YOUR_ADDRESS));
    }
    print_text(printer, ", length %zu", length);
}

// RFC 5905, 7.3.
static void print_ntp(struct printer *printer, struct bytes message, size_t length)
{
    static const char *const modes[] = {"Reserved", "Active",    "Passive", "Client",
                                        "Server",   "Broadcast", "Control", "Private"};
    unsigned first = bytes_get8(message, 0);
    print_text(printer, "NTPv%u, %s, length %zu", first >> 3 & 7, modes[first & 7], length);
}

// ---- UDP (RFC 768) ----------------------------------------------------------------------

static bool is_port(const struct view *view, unsigned port)
{
    return view->source_port == port || view->destination_port == port;
}

void print_udp(struct printer *printer, const struct view *view)
{
    struct bytes data = bytes_skip(view->transport, UDP_HEADER);
    size_t said = bytes_get16(view->transport, 4);
    if (view->transport.size < UDP_HEADER || said < UDP_HEADER) {
        print_text(printer, "udp, cut short");
        return;
    }
    size_t length = said - UDP_HEADER;
    data = bytes_limit(data, length);
    if (is_port(view, PORT_DNS))
        print_dns(printer, data, length);
    else if (is_port(view, PORT_DHCP_SERVER) || is_port(view, PORT_DHCP_CLIENT))
        print_dhcp(printer, data, length);
    else if (is_port(view, PORT_NTP))
        print_ntp(printer, data, length);
    else
        print_text(printer, "UDP, length %zu", length);
}
