// SPDX-License-Identifier: MIT
//
// Addresses of the network layer, and their text.
//
//   address_print(&address, text)            "10.0.2.2", "10.0.2.2:80"
//   address_parse(text, &address)
//
// Text is read strictly: four decimal numbers, none with a zero in front (others read those as
// octal, and two programs that read one address in two ways are a way around a check).
// Chapter 21.
#include "address.h"

#include "error.h"
#include "format.h"

enum { PREFIX_MAX = 32, PORT_MAX = 65535 };

bool address_is_any(const struct os_address *address)
{
    if (address->family == OS_IPV6)
        return (address->words[0] | address->words[1] | address->words[2] |
                address->words[3]) == 0;
    return address->family != OS_IPV4 || address->words[0] == 0;
}

bool address_is_multicast(const struct os_address *address)
{
    if (address->family == OS_IPV6)
        return address->bytes[0] == 0xff;
    return address->family == OS_IPV4 && address->bytes[0] >> 4 == 14; // RFC 1112, 4
}

enum { GROUPS = 8 }; // of 16 bits

// Where the longest run of zeros begins, of two groups at least; the first of several. How
// many they are, 0: there is none.
static unsigned find_zeros(const uint8_t *bytes, unsigned *start)
{
    unsigned best = 1, count = 0;
    for (unsigned i = 0; i < GROUPS; i++) {
        count = be16_read(bytes + 2 * i) == 0 ? count + 1 : 0;
        if (count > best) {
            best = count;
            *start = i + 1 - count;
        }
    }
    return best > 1 ? best : 0;
}

// RFC 5952: "2001:db8::1". DNS knows such addresses, even if nothing here can reach them yet.
static void print_ipv6(const struct os_address *address, char text[ADDRESS_TEXT_SIZE])
{
    unsigned start = GROUPS, zeros = find_zeros(address->bytes, &start);
    char *at = text, *end = text + ADDRESS_TEXT_SIZE;
    for (unsigned i = 0; i < GROUPS;) {
        bool is_run = i == start;
        const char *before = is_run ? "::" : i == 0 || i == start + zeros ? "" : ":";
        at += snprintf(at, (size_t)(end - at), "%s", before);
        if (!is_run)
            at += snprintf(at, (size_t)(end - at), "%x", be16_read(address->bytes + 2 * i));
        i += is_run ? zeros : 1;
    }
}

const char *address_print(const struct os_address *address, char text[ADDRESS_TEXT_SIZE])
{
    const uint8_t *b = address->bytes;
    if (address->family == OS_IPV6)
        print_ipv6(address, text);
    else if (address->family != OS_IPV4)
        snprintf(text, ADDRESS_TEXT_SIZE, "-");
    else if (address->port == 0)
        snprintf(text, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    else
        snprintf(text, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3],
                 address->port);
    return text;
}

// A decimal number up to `max` at *text, which moves behind it. False: there is none.
static bool take_number(const char **text, unsigned max, unsigned *number)
{
    const char *at = *text;
    unsigned value = 0;
    while (*at >= '0' && *at <= '9' && value <= max)
        value = value * 10 + (unsigned)(*at++ - '0');
    unsigned digits = (unsigned)(at - *text);
    if (digits == 0 || value > max || (digits > 1 && **text == '0'))
        return false;
    *text = at;
    *number = value;
    return true;
}

static bool take_ipv4(const char **text, struct os_address *address)
{
    *address = (struct os_address){.family = OS_IPV4};
    for (unsigned i = 0; i < 4; i++) {
        unsigned number;
        if (i > 0 && *(*text)++ != '.')
            return false;
        if (!take_number(text, 255, &number))
            return false;
        address->bytes[i] = (uint8_t)number;
    }
    return true;
}

int address_parse(const char *text, struct os_address *address)
{
    struct os_address found;
    unsigned port = 0;
    if (!take_ipv4(&text, &found))
        return -EINVAL;
    if (*text == ':') {
        text++;
        if (!take_number(&text, PORT_MAX, &port))
            return -EINVAL;
    }
    if (*text != '\0')
        return -EINVAL;
    found.port = (uint16_t)port;
    *address = found;
    return 0;
}

int address_parse_prefix(const char *text, struct os_address *address, unsigned *prefix)
{
    struct os_address found;
    unsigned bits = PREFIX_MAX;
    if (!take_ipv4(&text, &found))
        return -EINVAL;
    if (*text == '/') {
        text++;
        if (!take_number(&text, PREFIX_MAX, &bits))
            return -EINVAL;
    }
    if (*text != '\0')
        return -EINVAL;
    *address = found;
    *prefix = bits;
    return 0;
}
