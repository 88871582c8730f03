// SPDX-License-Identifier: MIT
//
// A virtio device whose every word is the fuzzer's: what it is, what it offers, and what it
// writes when. It begins by playing by the rules: bytes of 0 make a plain device. Where it
// has lied about a request, it leaves buffers alone: a device that writes to memory which
// is no longer its own does harm that no driver can prevent.
//
// Here is what it is, and its registers; what it does to its queues is in invented_queue.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/virtio/virtio.h"
#include "host.h"
#include "machine.h"

enum {
    REGISTERS = 0x1000, // address and size
    QUEUES = 2,
    HELD_MAX = 8,
    CONFIG_SIZE = 60,
};

// What can be odd from the start.
enum oddity {
    ODD_VERSION = 1,    // no VERSION_1
    ODD_REFUSAL = 2,    // FEATURES_OK does not stay
    ODD_CONFIG = 4,     // never stands still
    ODD_RESET = 8,      // never ends
    ODD_IDENTITY = 16,  // magic, version, id
    ODD_INTERRUPT = 32, // cannot be connected
    ODD_MEMORY = 64,    // runs out
    ODD_STATUS = 128,   // any value, any time
};

struct invented_queue {
    uint32_t size_max, size;
    uint64_t descriptors, available, used;
    bool ready, lied;
    uint16_t last_available, used_index;
    uint16_t held[HELD_MAX]; // heads of requests that it has taken
    unsigned held_count;
};

static struct {
    const uint8_t *input, *end; // what is left of the fuzzer's bytes
    uint8_t id, odd, status, interrupts;
    uint32_t features_half, selected, generation;
    uint64_t features;
    uint8_t config[CONFIG_SIZE];
    struct invented_queue queues[QUEUES];
} device;

// ---- The fuzzer's bytes ---------------------------------------------------------------
static bool has_input(void)
{
    return device.input < device.end;
}

static uint8_t next_byte(void)
{
    return has_input() ? *device.input++ : 0;
}

static uint32_t next_number(unsigned bytes)
{
    uint32_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | next_byte();
    return number;
}

// ---- Life -----------------------------------------------------------------------------
static void device_reset(void)
{
    for (unsigned i = 0; i < QUEUES; i++)
        device.queues[i] = (struct invented_queue){.size_max = device.queues[i].size_max};
    device.status = device.interrupts = 0;
}

static uint32_t queue_size(unsigned choice)
{
    return choice == 0 ? 64 : choice == 15 ? 0 : choice == 14 ? 100 : 1u << choice;
}

static void device_invent(const uint8_t *bytes, size_t size)
{
    static const uint8_t ids[] = {VIRTIO_BLK, VIRTIO_RNG, VIRTIO_CONSOLE};
    device.input = bytes;
    device.end = bytes + size;
    device.id = ids[next_byte() % 3];
    device.odd = next_byte();
    device.features = next_number(4) | (device.odd & ODD_VERSION ? 0 : VIRTIO_F_VERSION_1);
    uint8_t sizes = next_byte();
    device.queues[0].size_max = queue_size(sizes & 15);
    device.queues[1].size_max = queue_size(sizes >> 4);
    for (unsigned i = 0; i < CONFIG_SIZE; i++)
        device.config[i] = next_byte();
    device_reset();
}

// The way out of every wait: it wants a reset.
static void device_withdraw(void)
{
    device.odd &= (uint8_t)~ODD_STATUS;
    device.status |= VIRTIO_NEEDS_RESET;
    device.interrupts |= 2;
}

// ---- Registers (virtio 1.2, 4.2.2) ------------------------------------------------------
static struct invented_queue *selected_queue(void)
{
    static struct invented_queue none;
    return device.selected < QUEUES ? &device.queues[device.selected] : &none;
}

static uint32_t read_identity(uint64_t offset)
{
    static const uint32_t identity[] = {0x74726976, 2, 0, 0};
    if (device.odd & ODD_IDENTITY)
        return next_number(4);
    return offset == 8 ? device.id : identity[offset / 4];
}

static uint32_t read_config(uint64_t offset, unsigned width)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (offset + i < CONFIG_SIZE ? device.config[offset + i] : 0u) << 8 * i;
    return value;
}

uint64_t machine_device_read(const volatile void *address, unsigned width)
{
    uint64_t offset = (uintptr_t)address - REGISTERS;
    if (offset >= 0x100)
        return read_config(offset - 0x100, width);
    if (offset < 0x10)
        return read_identity(offset);
    switch (offset) {
    case 0x10: return (uint32_t)(device.features >> (device.features_half == 1 ? 32 : 0));
    case 0x34: return selected_queue()->size_max;
    case 0x44: return selected_queue()->ready;
    case 0x60: return device.interrupts;
    case 0x70: return device.odd & ODD_STATUS ? next_byte() : device.status;
    case 0xfc: return device.odd & ODD_CONFIG ? ++device.generation : 0;
    default: return next_byte();
    }
}

static void write_status(uint8_t status)
{
    if (status == 0)
        device_reset();
    device.status = status | (device.status & VIRTIO_NEEDS_RESET);
    if (status == 0 && (device.odd & ODD_RESET))
        device.status = VIRTIO_NEEDS_RESET;
    if (device.odd & ODD_REFUSAL)
        device.status &= (uint8_t)~VIRTIO_FEATURES_OK;
}

static void write_half(uint64_t *whole, bool high, uint32_t half)
{
    *whole = high ? (*whole & UINT32_MAX) | (uint64_t)half << 32 : half;
}

void machine_device_write(volatile void *address, unsigned width, uint64_t value)
{
    uint64_t offset = (uintptr_t)address - REGISTERS;
    uint32_t word = (uint32_t)value;
    struct invented_queue *queue = selected_queue();
    switch (offset) {
    case 0x14: device.features_half = word; break;
    case 0x30: device.selected = word; break;
    case 0x38: queue->size = word; break;
    case 0x44: queue->ready = word != 0; break;
    case 0x64: device.interrupts &= (uint8_t)~word; break;
    case 0x70: write_status((uint8_t)word); break;
    case 0x80:
    case 0x84: write_half(&queue->descriptors, offset & 4, word); break;
    case 0x90:
    case 0x94: write_half(&queue->available, offset & 4, word); break;
    case 0xa0:
    case 0xa4: write_half(&queue->used, offset & 4, word); break;
    default: break;
    }
}

void *machine_map_device(uint64_t physical, size_t size)
{
    return (void *)(uintptr_t)physical;
}
