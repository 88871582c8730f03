// SPDX-License-Identifier: MIT
//
// nc's two directions, each in a thread that waits for its own source: so neither is kept by
// the other, whatever the handles are.
// Chapter 25.
#include "nc.h"
#include "output.h"

// The input, as pieces of the stream or as datagrams. With -k it goes to whoever is connected.
static int send_input(void *context)
{
    struct nc *nc = context;
    int size;
    while ((size = os_read(OS_INPUT, nc->to_peer, sizeof(nc->to_peer))) > 0) {
        if (nc->handle >= 0 && os_write(nc->handle, nc->to_peer, (size_t)size) < 0)
            break; // why, the other thread hears as well
    }
    nc->has_sent_all = true;
    if (nc->handle >= 0 && !nc->letters['u'])
        os_shutdown(nc->handle, OS_SHUTDOWN_WRITE);
    return 0;
}

// What comes, until the other side ends. 0, or an error; of the output it is said here.
static int print_all(struct nc *nc, int handle)
{
    int size = (int)nc->first_size, error = 0;
    if (size > 0)
        error = output_write(OS_OUTPUT, nc->first, nc->first_size);
    nc->first_size = 0;
    bool goes_on = true;
    while (goes_on && !error) {
        size = os_receive(handle, nc->from_peer, sizeof(nc->from_peer), nc_deadline(nc));
        goes_on = size > 0 || (size == 0 && nc->letters['u']); // a datagram may be empty
        if (size > 0)
            error = output_write(OS_OUTPUT, nc->from_peer, (size_t)size);
    }
    if (error)
        os_exit(output_status("nc", error));
    return size < 0 ? size : 0;
}

// What is not acknowledged when we end, TCP gives up after -w, too. 0, or an error.
static int set_options(const struct nc *nc, int handle)
{
    const uint64_t second_ns = 1000000000;
    uint64_t seconds = (nc->patience_ns + second_ns - 1) / second_ns;
    int error = 0, patience_s = seconds < INT32_MAX ? (int)seconds : INT32_MAX;
    if (nc->letters['T'])
        error = os_set_option(handle, OS_OPTION_SERVICE, (int)nc->service);
    if (!error && patience_s > 0 && !nc->letters['u'])
        error = os_set_option(handle, OS_OPTION_USER_TIMEOUT, patience_s);
    return error;
}

// Whether it was only we who waited no longer. What TCP has given up cannot be shut down.
static bool is_alive(const struct nc *nc, int handle)
{
    return nc->letters['u'] || os_shutdown(handle, OS_SHUTDOWN_WRITE) == 0;
}

// What has been typed at a console and not sent will not be sent any more: nobody there knows
// that we still wait.
int nc_relay(struct nc *nc, int handle)
{
    int error = set_options(nc, handle);
    if (error)
        return os_print_error("nc", error);
    nc->handle = handle;
    if (!nc->sender)
        nc->sender = os_thread_create("nc-input", send_input, nc);
    else if (nc->has_sent_all && !nc->letters['u'])
        os_shutdown(handle, OS_SHUTDOWN_WRITE);
    if (!nc->sender)
        return os_print_error("nc", -ENOMEM);
    error = print_all(nc, handle);
    if (!error && !nc->letters['k'] && !os_is_console(OS_INPUT))
        os_thread_join(nc->sender, NULL, OS_NEVER);
    nc->handle = -1;
    if (error == -ETIMEDOUT && is_alive(nc, handle))
        error = 0; // -w: nothing came for so long
    if (!error)
        return 0;
    struct os_address peer = nc->address;
    os_peer_name(handle, &peer);
    return host_error("nc", &peer, error);
}
