// SPDX-License-Identifier: MIT
//
// A PCI bus made of variables: configuration spaces with bits that can be written and bits
// that cannot, and bridges that pass on what their registers say.
#pragma once

#include "drivers/pci/pci.h"
#include "heap.h"
#include "list.h"
#include "string.h"

enum { FAKE_FUNCTIONS = 300, FAKE_BARS = 6 };

struct fake_function {
    const struct fake_function *bridge; // that it is behind; NULL: on the first bus
    uint8_t slot, number;
    uint8_t bytes[PCI_CONFIG_END];
    uint8_t writable[PCI_CONFIG_END]; // which bits
};

static struct {
    struct fake_function functions[FAKE_FUNCTIONS];
    unsigned count;
    bool echoes; // every bus shows what is on the first
    unsigned reads;
    struct pci_host host;
} fake_pci;

// ---- The bus's side -----------------------------------------------------------------------
// Whether an access for that bus gets to where the function is.
static bool fake_pci_reaches(const struct fake_function *function, unsigned bus)
{
    const struct fake_function *bridge = function->bridge;
    if (fake_pci.echoes)
        return !bridge;
    if (!bridge)
        return bus == fake_pci.host.bus_first;
    if (bridge->bytes[PCI_PRIMARY_BUS + 1] != bus || bus == 0)
        return false;
    for (bridge = bridge->bridge; bridge; bridge = bridge->bridge) {
        if (bus < bridge->bytes[PCI_PRIMARY_BUS + 1] ||
            bus > bridge->bytes[PCI_PRIMARY_BUS + 2])
            return false;
    }
    return true;
}

static struct fake_function *fake_pci_at(uint32_t where)
{
    for (unsigned i = 0; i < fake_pci.count; i++) {
        struct fake_function *function = &fake_pci.functions[i];
        if (function->slot == (where >> 15 & 31) && function->number == (where >> 12 & 7) &&
            fake_pci_reaches(function, where >> 20))
            return function;
    }
    return NULL;
}

static uint32_t fake_pci_read(const struct pci_host *host, uint32_t where, unsigned width)
{
    const struct fake_function *function = fake_pci_at(where);
    uint32_t value = UINT32_MAX;
    fake_pci.reads++;
    if (function)
        memcpy(&value, function->bytes + (where & 0xff), width);
    return value;
}

static void fake_pci_write(const struct pci_host *host, uint32_t where, unsigned width,
                           uint32_t value)
{
    struct fake_function *function = fake_pci_at(where);
    for (unsigned i = 0; function && i < width; i++, value >>= 8) {
        uint8_t *byte = &function->bytes[(where & 0xff) + i];
        uint8_t mask = function->writable[(where & 0xff) + i];
        *byte = (uint8_t)((*byte & ~mask) | (value & mask));
    }
}

// ---- Making one ---------------------------------------------------------------------------
// An empty bus; what was found on the last one is forgotten.
static inline void fake_pci_begin(void)
{
    struct pci_function *function;
    while ((function = pci_next(NULL))) {
        list_remove(&function->all);
        heap_free(function);
    }
    memset(&fake_pci, 0, sizeof(fake_pci));
    fake_pci.host = (struct pci_host){
        .read = fake_pci_read,
        .write = fake_pci_write,
        .bus_last = 255,
        .windows = {[PCI_IO] = {.size = 0x10000, .address = 0x3000000},
                    [PCI_MEMORY] = {0x40000000, 0x40000000, 0x40000000},
                    [PCI_MEMORY_64] = {0x400000000, 0x400000000, 0x400000000}},
    };
}

static inline void fake_pci_set16(struct fake_function *function, unsigned at, uint16_t value)
{
    memcpy(function->bytes + at, &value, sizeof(value));
}

static inline void fake_pci_set32(struct fake_function *function, unsigned at, uint32_t value)
{
    memcpy(function->bytes + at, &value, sizeof(value));
}

static inline struct fake_function *fake_pci_add(const struct fake_function *bridge,
                                                 unsigned slot, unsigned number)
{
    struct fake_function *function = &fake_pci.functions[fake_pci.count++];
    function->bridge = bridge;
    function->slot = (uint8_t)slot;
    function->number = (uint8_t)number;
    fake_pci_set16(function, PCI_VENDOR, 0x1234);
    fake_pci_set16(function, PCI_DEVICE, (uint16_t)(slot << 8 | number));
    memset(function->writable + PCI_COMMAND, 0xff, 2);
    return function;
}

static inline struct fake_function *fake_pci_add_bridge(const struct fake_function *bridge,
                                                        unsigned slot)
{
    struct fake_function *function = fake_pci_add(bridge, slot, 0);
    function->bytes[PCI_HEADER_TYPE] = 1;
    fake_pci_set32(function, PCI_REVISION, 0x06040000);
    memset(function->writable + PCI_PRIMARY_BUS, 0xff, 3);
    memset(function->writable + PCI_IO_BASE, 0xf0, 2);
    for (unsigned at = PCI_MEMORY_BASE; at < PCI_PREFETCH_BASE_HIGH; at += 2)
        fake_pci_set16(function, at, at >= PCI_PREFETCH_BASE), // 1: it has 64 bits
            function->writable[at] = 0xf0, function->writable[at + 1] = 0xff;
    memset(function->writable + PCI_PREFETCH_BASE_HIGH, 0xff, 12);
    return function;
}

// `flags`: the lowest bits of the bar. A size of more than 32 bits needs 4 in them.
static inline void fake_pci_set_bar(struct fake_function *function, unsigned i, uint32_t flags,
                                    uint64_t size)
{
    uint64_t bits = -size;
    fake_pci_set32(function, PCI_BARS + 4 * i, flags);
    memcpy(function->writable + PCI_BARS + 4 * i, &bits, (flags & 7) == 4 ? 8 : 4);
}

// A capability at that place, and where the list goes on.
static inline void fake_pci_set_capability(struct fake_function *function, unsigned at,
                                           uint8_t id, uint8_t next)
{
    function->bytes[PCI_STATUS] |= 1 << 4;
    function->bytes[at] = id;
    function->bytes[at + 1] = next;
}

// The function that was found at that place, or NULL.
static inline struct pci_function *fake_pci_found(const char *name)
{
    struct pci_function *function = NULL;
    do
        function = pci_next(function);
    while (function && strcmp(function->name, name) != 0);
    return function;
}

static inline unsigned fake_pci_found_count(void)
{
    unsigned count = 0;
    for (struct pci_function *function = NULL; (function = pci_next(function));)
        count++;
    return count;
}
