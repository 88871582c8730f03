// SPDX-License-Identifier: MIT
//
// Interrupts by message (6.8.2): a device writes a word of our choice where we choose.
//
//   pci_msix_start(function)               how many it can send
//   pci_msix_set(function, entry, message) what it writes for one, and where
//   pci_msix_unmask(function, entry)
//
// The table of them is among the device's registers. Nobody shares anything here: each queue of
// a device can have an interrupt of its own.
// Chapter 28.
#include "drivers/pci/pci.h"

#include "irq.h"
#include "machine.h"

enum { // of the capability; the table's place has the number of its bar in the lowest bits
    CONTROL = 2,
    TABLE = 4,
    CAPABILITY_SIZE = 12,
    CONTROL_SIZE = 0x7ff, // entries, less one
    CONTROL_MASK_ALL = 1 << 14,
    CONTROL_ENABLE = 1 << 15,
    TABLE_BAR = 7,
};

enum { ADDRESS = 0, ADDRESS_HIGH = 4, DATA = 8, ENTRY_CONTROL = 12, ENTRY_SIZE = 16 };
enum { ENTRY_MASKED = 1 };

// 0: it has none.
static unsigned find(const struct pci_function *function)
{
    unsigned at = pci_capability(function, PCI_CAP_MSIX, 0);
    return at + CAPABILITY_SIZE <= PCI_CONFIG_END ? at : 0;
}

static void set_control(const struct pci_function *function, unsigned at, bool on)
{
    uint16_t others = pci_read16(function, at + CONTROL);
    others &= (uint16_t)~(CONTROL_ENABLE | CONTROL_MASK_ALL);
    pci_write16(function, at + CONTROL, others | (on ? CONTROL_ENABLE : 0));
}

unsigned pci_msix_start(struct pci_function *function)
{
    unsigned at = find(function);
    if (at == 0)
        return 0;
    unsigned count = (pci_read16(function, at + CONTROL) & CONTROL_SIZE) + 1u;
    uint32_t place = pci_read32(function, at + TABLE);
    function->msix = pci_map(function, place & TABLE_BAR, place & ~(uint32_t)TABLE_BAR,
                             (size_t)count * ENTRY_SIZE);
    if (!function->msix)
        return 0;
    for (unsigned i = 0; i < count; i++)
        mmio_write32(function->msix + i * ENTRY_SIZE + ENTRY_CONTROL, ENTRY_MASKED);
    set_control(function, at, true);
    return count;
}

void pci_msix_set(const struct pci_function *function, unsigned entry,
                  const struct irq_message *message)
{
    volatile uint8_t *at = function->msix + entry * ENTRY_SIZE;
    mmio_write32(at + ADDRESS, (uint32_t)message->address);
    mmio_write32(at + ADDRESS_HIGH, (uint32_t)(message->address >> 32));
    mmio_write32(at + DATA, message->data);
}

void pci_msix_unmask(const struct pci_function *function, unsigned entry)
{
    mmio_write32(function->msix + entry * ENTRY_SIZE + ENTRY_CONTROL, 0);
}

void pci_msix_stop(struct pci_function *function)
{
    unsigned at = find(function);
    if (at != 0)
        set_control(function, at, false);
    function->msix = NULL;
}
