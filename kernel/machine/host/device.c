// SPDX-License-Identifier: MIT
//
// The machine's devices, seen from their own side: interrupt lines that are file
// descriptors, and registers that are functions.
//
// A line interrupts while its descriptor can be read, the device wants to (listen), the
// controller lets it (enable) and nobody is at it already (claim to complete).
// Chapter 05.
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "host.h"
#include "machine.h"
#include "panic.h"

enum { POLLS_BETWEEN_LOOKS = 64 };

struct line {
    int descriptor;
    bool connected, listens, enabled, claimed;
    bool ready; // found readable and not claimed since
};

static struct {
    struct line lines[HOST_LINES]; // by source number; 0 stays free
    struct host_device *registers; // devices that have some, the newest first
} devices;

struct machine_polling machine_polling;

void machine_poll_now(void)
{
    machine_polling.skip = POLLS_BETWEEN_LOOKS - 1;
    if (machine_polling.look)
        machine_polling.look();
}

static struct line *line_of(unsigned source)
{
    ASSERT(source > 0 && source < HOST_LINES);
    return &devices.lines[source];
}

void host_line_connect(unsigned source, int descriptor)
{
    *line_of(source) = (struct line){.descriptor = descriptor, .connected = true};
}

void host_line_end(unsigned source)
{
    line_of(source)->connected = false;
}

void host_line_listen(unsigned source, bool on)
{
    line_of(source)->listens = on;
}

void host_line_enable(unsigned source, bool on)
{
    line_of(source)->enabled = on;
}

static bool may_interrupt(const struct line *line)
{
    return line->connected && line->listens && line->enabled && !line->claimed;
}

unsigned host_line_claim(void)
{
    for (unsigned source = 1; source < HOST_LINES; source++) {
        struct line *line = &devices.lines[source];
        if (!line->ready || !may_interrupt(line))
            continue;
        line->ready = false;
        line->claimed = true;
        return source;
    }
    return 0;
}

void host_line_complete(unsigned source)
{
    line_of(source)->claimed = false;
}

// The lines that may interrupt, for poll(), and beside it. Returns how many.
static unsigned collect_lines(struct pollfd *polled, struct line **lines)
{
    unsigned count = 0;
    for (unsigned source = 1; source < HOST_LINES; source++) {
        struct line *line = &devices.lines[source];
        if (!may_interrupt(line))
            continue;
        polled[count] = (struct pollfd){.fd = line->descriptor, .events = POLLIN};
        lines[count++] = line;
    }
    return count;
}

bool host_line_wait(uint64_t timeout_ns)
{
    struct pollfd polled[HOST_LINES];
    struct line *lines[HOST_LINES];
    unsigned count = collect_lines(polled, lines);
    if (count == 0 && timeout_ns == 0)
        return false;

    const struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ns / 1000000000),
        .tv_nsec = (long)(timeout_ns % 1000000000),
    };
    int found = ppoll(polled, count, timeout_ns == MACHINE_NEVER ? NULL : &timeout, NULL);
    for (unsigned i = 0; found > 0 && i < count; i++)
        lines[i]->ready = polled[i].revents != 0;
    return found > 0;
}

void host_device_add(struct host_device *device)
{
    device->next = devices.registers;
    devices.registers = device;
}

// The device that has all of [address, address + size), or NULL.
static struct host_device *device_at(uint64_t address, uint64_t size)
{
    for (struct host_device *device = devices.registers; device; device = device->next)
        if (address >= device->address && size <= device->size &&
            address - device->address <= device->size - size)
            return device;
    return NULL;
}

void *machine_map_device(uint64_t physical, size_t size)
{
    return device_at(physical, size) ? (void *)physical : NULL;
}

static struct host_device *device_or_panic(uint64_t address, unsigned width, const char *what)
{
    struct host_device *device = device_at(address, width);
    if (!device)
        panic("%s of %u bytes at %#llx: no device has registers there; addresses come from "
              "machine_map_device()",
              what, width, (unsigned long long)address);
    return device;
}

uint64_t machine_device_read(const volatile void *address, unsigned width)
{
    struct host_device *device = device_or_panic((uintptr_t)address, width, "a read");
    return device->read(device, (uintptr_t)address - device->address, width);
}

void machine_device_write(volatile void *address, unsigned width, uint64_t value)
{
    struct host_device *device = device_or_panic((uintptr_t)address, width, "a write");
    device->write(device, (uintptr_t)address - device->address, width, value);
}
