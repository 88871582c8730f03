// SPDX-License-Identifier: MIT
//
// DNS's part of a line (RFC 1035, 4):
//
//   12345+ A? example.com. (29)              a question; +: recursion is wanted
//   12345 1/0/0 A 93.184.216.34 (45)         an answer: how many of each kind, and the first
//
// Chapter 20.
#include "tcpdump.h"

enum {
    HEADER = 12,
    NAME_TEXT = 256,
    POINTERS_MAX = 16, // that one name may follow
    RECORDS_MAX = 8,   // that are shown
};
enum { // flags of the header (RFC 1035, 4.1.1)
    ANSWER = 0x8000,
    AUTHORITATIVE = 0x0400,
    TRUNCATED = 0x0200,
    WANTS_RECURSION = 0x0100,
    CAN_RECURSE = 0x0080,
};
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };

static const char *type_name(unsigned type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } names[] = {{TYPE_A, "A"}, {2, "NS"},    {TYPE_CNAME, "CNAME"}, {6, "SOA"},
                 {12, "PTR"},   {15, "MX"},   {16, "TXT"},           {TYPE_AAAA, "AAAA"},
                 {33, "SRV"},   {255, "ANY"}, {65, "HTTPS"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].type == type)
            return names[i].name;
    }
    return "TYPE";
}

// The name at `at`, with dots; returns where what follows it begins. What makes no sense ends
// the name; what is no letter is a question mark.
static size_t read_name(struct bytes message, size_t at, char text[NAME_TEXT])
{
    size_t count = 0, after = 0;
    unsigned pointers = 0;
    while (at < message.size && message.at[at] != 0) {
        unsigned size = message.at[at];
        if (size >= 0xc0) { // a pointer: the rest of the name is elsewhere
            after = after ? after : at + 2;
            at = bytes_get16(message, at) & 0x3fff;
            if (++pointers > POINTERS_MAX)
                break;
            continue;
        }
        if (at + 1 + size > message.size || count + size + 2 > NAME_TEXT)
            break;
        for (unsigned i = 1; i <= size; i++) {
            char letter = (char)message.at[at + i];
            text[count++] = letter > ' ' && letter < 127 ? letter : '?';
        }
        text[count++] = '.';
        at += 1 + size;
    }
    if (count == 0)
        text[count++] = '.';
    text[count] = '\0';
    return after ? after : at + 1;
}

// A resource record (RFC 1035, 4.1.3). Returns where the next one begins.
static size_t print_record(struct printer *printer, struct bytes message, size_t at)
{
    char name[NAME_TEXT];
    at = read_name(message, at, name);
    unsigned type = bytes_get16(message, at);
    size_t size = bytes_get16(message, at + 8), data = at + 10;
    print_text(printer, " %s", type_name(type));
    if (type == TYPE_A && data + 4 <= message.size) {
        print_text(printer, " ");
        print_address(printer, bytes_get32(message, data));
    } else if (type == TYPE_AAAA && data + 16 <= message.size) {
        for (unsigned i = 0; i < 8; i++)
            print_text(printer, "%s%x", i > 0 ? ":" : " ", bytes_get16(message, data + 2 * i));
    } else if (type == TYPE_CNAME) {
        read_name(message, data, name);
        print_text(printer, " %s", name);
    }
    return data + size;
}

static void print_answer(struct printer *printer, struct bytes message, size_t at)
{
    static const char *const codes[] = {"", " FormErr", " ServFail", " NXDomain", " NotImp",
                                        " Refused"};
    unsigned flags = bytes_get16(message, 2), code = flags & 15;
    unsigned answers = bytes_get16(message, 6);
    print_text(printer, "%s%s%s%s %u/%u/%u", code < 6 ? codes[code] : " Error",
               flags & AUTHORITATIVE ? "*" : "", flags & CAN_RECURSE ? "" : "-",
               flags & TRUNCATED ? "|" : "", answers,
               bytes_get16(message, 8), bytes_get16(message, 10));
    for (unsigned i = 0; i < answers && i < RECORDS_MAX && at < message.size; i++) {
        if (i > 0)
            print_text(printer, ",");
        at = print_record(printer, message, at);
    }
}

void print_dns(struct printer *printer, struct bytes message, size_t length)
{
    char name[NAME_TEXT];
    if (message.size < HEADER) {
        print_text(printer, "domain, cut short (%zu)", length);
        return;
    }
    unsigned flags = bytes_get16(message, 2);
    size_t at = HEADER;
    print_text(printer, "%u", bytes_get16(message, 0));
    if (bytes_get16(message, 4) > 0)
        at = read_name(message, at, name) + 4;
    if (flags & ANSWER)
        print_answer(printer, message, at);
    else if (at > HEADER)
        print_text(printer, "%s %s? %s", flags & WANTS_RECURSION ? "+" : "",
                   type_name(bytes_get16(message, at - 4)), name);
    print_text(printer, " (%zu)", length);
}
