// SPDX-License-Identifier: MIT
//
// DHCP messages: a header that is BOOTP's of 1985, and then options: a code, a length, so many
// bytes.
//
//   dhcp_message_write(), dhcp_message_read()
//
// When the options are more than the server had room for, they go on in two fields of the
// header which were made for other things (option 52, "overload"). Chapter 22.
#include "dhcp_message.h"

#include "string.h"

enum { BOOT_REQUEST = 1, BOOT_REPLY = 2, HARDWARE_ETHERNET = 1 };
enum { FLAG_BROADCAST = 0x8000 }; // RFC 2131, 4.1
enum { BOOTP_SIZE_MIN = 300 };    // RFC 1542, 2.1: relays drop what is shorter
static const uint8_t cookie[4] = {99, 130, 83, 99}; // RFC 2131, 3

enum {
    OPTION_PAD = 0, OPTION_MASK = 1, OPTION_ROUTERS = 3, OPTION_SERVERS = 6,
    OPTION_HOSTNAME = 12, OPTION_TIME_SERVERS = 42, OPTION_WANTED = 50, OPTION_LEASE = 51,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53, OPTION_SERVER = 54, OPTION_PARAMETERS = 55, OPTION_MESSAGE = 56,
    OPTION_SIZE_MAX = 57, OPTION_RENEW = 58, OPTION_REBIND = 59, OPTION_END = 255,
};
enum { OVERLOAD_FILE = 1, OVERLOAD_NAME = 2 };

// ---- Writing ------------------------------------------------------------------------

// Every option that we write fits: the longest are a host's name and a message of ours.
static uint8_t *put(uint8_t *at, uint8_t code, const void *value, size_t size)
{
    *at++ = code;
    *at++ = (uint8_t)size;
    memcpy(at, value, size);
    return at + size;
}

static uint8_t *put_text(uint8_t *at, uint8_t code, const char *text)
{
    enum { TEXT_MAX = 64 };
    size_t size = text ? strnlen(text, TEXT_MAX) : 0;
    return size > 0 ? put(at, code, text, size) : at;
}

static uint8_t *put_address(uint8_t *at, uint8_t code, be32 address)
{
    return address ? put(at, code, &address, sizeof(address)) : at;
}

static uint8_t *put_options(uint8_t *at, const struct dhcp_request *request)
{
    static const uint8_t parameters[] = {
        OPTION_MASK,  OPTION_ROUTERS, OPTION_SERVERS, OPTION_TIME_SERVERS,
        OPTION_LEASE, OPTION_RENEW,   OPTION_REBIND};
    const be16 size_max = to_be16(DHCP_ANSWER_MAX + 28); // with IP and UDP headers

    at = put(at, OPTION_TYPE, &request->type, 1);
    at = put_address(at, OPTION_WANTED, request->wanted);
    at = put_address(at, OPTION_SERVER, request->server);
    at = put_text(at, OPTION_MESSAGE, request->message);
    if (request->type == DHCP_DISCOVER || request->type == DHCP_REQUEST) {
        at = put_text(at, OPTION_HOSTNAME, request->hostname);
        at = put(at, OPTION_SIZE_MAX, &size_max, sizeof(size_max));
        at = put(at, OPTION_PARAMETERS, parameters, sizeof(parameters));
    }
    *at++ = OPTION_END;
    return at;
}

size_t dhcp_message_write(uint8_t *bytes, const struct dhcp_request *request)
{
    struct dhcp_header header = {
        .operation = BOOT_REQUEST,
        .hardware_type = HARDWARE_ETHERNET,
        .hardware_size = MAC_SIZE,
        .xid = request->xid,
        .seconds = to_be16(request->seconds),
        // Without an address we would not see an answer that is sent to it. Who says why he
        // declines gets none (RFC 2131, table 5).
        .flags = to_be16(request->client || request->message ? 0 : FLAG_BROADCAST),
        .client = request->client,
    };
    memcpy(header.hardware_address, request->mac, MAC_SIZE);
    memcpy(&header.cookie, cookie, sizeof(cookie));
    memset(bytes, 0, BOOTP_SIZE_MIN);
    memcpy(bytes, &header, sizeof(header));
    size_t size = (size_t)(put_options(bytes + sizeof(header), request) - bytes);
    return size < BOOTP_SIZE_MIN ? BOOTP_SIZE_MIN : size;
}

