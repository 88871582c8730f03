// SPDX-License-Identifier: MIT
//
// The console: where the kernel's words go and where keys come from.
//
// Until a driver registers, both go through the firmware (machine_console_put), which works
// from the first instruction. A device whose own code prints or faults while it writes is
// given up for the firmware's console, so that the report of that fault is still seen.
// A second console gets the same words and gives keys, too; it is given up likewise.
// Chapter 02.
#include "console.h"

#include "error.h"
#include "machine.h"

// Where a device is plugged in.
struct place {
    struct console_device *device; // or NULL
    bool writing;                  // its write() has not returned yet
};

static struct {
    struct place first;  // without a device: the firmware's console
    struct place second; // beside it
    void (*available)(void);
} console;

void console_set_device(struct console_device *device)
{
    console.first.device = device;
}

struct console_device *console_device(void)
{
    return console.first.device;
}

int console_set_second(struct console_device *device)
{
    if (device && console.second.device)
        return -EBUSY;
    console.second.device = device;
    return 0;
}

void console_fall_back(void)
{
    console.first = console.second = (struct place){NULL, false};
}

// False: there is no device.
static bool write_to(struct place *place, const char *bytes, size_t count)
{
    // We are here from inside the device's write(): it cannot be trusted with the words
    // about its own fault.
    if (place->writing)
        *place = (struct place){NULL, false};
    if (!place->device)
        return false;
    place->writing = true;
    place->device->write(place->device, bytes, count);
    place->writing = false;
    return true;
}

static void write_piece(const char *bytes, size_t count)
{
    if (!write_to(&console.first, bytes, count)) {
        for (size_t i = 0; i < count; i++)
            machine_console_put(bytes[i]);
    }
    write_to(&console.second, bytes, count);
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

static size_t read_from_first(char *bytes, size_t size)
{
    struct console_device *device = console.first.device;
    if (device)
        return device->read(device, bytes, size);

    size_t count = 0;
    for (int byte; count < size && (byte = machine_console_get()) >= 0; count++)
        bytes[count] = (char)byte;
    return count;
}

size_t console_read(char *bytes, size_t size)
{
    struct console_device *second = console.second.device;
    size_t count = read_from_first(bytes, size);
    if (second && count < size)
        count += second->read(second, bytes + count, size - count);
    return count;
}

// With a second one there may always be somebody to type.
bool console_has_ended(void)
{
    struct console_device *device = console.first.device;
    return !console.second.device && device && device->has_ended && device->has_ended(device);
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
