// SPDX-License-Identifier: MIT
//
// The first console: the process's standard input and output.
//
// On a terminal, Ctrl-A x ends the process, as it ends QEMU; Ctrl-A Ctrl-A is one
// Ctrl-A for the kernel.
// Chapter 01.
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "host.h"
#include "machine.h"

enum { CONTROL_A = 1 };

static struct {
    bool ended;    // the other side of stdin is gone: nothing will come any more
    bool prefixed; // Ctrl-A has been typed, and what it means depends on the next key
} input;

void host_console_write(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written >= 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (errno == EAGAIN) { // a pipe that somebody made nonblocking, and it is full
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            machine_exit(1); // nobody can hear the kernel any more
        }
    }
}

// Takes out the keys that are not for the kernel. Returns how many are left.
static size_t obey_keys(char *bytes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (input.prefixed && bytes[i] == 'x')
            machine_exit(0);
        input.prefixed = !input.prefixed && bytes[i] == CONTROL_A;
        if (!input.prefixed)
            bytes[kept++] = bytes[i];
    }
    return kept;
}

size_t host_console_read(char *bytes, size_t size)
{
    host_terminal_take();
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    if (input.ended || poll(&ready, 1, 0) <= 0)
        return 0;

    ssize_t count = read(STDIN_FILENO, bytes, size);
    if (count > 0)
        return host_terminal_is_taken() ? obey_keys(bytes, (size_t)count) : (size_t)count;
    if (count == 0 || (errno != EINTR && errno != EAGAIN))
        input.ended = true;
    return 0;
}

bool host_console_has_ended(void)
{
    return input.ended;
}

void machine_console_put(char byte)
{
    host_console_write(&byte, 1);
}

int machine_console_get(void)
{
    char byte;
    return host_console_read(&byte, 1) == 1 ? (unsigned char)byte : -1;
}