// ---- Reading ------------------------------------------------------------------------

static void take_address(be32 *address, const uint8_t *value, size_t size)
{
    if (size >= sizeof(*address))
        memcpy(address, value, sizeof(*address)); // of several routers the first is the best
}

static void take_number(uint32_t *number, const uint8_t *value, size_t size)
{
    if (size == sizeof(*number))
        *number = be32_read(value);
}

// Printable ones alone: it goes to the log, and a terminal obeys the others.
static void take_message(char *message, const uint8_t *value, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size && count < sizeof(((struct dhcp_answer *)0)->message) - 1; i++)
        if (value[i] >= ' ' && value[i] <= '~')
            message[count++] = (char)value[i];
    message[count] = '\0';
}

static void take_servers(be32 servers[DHCP_SERVERS_MAX], const uint8_t *value, size_t size)
{
    for (unsigned i = 0; i < DHCP_SERVERS_MAX && size >= 4 * (i + 1); i++)
        memcpy(&servers[i], value + 4 * i, 4);
}

static void take_option(struct dhcp_answer *answer, uint8_t code, const uint8_t *value,
                        size_t size)
{
    switch (code) {
    case OPTION_TYPE:
        answer->type = size == 1 ? value[0] : 0;
        break;
    case OPTION_MASK:
        take_address(&answer->mask, value, size);
        break;
    case OPTION_ROUTERS:
        take_address(&answer->gateway, value, size);
        break;
    case OPTION_SERVER:
        take_address(&answer->server, value, size);
        break;
    case OPTION_SERVERS:
        take_servers(answer->servers, value, size);
        break;
    case OPTION_TIME_SERVERS:
        take_servers(answer->time_servers, value, size);
        break;
    case OPTION_LEASE:
        take_number(&answer->lease_s, value, size);
        break;
    case OPTION_RENEW:
        take_number(&answer->renew_s, value, size);
        break;
    case OPTION_REBIND:
        take_number(&answer->rebind_s, value, size);
        break;
    case OPTION_MESSAGE:
        take_message(answer->message, value, size);
        break;
    }
}

// Until the end, or until one does not fit. Returns the value of option 52.
static uint8_t take_options(struct dhcp_answer *answer, const uint8_t *bytes, size_t size)
{
    uint8_t overload = 0;
    size_t at = 0;
    while (at < size && bytes[at] != OPTION_END) {
        uint8_t code = bytes[at++];
        if (code == OPTION_PAD)
            continue;
        if (at == size || bytes[at] >= size - at)
            break;
        size_t length = bytes[at++];
        if (code == OPTION_OVERLOAD && length == 1)
            overload = bytes[at];
        take_option(answer, code, bytes + at, length);
        at += length;
    }
    return overload;
}

bool dhcp_message_read(const uint8_t *bytes, size_t size, struct dhcp_answer *answer)
{
    struct dhcp_header header;
    if (size < sizeof(header))
        return false;
    memcpy(&header, bytes, sizeof(header));
    if (header.operation != BOOT_REPLY || header.hardware_type != HARDWARE_ETHERNET ||
        header.hardware_size != MAC_SIZE || memcmp(&header.cookie, cookie, sizeof(cookie)) != 0)
        return false;

    *answer = (struct dhcp_answer){.xid = header.xid, .address = header.yours};
    memcpy(answer->mac, header.hardware_address, MAC_SIZE);
    uint8_t overload = take_options(answer, bytes + sizeof(header), size - sizeof(header));
    if (overload & OVERLOAD_FILE) // in this order: RFC 2131, 4.1
        take_options(answer, header.file, sizeof(header.file));
    if (overload & OVERLOAD_NAME)
        take_options(answer, header.server_name, sizeof(header.server_name));
    return answer->type == DHCP_OFFER || answer->type == DHCP_ACK || answer->type == DHCP_NAK;
}
