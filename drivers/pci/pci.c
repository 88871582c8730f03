// SPDX-License-Identifier: MIT
//
// PCI: a bus that says what is on it.
//
//   pci_init(host)                         once: everything on it is found and placed
//   for (f = NULL; (f = pci_next(f));)     each function of each device
//
// A place where nothing is reads as all ones, so looking at every place finds every device.
// A bridge leads to a further bus, which gets the next free number and is gone over before
// the rest of its own bus: so the buses behind a bridge have numbers in a row, and a bridge
// only has to know the first and the last.
// Chapter 28.
#include "drivers/pci/pci.h"

#include "format.h"
#include "heap.h"
#include "machine.h"
#include "print.h"

enum {
    VENDOR_NONE = 0xffff,
    HEADER_MULTI = 0x80, // of the header type: the device has further functions
    FUNCTIONS_MAX = 1024,
};

static struct {
    struct list functions;
    unsigned count;
    unsigned last_bus; // the highest number that is given out
    bool is_full;      // one more was wanted than there are
} pci = {.functions = {&pci.functions, &pci.functions}};

struct pci_function *pci_next(struct pci_function *function)
{
    struct list *next = function ? function->all.next : pci.functions.next;
    return next == &pci.functions ? NULL : container_of(next, struct pci_function, all);
}

// ---- Places -----------------------------------------------------------------------------
static bool has_more_functions(const struct pci_function *place)
{
    struct pci_function first = *place;
    first.number = 0;
    return pci_read16(&first, PCI_VENDOR) != VENDOR_NONE &&
           (pci_read8(&first, PCI_HEADER_TYPE) & HEADER_MULTI);
}

// To the next place on the bus; behind the last one, `slot` is PCI_SLOTS.
static void step(struct pci_function *place)
{
    if (++place->number < PCI_FUNCTIONS && has_more_functions(place))
        return;
    place->number = 0;
    place->slot++;
}

// A firmware may have left the device asking, and nobody would ever answer: a wire that it
// shares would ask for ever. pci_connect() gives it back.
static void take_wire(struct pci_function *function)
{
    uint16_t command = pci_read16(function, PCI_COMMAND);
    pci_write16(function, PCI_COMMAND, command | PCI_COMMAND_NO_INTX);
}

// What is at that place, now on the list; or NULL.
static struct pci_function *look_at(const struct pci_function *place)
{
    uint16_t vendor = pci_read16(place, PCI_VENDOR);
    if (vendor == VENDOR_NONE || pci.count == FUNCTIONS_MAX)
        return NULL;
    struct pci_function *found = heap_alloc(sizeof(*found));
    if (!found || ++pci.count == FUNCTIONS_MAX)
        log_warning("pci: %s: what comes behind device %u is left out",
                    found ? "too many devices" : "no memory", pci.count);
    if (!found)
        return NULL;

    *found = *place;
    found->vendor = vendor;
    found->device = pci_read16(place, PCI_DEVICE);
    found->class = pci_read32(place, PCI_REVISION) >> 8;
    snprintf(found->name, sizeof(found->name), "%02x:%02x.%x", found->bus, found->slot,
             found->number);
    list_append(&pci.functions, &found->all);
    take_wire(found);
    pci_measure_bars(found);
    return found;
}

// ---- Bridges ----------------------------------------------------------------------------
// Its own bus, the one behind it, and the last one behind that: all in one register.
static void write_buses(struct pci_function *bridge)
{
    uint32_t others = pci_read32(bridge, PCI_PRIMARY_BUS) & 0xff000000;
    pci_write32(bridge, PCI_PRIMARY_BUS,
                others | bridge->bus | (uint32_t)bridge->secondary << 8 |
                    (uint32_t)bridge->subordinate << 16);
}

// Whether there is a bus behind it that can be gone over. Until its last bus is known it
// passes on what is for any of them.
static bool open_bridge(struct pci_function *bridge)
{
    unsigned last = bridge->host->bus_last;
    if ((pci_read8(bridge, PCI_HEADER_TYPE) & PCI_HEADER_LAYOUT) != PCI_HEADER_BRIDGE)
        return false;
    if (pci.last_bus >= last) {
        if (!pci.is_full)
            log_warning("%s: no number is left for the bus behind it, which is left out",
                        bridge->name);
        pci.is_full = true;
        return false;
    }
    bridge->secondary = (uint8_t)(pci.last_bus + 1);
    bridge->subordinate = (uint8_t)last;
    write_buses(bridge);
    uint32_t found = pci_read32(bridge, PCI_PRIMARY_BUS) >> 8 & 0xffff;
    if (found == (bridge->secondary | last << 8)) {
        pci.last_bus++;
        return true;
    }
    log_warning("%s: a bridge that does not take its bus numbers: expected %#x, found %#x; "
                "what is behind it is left out",
                bridge->name, bridge->secondary | last << 8, (unsigned)found);
    bridge->secondary = bridge->subordinate = 0;
    return false;
}

static void close_bridge(struct pci_function *bridge)
{
    bridge->subordinate = (uint8_t)pci.last_bus;
    write_buses(bridge);
}

// ---- All of it --------------------------------------------------------------------------
// From a bridge down to its bus; at the end of a bus up again, to the place behind the bridge.
static void scan(struct pci_host *host)
{
    struct pci_function place = {.host = host, .bus = (uint8_t)host->bus_first};
    pci.last_bus = host->bus_first;
    pci.count = 0;
    pci.is_full = false;

    while (place.slot < PCI_SLOTS) {
        struct pci_function *found = look_at(&place);
        if (found && open_bridge(found)) {
            place = (struct pci_function){
                .host = host, .bridge = found, .bus = found->secondary};
            continue;
        }
        step(&place);
        while (place.slot == PCI_SLOTS && place.bridge) {
            struct pci_function *bridge = place.bridge;
            close_bridge(bridge);
            place = (struct pci_function){.host = host,
                                          .bridge = bridge->bridge,
                                          .bus = bridge->bus,
                                          .slot = bridge->slot,
                                          .number = bridge->number};
            step(&place);
        }
    }
}

void pci_init(struct pci_host *host)
{
    if (!host)
        return;
    if (host->config_size > 0) {
        host->config = machine_map_device(host->config_address, host->config_size);
        if (!host->config) {
            log_warning("pci: its %llu KiB of registers at %#llx cannot be reached",
                        (unsigned long long)(host->config_size >> 10),
                        (unsigned long long)host->config_address);
            return;
        }
    }
    scan(host);
    pci_assign(host);
}
