// SPDX-License-Identifier: MIT
//
// Addresses for everything on the bus, where the firmware gave none.
//
// The host passes three windows of addresses on to the bus. They are given out from their
// starts on, each bar at a multiple of its size. What is behind a bridge gets addresses in a
// row, since a bridge passes one range on in each space (bridge 3.2.5): where it begins is
// where we stand on the way in, where it ends where we stand on the way out.
// Chapter 28.
#include "drivers/pci/pci.h"

#include "print.h"

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
    IO_SHIFT = 8, // from an address to what a bridge's register holds
    MEMORY_SHIFT = 16,
    BRIDGE_WIDE = 1, // of a register: there are further ones for the upper half
};

static struct {
    uint64_t next[PCI_SPACES], end[PCI_SPACES]; // what is left of the windows
} room;

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & -unit;
}

// A bridge's ranges are multiples of that.
static uint64_t unit_of(enum pci_space space)
{
    return space == PCI_IO ? 4 * KIB : MIB;
}

// ---- Bars -------------------------------------------------------------------------------
static bool take(struct pci_bar *bar, enum pci_space space)
{
    uint64_t start = round_up(room.next[space], bar->size), end = room.end[space];
    if (start < room.next[space] || start > end || bar->size > end - start)
        return false;
    bar->start = start;
    bar->space = space;
    room.next[space] = start + bar->size;
    return true;
}

// What a bridge passes on beyond 4 GiB may be read ahead.
static bool may_lie_high(const struct pci_function *function, const struct pci_bar *bar)
{
    const struct pci_function *bridge = function->bridge;
    return !bridge || (bar->prefetchable && bridge->behind[PCI_MEMORY_64].placed);
}

static void write_bar(struct pci_function *function, unsigned i, bool wide)
{
    struct pci_bar *bar = &function->bars[i];
    unsigned offset = PCI_BARS + 4 * i;
    pci_write32(function, offset, (uint32_t)bar->start);
    if (wide)
        pci_write32(function, offset + 4, (uint32_t)(bar->start >> 32));

    uint32_t flags = bar->space == PCI_IO ? 3 : 0xf;
    bar->placed = (pci_read32(function, offset) & ~flags) == (uint32_t)bar->start &&
                  (!wide || pci_read32(function, offset + 4) == bar->start >> 32);
}

// There is little room below 4 GiB, and some bars have no other.
static void place_bar(struct pci_function *function, unsigned i)
{
    struct pci_bar *bar = &function->bars[i];
    bool wide = bar->space == PCI_MEMORY_64;
    bool taken = (wide && may_lie_high(function, bar) && take(bar, PCI_MEMORY_64)) ||
                 take(bar, wide ? PCI_MEMORY : bar->space);
    if (taken)
        write_bar(function, i, wide);
    if (!bar->placed)
        log_debug("%s: no address for the %llu KiB of bar %u", function->name,
                  (unsigned long long)(bar->size >> 10), i);
}

// Of an address that the firmware gave: in which window it lies.
static void recognise_bar(const struct pci_host *host, struct pci_bar *bar)
{
    for (unsigned space = 0; space < PCI_SPACES && !bar->placed && bar->start > 0; space++) {
        const struct pci_window *window = &host->windows[space];
        if (bar->size == 0 || (space == PCI_IO) != (bar->space == PCI_IO) ||
            bar->start < window->start || bar->size > window->size ||
            bar->start - window->start > window->size - bar->size)
            continue;
        bar->space = (enum pci_space)space;
        bar->placed = true;
    }
}

