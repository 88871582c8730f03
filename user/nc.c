// SPDX-License-Identifier: MIT
//
// nc: connects its input and output with a host, by TCP or (-u) UDP
//
//   nc [-uv] [-T SERVICE] [-w SECONDS] HOST PORT   connects
//   nc -l [-kuv] [-w SECONDS] [HOST] PORT          waits to be connected; -k: again and again
//   nc -z [-v] [-w SECONDS] HOST FROM-TO           says which ports are open
//
// The end of the input is told to the other side, and what it still says is printed. When the
// other side ends, so do we: at once at a console, otherwise when the input has been sent. -w:
// how long to wait for a connection, for anything to come, and for what was sent to be
// acknowledged; -v: says what happens; -T: what routers are asked for (RFC 2474: a DSCP times
// four; 184 is the one for voices).
#include "nc.h"
#include "options.h"

#define SCAN_NS UINT64_C(2000000000) // what a port has to answer: 2 s

static bool is_service(const char *text, uint64_t *service)
{
    return options_number(text, service) && *service <= UINT8_MAX && *service % 4 == 0;
}

static bool read_options(struct nc *nc, struct options *options)
{
    int letter;
    bool right = true;
    while (right && (letter = options_next(options)) != 0) {
        if (letter == 'w')
            right = options_seconds(options->value, &nc->patience_ns) && nc->patience_ns > 0;
        else if (letter == 'T' && !is_service(options->value, &nc->service))
            right = options_wrong(options, 'T', "0 to 252, a multiple of 4");
        else if (letter > 0)
            nc->letters[(unsigned char)letter] = true;
        else
            right = false;
    }
    bool has_host = options->count == 2;
    if (!right || !(has_host || (nc->letters['l'] && options->count == 1)))
        return false;
    nc->host = has_host ? options->operands[0] : NULL;
    uint16_t *last = nc->letters['z'] ? &nc->last_port : NULL;
    const char *port = options->operands[options->count - 1];
    if (host_ports(port, &nc->port, last))
        return true;
    os_fprintf(OS_ERROR, "nc: %s: expected a port, 0 to 65535%s\n", port,
               last ? ", or two of them: 20-25" : "");
    return false;
}

uint64_t nc_deadline(const struct nc *nc)
{
    return nc->patience_ns ? os_clock_ns() + nc->patience_ns : OS_NEVER;
}

void nc_say(const struct nc *nc, const struct os_address *address, const char *what)
{
    char text[OS_ADDRESS_TEXT];
    if (nc->letters['v'])
        os_fprintf(OS_ERROR, "nc: %s: %s\n", os_address_print(address, text), what);
}

// ---- Connecting -------------------------------------------------------------------------
static int connect_stream(struct nc *nc)
{
    int handle = host_reach("nc", nc->host, nc->port, nc->patience_ns);
    if (handle < 0)
        return 1;
    if (os_peer_name(handle, &nc->address) == 0)
        nc_say(nc, &nc->address, "connected");
    return nc_relay(nc, handle);
}

static int connect_datagram(struct nc *nc)
{
    int handle = os_socket(OS_DATAGRAM, nc->address.family);
    int error = handle < 0 ? handle : os_connect(handle, &nc->address, OS_NEVER);
    if (error)
        return host_error("nc", &nc->address, error);
    nc_say(nc, &nc->address, "connected");
    return nc_relay(nc, handle);
}

// One port after the other; only those that are open are printed without -v.
static int scan(struct nc *nc)
{
    bool found = false;
    for (unsigned port = nc->port; port <= nc->last_port; port++) {
        struct os_address address = nc->address;
        address.port = (uint16_t)port;
        uint64_t patience_ns = nc->patience_ns ? nc->patience_ns : SCAN_NS;
        int handle = host_connect(&address, os_clock_ns() + patience_ns);
        if (handle >= 0) {
            os_printf("%s %u open\n", nc->host, port);
            os_close(handle);
            found = true;
        } else {
            nc_say(nc, &address, error_text(handle));
        }
    }
    return !found;
}

// ---- Being connected --------------------------------------------------------------------
// UDP has no connections: who sends the first datagram is who we talk to. That one is looked
// at, and stays to be read.
static int wait_for_datagram(struct nc *nc, int handle, struct os_address *peer)
{
    int count = os_receive_from(handle, nc->first, sizeof(nc->first), peer, nc_deadline(nc));
    if (count < 0)
        return count;
    nc->first_size = (size_t)count;
    return os_connect(handle, peer, OS_NEVER);
}

static int open_listener(struct nc *nc)
{
    bool is_datagram = nc->letters['u'];
    int handle = os_socket(is_datagram ? OS_DATAGRAM : OS_STREAM, OS_IPV4);
    int error = handle < 0 ? handle : os_bind(handle, &nc->address);
    if (!error && !is_datagram)
        error = os_listen(handle, 1);
    return error ? error : handle;
}

// Which port it has, where nobody could know.
static void say_where(const struct nc *nc, int listener)
{
    struct os_address here;
    char text[OS_ADDRESS_TEXT];
    if ((nc->port == 0 || nc->letters['v']) && os_local_name(listener, &here) == 0)
        os_fprintf(OS_ERROR, "nc: listens on %s\n", os_address_print(&here, text));
}

// The handle to talk through; without -k nobody else can come.
static int wait_for_peer(struct nc *nc, int listener)
{
    struct os_address peer;
    int handle = listener;
    if (nc->letters['u']) {
        int error = wait_for_datagram(nc, listener, &peer);
        handle = error ? error : listener;
    } else {
        handle = os_accept(listener, &peer, nc_deadline(nc));
        if (handle >= 0 && !nc->letters['k'])
            os_close(listener);
    }
    if (handle >= 0)
        nc_say(nc, &peer, "connected");
    return handle;
}

static int listen(struct nc *nc)
{
    int status = 0, listener = open_listener(nc);
    if (listener < 0)
        return host_error("nc", &nc->address, listener);
    say_where(nc, listener);
    do {
        int handle = wait_for_peer(nc, listener);
        if (handle < 0)
            return host_error("nc", &nc->address, handle);
        status = nc_relay(nc, handle);
        struct os_address nobody = {0};
        if (handle == listener)
            os_connect(handle, &nobody, OS_NEVER);
        else
            os_close(handle);
    } while (nc->letters['k']);
    return status;
}

int nc_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "lkuvzT:w:");
    struct nc *nc = os_alloc(sizeof(*nc));
    if (!nc)
        return os_print_error("nc", -ENOMEM);
    if (!read_options(nc, &options))
        return os_usage("nc [-uv] [-T SERVICE] [-w SECONDS] HOST PORT; "
                        "nc -l [-kuv] [HOST] PORT; nc -z [-v] HOST PORT[-PORT]");
    if (!nc->letters['l'] && !nc->letters['z'] && !nc->letters['u'])
        return connect_stream(nc);
    nc->address.family = OS_IPV4;
    if (nc->host && host_find("nc", nc->host, &nc->address))
        return 1;
    nc->address.port = nc->port;
    if (nc->letters['l'])
        return listen(nc);
    return nc->letters['z'] ? scan(nc) : connect_datagram(nc);
}
