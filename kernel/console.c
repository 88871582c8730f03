// SPDX-License-Identifier: MIT
//
// The console: where the kernel's words go and where keys come from.
//
// Until a driver registers, both go through the firmware (machine_console_put), which works
// from the first instruction. A device whose own code prints or faults while it writes is
// given up for the firmware's console, so that the report of that fault is still seen.
// Chapter 02.
#include "console.h"

#include "machine.h"

static struct {
    struct console_device *device; // NULL: the firmware's console
    bool writing;                  // the device's write() has not returned yet
    void (*available)(void);
} console;

void console_set_device(struct console_device *device)
{
    console.device = device;
}

struct console_device *console_device(void)
{
    return console.device;
}

void console_fall_back(void)
{
    console.device = NULL;
    console.writing = false;
}

static void write_piece(const char *bytes, size_t count)
{
    // We are here from inside the device's write(): it cannot be trusted with the words
    // about its own fault.
    if (console.writing)
        console_fall_back();

    if (!console.device) {
        for (size_t i = 0; i < count; i++)
            machine_console_put(bytes[i]);
        return;
    }
    console.writing = true;
    console.device->write(console.device, bytes, count);
    console.writing = false;
}

void console_write(const char *bytes, size_t count)
{
    const char *end = bytes + count, *start = bytes;
    for (const char *at = bytes; at != end; at++) {
        if (*at != '\n')
            continue;
        if (at != start)
            write_piece(start, (size_t)(at - start));
        write_piece("\r\n", 2);
        start = at + 1;
    }
    if (start != end)
        write_piece(start, (size_t)(end - start));
}

size_t console_read(char *bytes, size_t size)
{
    if (console.device)
        return console.device->read(console.device, bytes, size);

    size_t count = 0;
    for (int byte; count < size && (byte = machine_console_get()) >= 0; count++)
        bytes[count] = (char)byte;
    return count;
}

bool console_has_ended(void)
{
    return console.device && console.device->has_ended &&
           console.device->has_ended(console.device);
}

void console_set_receiver(void (*available)(void))
{
    console.available = available;
}

void console_notify(void)
{
    if (console.available)
        console.available();
}