// ---- Bridges ----------------------------------------------------------------------------
// `first` to `end`; the same: it passes nothing on, which a base above the limit says.
static void write_range(struct pci_function *bridge, enum pci_space space, uint64_t first,
                        uint64_t end)
{
    bool empty = first >= end;
    uint64_t base = empty ? UINT32_MAX : first, limit = empty ? 0 : end - 1;
    if (space == PCI_IO) {
        pci_write32(bridge, PCI_IO_HIGH, 0);
        pci_write8(bridge, PCI_IO_BASE, base >> IO_SHIFT & 0xf0);
        pci_write8(bridge, PCI_IO_BASE + 1, limit >> IO_SHIFT & 0xf0);
        return;
    }
    unsigned offset = space == PCI_MEMORY ? PCI_MEMORY_BASE : PCI_PREFETCH_BASE;
    pci_write16(bridge, offset, base >> MEMORY_SHIFT & 0xfff0);
    pci_write16(bridge, offset + 2, limit >> MEMORY_SHIFT & 0xfff0);
    if (space == PCI_MEMORY_64) {
        pci_write32(bridge, PCI_PREFETCH_BASE_HIGH, (uint32_t)(base >> 32));
        pci_write32(bridge, PCI_PREFETCH_LIMIT_HIGH, (uint32_t)(limit >> 32));
    }
}

static void enter(struct pci_function *bridge)
{
    struct pci_function *above = bridge->bridge;
    bool passes_high = (pci_read16(bridge, PCI_PREFETCH_BASE) & 0xf) == BRIDGE_WIDE;
    for (unsigned space = 0; space < PCI_SPACES; space++) {
        uint64_t start = round_up(room.next[space], unit_of(space));
        if (start > room.end[space])
            start = room.end[space];
        room.next[space] = bridge->behind[space].start = start;
        bridge->behind[space].space = (enum pci_space)space;
        bridge->behind[space].placed = true;
    }
    bridge->behind[PCI_MEMORY_64].placed =
        passes_high && (!above || above->behind[PCI_MEMORY_64].placed);
}

static void leave(struct pci_function *bridge)
{
    for (unsigned space = 0; space < PCI_SPACES; space++) {
        struct pci_bar *range = &bridge->behind[space];
        room.next[space] = round_up(room.next[space], unit_of(space));
        range->size = room.next[space] - range->start;
        write_range(bridge, (enum pci_space)space, range->start, room.next[space]);
    }
    uint16_t command = pci_read16(bridge, PCI_COMMAND);
    pci_write16(bridge, PCI_COMMAND,
                command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

// ---- All of it --------------------------------------------------------------------------
// In whole units, so that what is rounded up never leaves a window. Address 0 is none.
static void open_windows(const struct pci_host *host)
{
    static const uint64_t reach[PCI_SPACES] = {UINT64_C(1) << 16, UINT64_C(1) << 32, INT64_MAX};
    for (unsigned space = 0; space < PCI_SPACES; space++) {
        const struct pci_window *window = &host->windows[space];
        uint64_t unit = unit_of(space), end = window->start + window->size;
        room.next[space] = round_up(window->start ? window->start : unit, unit);
        room.end[space] = (end < reach[space] ? end : reach[space]) & -unit;
    }
}

static void recognise(const struct pci_host *host)
{
    for (struct pci_function *function = NULL; (function = pci_next(function));) {
        for (unsigned i = 0; i < PCI_BARS_MAX; i++)
            recognise_bar(host, &function->bars[i]);
    }
}

static void place(struct pci_function *function)
{
    for (unsigned i = 0; i < PCI_BARS_MAX; i++) {
        if (function->bars[i].size > 0)
            place_bar(function, i);
    }
}

void pci_assign(struct pci_host *host)
{
    struct pci_function *bridge = NULL, *function = NULL;
    if (host->is_assigned) {
        recognise(host);
        return;
    }
    open_windows(host);
    while ((function = pci_next(function))) {
        for (; bridge != function->bridge; bridge = bridge->bridge)
            leave(bridge);
        place(function);
        if (function->secondary != 0) {
            enter(function);
            bridge = function;
        }
    }
    for (; bridge; bridge = bridge->bridge)
        leave(bridge);
}
