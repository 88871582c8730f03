// SPDX-License-Identifier: MIT
//
// Base address registers: how much room a device's registers need, and the way to them.
//
// A bar has no field for its size. What is written into it keeps only those bits that make an
// address: of all ones written, the lowest that stays is the size (6.2.5.1).
// Chapter 28.
#include "drivers/pci/pci.h"

#include "machine.h"
#include "print.h"

enum {
    BARS_OF_DEVICE = 6, // header layout 0
    BARS_OF_BRIDGE = 2, // 1
    BAR_IO = 1,
    BAR_WIDE = 2 << 1, // 64 bits: the next register is its upper half
    BAR_TYPE = 3 << 1,
    BAR_PREFETCHABLE = 8,
    CLASS_HOST_BRIDGE = 0x060000,
};

static unsigned bar_count(const struct pci_function *function)
{
    static const unsigned counts[] = {BARS_OF_DEVICE, BARS_OF_BRIDGE};
    unsigned layout = pci_read8(function, PCI_HEADER_TYPE) & PCI_HEADER_LAYOUT;
    // What the processor's own bridge decodes is not ours to move.
    bool has_none = layout > PCI_HEADER_BRIDGE || function->class == CLASS_HOST_BRIDGE;
    return has_none ? 0 : counts[layout];
}

// Which of its bits can be set. It keeps its value.
static uint32_t probe(const struct pci_function *function, unsigned offset, uint32_t *value)
{
    *value = pci_read32(function, offset);
    pci_write32(function, offset, UINT32_MAX);
    uint32_t mask = pci_read32(function, offset);
    pci_write32(function, offset, *value);
    return mask;
}

static uint64_t lowest_bit(uint64_t bits)
{
    return bits & -bits;
}

static void measure_memory(struct pci_function *function, unsigned i, uint32_t mask,
                           uint32_t value)
{
    struct pci_bar *bar = &function->bars[i];
    uint64_t bits = mask & ~0xfu, start = value & ~0xfu;
    bar->space = PCI_MEMORY;
    bar->prefetchable = mask & BAR_PREFETCHABLE;
    if ((mask & BAR_TYPE) == BAR_WIDE) {
        uint32_t high;
        bits |= (uint64_t)probe(function, PCI_BARS + 4 * (i + 1), &high) << 32;
        start |= (uint64_t)high << 32;
        bar->space = PCI_MEMORY_64;
    }
    bar->size = lowest_bit(bits);
    bar->start = start;
}

// How many registers it takes.
static unsigned measure(struct pci_function *function, unsigned i, unsigned count)
{
    struct pci_bar *bar = &function->bars[i];
    uint32_t value, mask = probe(function, PCI_BARS + 4 * i, &value);
    if (mask & BAR_IO) {
        *bar = (struct pci_bar){.size = lowest_bit(mask & ~3u),
                                .start = value & ~3u,
                                .space = PCI_IO};
        return 1;
    }
    unsigned type = mask & BAR_TYPE, registers = type == BAR_WIDE ? 2 : 1;
    if ((type == 0 || type == BAR_WIDE) && i + registers <= count)
        measure_memory(function, i, mask, value);
    return registers;
}

// Nothing may answer at the addresses that stand there meanwhile.
void pci_measure_bars(struct pci_function *function)
{
    unsigned count = bar_count(function);
    uint16_t command = pci_read16(function, PCI_COMMAND);
    uint16_t deaf = command & (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    pci_write16(function, PCI_COMMAND, deaf);
    for (unsigned i = 0; i < count;)
        i += measure(function, i, count);
    pci_write16(function, PCI_COMMAND, command);
}

static const char *explain(const struct pci_bar *bar, uint64_t offset, size_t size)
{
    if (offset > bar->size || size > bar->size - offset)
        return "it is smaller than that";
    if (!bar->placed)
        return "it has no address: no room, or it took none (see lspci -v)";
    return bar->space == PCI_IO ? "it is for ports" : "nothing can be mapped at its address";
}

void *pci_map(const struct pci_function *function, unsigned bar, uint64_t offset, size_t size)
{
    static const struct pci_bar none;
    const struct pci_bar *found = bar < PCI_BARS_MAX ? &function->bars[bar] : &none;
    void *registers = NULL;
    if (found->placed && found->space != PCI_IO && offset <= found->size &&
        size <= found->size - offset) {
        const struct pci_window *window = &function->host->windows[found->space];
        uint64_t address = window->address + (found->start - window->start) + offset;
        registers = machine_map_device(address, size);
    }
    if (!registers)
        log_warning("%s: %llu bytes at %#llx of bar %u, of %llu bytes, cannot be reached: %s",
                    function->name, (unsigned long long)size, (unsigned long long)offset, bar,
                    (unsigned long long)found->size, explain(found, offset, size));
    return registers;
}

void pci_enable(const struct pci_function *function)
{
    uint16_t command = pci_read16(function, PCI_COMMAND);
    pci_write16(function, PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}
