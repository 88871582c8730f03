// SPDX-License-Identifier: MIT
//
// The machine's devices, seen from their own side: registers that are functions, and work
// that they do between the threads' turns.
//
// A register access only changes the device's state. What it is told to do there, it does
// when the kernel looks at its interrupt lines (line.c), as real devices work while the
// processor runs on.
// Chapter 05.
#include <poll.h>

#include "host.h"
#include "machine.h"
#include "panic.h"

enum { POLLS_BETWEEN_LOOKS = 64 };

static struct {
    struct host_device *first; // the newest
    bool somebody_wants_to_run;
} devices;

struct machine_polling machine_polling;

void machine_poll_now(void)
{
    machine_polling.skip = POLLS_BETWEEN_LOOKS - 1;
    if (machine_polling.look)
        machine_polling.look();
}

void host_poll_soon(void)
{
    machine_polling.skip = 0;
}

// ---- Work ---------------------------------------------------------------------------

void host_device_wake(struct host_device *device)
{
    device->wants_to_run = true;
    devices.somebody_wants_to_run = true;
    host_poll_soon();
}

bool host_devices_run(void)
{
    if (!devices.somebody_wants_to_run)
        return false;
    devices.somebody_wants_to_run = false;
    for (struct host_device *device = devices.first; device; device = device->next) {
        if (!device->wants_to_run)
            continue;
        device->wants_to_run = false;
        device->run(device);
    }
    return devices.somebody_wants_to_run;
}

unsigned host_devices_watch(struct pollfd *polled, unsigned size)
{
    unsigned count = 0;
    for (struct host_device *device = devices.first; device; device = device->next) {
        if (device->input != HOST_NO_DESCRIPTOR && count < size)
            polled[count++] = (struct pollfd){.fd = device->input, .events = POLLIN};
        if (device->output != HOST_NO_DESCRIPTOR && count < size)
            polled[count++] = (struct pollfd){.fd = device->output, .events = POLLOUT};
    }
    return count;
}

void host_devices_found(const struct pollfd *polled, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (struct host_device *device = devices.first; device; device = device->next)
            if (polled[i].revents != 0 &&
                (device->input == polled[i].fd || device->output == polled[i].fd))
                host_device_wake(device);
}

// ---- Registers ----------------------------------------------------------------------

void host_device_add(struct host_device *device)
{
    device->next = devices.first;
    devices.first = device;
}

// The device that has all of [address, address + size), or NULL.
static struct host_device *device_at(uint64_t address, uint64_t size)
{
    for (struct host_device *device = devices.first; device; device = device->next)
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
