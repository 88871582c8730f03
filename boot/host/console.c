// SPDX-License-Identifier: MIT
//
// The console as a device: standard input and output, and a line that interrupts while
// there is input.
// Chapter 05.
#include <unistd.h>

#include "boot/board.h"
#include "console.h"
#include "host.h"

static struct {
    bool wanted; // interrupts are: listen()
    bool told;   // there was an interrupt, and nobody has read since
} console;

static void console_device_write(struct console_device *device, const char *bytes, size_t count)
{
    host_console_write(bytes, count);
}

// Whoever has been told of input is told again after reading, not before: with nobody
// to read it, the line would interrupt without end. At the end of the input the line
// ends too.
static void update_line(void)
{
    if (host_console_has_ended())
        host_line_end(HOST_LINE_CONSOLE);
    host_line_listen(HOST_LINE_CONSOLE, console.wanted && !console.told);
}

static size_t console_device_read(struct console_device *device, char *bytes, size_t size)
{
    size_t count = host_console_read(bytes, size);
    console.told = false;
    update_line();
    return count;
}

static void console_device_listen(struct console_device *device, bool on)
{
    if (on)
        host_terminal_take();
    console.wanted = on;
    console.told = false;
    update_line();
}

static bool console_device_has_ended(struct console_device *device)
{
    return host_console_has_ended();
}

void host_console_interrupt(void *context)
{
    console.told = true;
    update_line();
    console_notify();
}

int board_start_console(const struct board *board)
{
    static struct console_device device = {
        .name = "standard input and output",
        .write = console_device_write,
        .read = console_device_read,
        .listen = console_device_listen,
        .has_ended = console_device_has_ended,
    };
    host_line_connect(HOST_LINE_CONSOLE, STDIN_FILENO);
    console_set_device(&device);
    return 0;
}
