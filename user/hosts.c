// SPDX-License-Identifier: MIT
//
// Hosts and ports as they are named on a command line. See hosts.h.
// Chapter 25.
#include "hosts.h"
#include "names.h"

enum { ADDRESSES_MAX = 8 };

int host_find(const char *program, const char *name, struct os_address *address)
{
    return name_find(program, name, address, 1) == 0;
}

// What follows the number, or NULL: it is none.
static const char *parse_port(const char *text, uint16_t *port)
{
    unsigned value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (unsigned)(*at - '0');
        if (value > UINT16_MAX)
            return NULL;
    }
    *port = (uint16_t)value;
    return at == text ? NULL : at;
}

bool host_ports(const char *text, uint16_t *first, uint16_t *last)
{
    const char *rest = parse_port(text, first);
    if (!rest)
        return false;
    if (last) {
        *last = *first;
        if (*rest == '-')
            rest = parse_port(rest + 1, last);
        if (!rest || *last < *first)
            return false;
    }
    return *rest == 0;
}

int host_connect(const struct os_address *address, uint64_t deadline_ns)
{
    int handle = os_socket(OS_STREAM, address->family);
    if (handle < 0)
        return handle;
    int error = os_connect(handle, address, deadline_ns);
    if (error)
        os_close(handle);
    return error ? error : handle;
}

int host_reach(const char *program, const char *name, uint16_t port, uint64_t patience_ns)
{
    struct os_address addresses[ADDRESSES_MAX];
    int count = name_find(program, name, addresses, ADDRESSES_MAX), handle = -ENOENT;
    for (int i = 0; i < count; i++) {
        uint64_t deadline_ns = patience_ns ? os_clock_ns() + patience_ns : OS_NEVER;
        addresses[i].port = port;
        handle = host_connect(&addresses[i], deadline_ns);
        if (handle >= 0)
            return handle;
        host_error(program, &addresses[i], handle);
    }
    return handle;
}

const char *host_reason(int error)
{
    switch (error) {
    case -EACCES:
        return "this is a broadcast address, and only a single host is asked";
    case -ENETUNREACH:
        return "no route to that network (`route` shows those that there are)";
    case -ENETDOWN:
        return "the link is down (`ifconfig` shows which is up)";
    default:
        return error_text(error);
    }
}

int host_error(const char *program, const struct os_address *address, int error)
{
    char text[OS_ADDRESS_TEXT];
    os_fprintf(OS_ERROR, "%s: %s: %s\n", program, os_address_print(address, text),
               host_reason(error));
    return 1;
}
