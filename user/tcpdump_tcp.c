// SPDX-License-Identifier: MIT
//
// TCP's part of a line: flags, sequence numbers from 0 on, window, options (RFC 9293, 3.1).
// Chapter 20.
#include "tcpdump.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { HEADER_MIN = 20 };

// ---- Connections that were seen ---------------------------------------------------------

// The flow that the packet belongs to, and whether it goes from its end 1. The oldest one makes
// room for a new one.
static struct printer_flow *find_flow(struct printer *printer, const struct view *view,
                                      bool *is_back)
{
    for (unsigned i = 0; i < PRINTER_FLOWS; i++) {
        struct printer_flow *flow = &printer->flows[i];
        for (unsigned end = 0; end < 2; end++) {
            if (flow->address[end] == view->source && flow->port[end] == view->source_port &&
                flow->address[!end] == view->destination &&
                flow->port[!end] == view->destination_port) {
                *is_back = end;
                return flow;
            }
        }
    }
    struct printer_flow *flow = &printer->flows[printer->next_flow++ % PRINTER_FLOWS];
    *flow = (struct printer_flow){
        .address = {view->source, view->destination},
        .port = {view->source_port, view->destination_port},
    };
    *is_back = false;
    return flow;
}

// What is to be taken off sequence numbers: nothing while a connection begins, and from then
// on its first one.
static uint32_t base_of(struct printer_flow *flow, unsigned end, uint32_t first, bool is_start)
{
    if (is_start || !flow->has_base[end]) {
        flow->has_base[end] = true;
        flow->base[end] = first;
        return 0;
    }
    return flow->base[end];
}

// ---- A line's parts ---------------------------------------------------------------------

static void print_flags(struct printer *printer, unsigned flags)
{
    static const char letters[] = "FSRP.UEW"; // from bit 0 on
    char text[sizeof(letters)];
    size_t count = 0;
    for (unsigned i = 0; i + 1 < sizeof(letters); i++) {
        if (flags & 1u << i)
            text[count++] = letters[i];
    }
    text[count] = '\0';
    print_text(printer, "Flags [%s]", count > 0 ? text : "none");
}

static void print_sack(struct printer *printer, struct bytes option, uint32_t base)
{
    print_text(printer, "sack %zu ", option.size / 8);
    for (size_t at = 0; at + 8 <= option.size; at += 8)
        print_text(printer, "{%u:%u}", bytes_get32(option, at) - base,
                   bytes_get32(option, at + 4) - base);
}

// RFC 9293, 3.2; RFC 7323; RFC 2018. `value`: behind the option's kind and length.
static void print_option(struct printer *printer, unsigned kind, struct bytes value,
                         uint32_t sack_base)
{
    if (kind == 2 && value.size == 2)
        print_text(printer, "mss %u", bytes_get16(value, 0));
    else if (kind == 3 && value.size == 1)
        print_text(printer, "wscale %u", bytes_get8(value, 0));
    else if (kind == 4 && value.size == 0)
        print_text(printer, "sackOK");
    else if (kind == 5)
        print_sack(printer, value, sack_base);
    else if (kind == 8 && value.size == 8)
        print_text(printer, "TS val %u ecr %u", bytes_get32(value, 0), bytes_get32(value, 4));
    else
        print_text(printer, "opt-%u:%zu", kind, value.size);
}

static void print_options(struct printer *printer, struct bytes options, uint32_t sack_base)
{
    const char *separator = ", options [";
    while (options.size > 0) {
        unsigned kind = options.at[0], length = bytes_get8(options, 1);
        print_text(printer, "%s", separator);
        separator = ",";
        if (kind == 0) {
            print_text(printer, "eol");
            break;
        }
        if (kind == 1) {
            print_text(printer, "nop");
            options = bytes_skip(options, 1);
            continue;
        }
        if (length < 2 || length > options.size) {
            print_text(printer, "bad length %u", length);
            break;
        }
        print_option(printer, kind, bytes_skip(bytes_limit(options, length), 2), sack_base);
        options = bytes_skip(options, length);
    }
    if (*separator == ',' && separator[1] == '\0')
        print_text(printer, "]");
}

// Sequence numbers, window, options. `header`: bytes of TCP's.
static void print_numbers(struct printer *printer, const struct view *view, size_t header)
{
    struct bytes tcp = view->transport;
    unsigned flags = tcp.at[13];
    uint32_t length = (uint32_t)(view->transport_length - header);
    uint32_t sequence = bytes_get32(tcp, 4), acknowledged = bytes_get32(tcp, 8);
    uint32_t base = 0, other_base = 0;
    if (!printer->absolute) {
        bool is_back;
        struct printer_flow *flow = find_flow(printer, view, &is_back);
        base = base_of(flow, is_back, sequence, flags & SYN);
        if ((flags & (ACK | SYN)) == ACK)
            other_base = base_of(flow, !is_back, acknowledged - 1, false);
    }
    if (length > 0)
        print_text(printer, ", seq %u:%u", sequence - base, sequence - base + length);
    else if (flags & (SYN | FIN | RST))
        print_text(printer, ", seq %u", sequence - base);
    if (flags & ACK)
        print_text(printer, ", ack %u", acknowledged - other_base);
    print_text(printer, ", win %u", bytes_get16(tcp, 14));
    print_options(printer, bytes_skip(bytes_limit(tcp, header), HEADER_MIN), other_base);
    print_text(printer, ", length %u", length);
}

void print_tcp(struct printer *printer, const struct view *view)
{
    struct bytes tcp = view->transport;
    size_t header = (bytes_get8(tcp, 12) >> 4) * 4u;
    if (tcp.size < HEADER_MIN) {
        print_text(printer, "tcp, cut short");
    } else if (header < HEADER_MIN || header > view->transport_length) {
        print_text(printer, "tcp, its header has %zu bytes", header);
    } else {
        print_flags(printer, tcp.at[13]);
        print_numbers(printer, view, header);
    }
}
