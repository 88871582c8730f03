// SPDX-License-Identifier: MIT
//
// PCI: a bus that says what is on it.
//
//   struct pci_host *host = board_describe_pci(boot)   early: where the bus is, or NULL
//   pci_init(host)                         once: everything on it is found and placed
//   for (f = NULL; (f = pci_next(f));)     each function of each device
//   pci_read32(f, register)                its configuration space
//   pci_capability(f, PCI_CAP_MSIX, 0)     where in it a capability is
//   pci_map(f, bar, offset, size)          its registers, for mmio_read32() and so on
//   pci_enable(f)                          it may answer there, and reach memory
//
// Numbers like 6.2.5.1 are sections of the PCI Local Bus Specification 3.0, numbers behind
// "bridge" those of the PCI-to-PCI Bridge Architecture Specification 1.2. What a device says
// of itself is not trusted. Chapter 28.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct boot_info;
struct irq_message;
struct pci_host;

// Registers of the configuration space (6.1; bridge 3.2).
enum pci_register {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08, // and above it the class, 24 bits
    PCI_HEADER_TYPE = 0x0e,
    PCI_BARS = 0x10,
    PCI_PRIMARY_BUS = 0x18, // of a bridge; then secondary, subordinate
    PCI_IO_BASE = 0x1c,
    PCI_MEMORY_BASE = 0x20,
    PCI_PREFETCH_BASE = 0x24,
    PCI_PREFETCH_BASE_HIGH = 0x28,
    PCI_PREFETCH_LIMIT_HIGH = 0x2c,
    PCI_SUBSYSTEM = 0x2e,
    PCI_IO_HIGH = 0x30,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
    PCI_HEADER_END = 0x40,
    PCI_CONFIG_END = 0x100, // what every way of reaching it reaches
};

// Of the header type: which registers stand behind it. 0: a device's.
enum { PCI_HEADER_LAYOUT = 0x7f, PCI_HEADER_BRIDGE = 1, PCI_HEADER_CARDBUS = 2 };

enum pci_command { // 6.2.2
    PCI_COMMAND_IO = 1,
    PCI_COMMAND_MEMORY = 2,
    PCI_COMMAND_MASTER = 4, // it may read and write memory by itself
    PCI_COMMAND_NO_INTX = 1 << 10,
};

enum pci_capability_id { PCI_CAP_VENDOR = 0x09, PCI_CAP_MSIX = 0x11 };

// What can be given out: three kinds of addresses.
enum pci_space { PCI_IO, PCI_MEMORY, PCI_MEMORY_64, PCI_SPACES };

// A range of addresses that the host passes on to the bus.
struct pci_window {
    uint64_t start, size; // as the devices see it
    uint64_t address;     // where the processor sees its start
};

enum { PCI_SLOTS = 32, PCI_FUNCTIONS = 8, PCI_PINS = 4, PCI_BARS_MAX = 6 };

// The way from the processor to a bus. The board fills it; pci.c does the rest.
struct pci_host {
    // `where` is bus << 20 | slot << 15 | function << 12 | register, the width 1, 2 or 4.
    uint32_t (*read)(const struct pci_host *host, uint32_t where, unsigned width);
    void (*write)(const struct pci_host *host, uint32_t where, unsigned width, uint32_t value);
    uint64_t config_address, config_size; // of an ECAM: see pci_ecam.c
    volatile uint8_t *config;
    unsigned bus_first, bus_last;
    bool is_assigned; // the firmware has given out addresses, and they stay
    struct pci_window windows[PCI_SPACES];
    uint16_t irqs[PCI_SLOTS][PCI_PINS]; // the interrupt of a pin of a slot; 0: none
    bool has_lines; // the firmware has noted each function's interrupt with it instead
};

struct pci_bar {
    uint64_t size;  // 0: there is none
    uint64_t start; // as the device sees it
    enum pci_space space;
    bool prefetchable;
    bool placed; // it has an address there
};

// One function of a device. Most devices have only one.
struct pci_function {
    struct list all; // of all functions, what is behind a bridge right behind it
    const struct pci_host *host;
    struct pci_function *bridge; // that it is behind; NULL: none
    uint8_t bus, slot, number;
    uint16_t vendor, device;
    uint32_t class; // 24 bits: 0x060400
    uint8_t secondary, subordinate; // buses behind it; 0: it is no bridge
    unsigned source;                // interrupt of its pin, once it is connected
    unsigned messages;              // sources of its own, with MSI-X
    struct pci_bar bars[PCI_BARS_MAX];
    struct pci_bar behind[PCI_SPACES]; // of a bridge: what it passes on
    volatile uint8_t *msix;            // its table
    char name[8];                      // "00:02.0"
};

// Without a host there is nothing. Sleeps.
void pci_init(struct pci_host *host);
struct pci_function *pci_next(struct pci_function *function); // NULL: the first

// ---- Its configuration space (pci_config.c) ---------------------------------------------
uint8_t pci_read8(const struct pci_function *function, unsigned offset);
uint16_t pci_read16(const struct pci_function *function, unsigned offset);
uint32_t pci_read32(const struct pci_function *function, unsigned offset);
void pci_write8(const struct pci_function *function, unsigned offset, uint8_t value);
void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value);
void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value);
// The n-th capability of that kind, counted from 0; 0: there are no more. All its registers up
// to PCI_CAPABILITY_SIZE are inside the configuration space.
unsigned pci_capability(const struct pci_function *function, enum pci_capability_id id,
                        unsigned n);
enum { PCI_CAPABILITY_SIZE = 4 };

// ---- Its registers (pci_bar.c, pci_assign.c) --------------------------------------------
void pci_measure_bars(struct pci_function *function);
void pci_assign(struct pci_host *host);
// NULL, which is said: no such bar, or it has no address, or it is too small for that.
void *pci_map(const struct pci_function *function, unsigned bar, uint64_t offset, size_t size);
void pci_enable(const struct pci_function *function);

// ---- Its interrupts (pci_intx.c, pci_msix.c) --------------------------------------------
// The wire, which devices share: the handler is also called for others. 0 or an error.
int pci_connect(struct pci_function *function, void (*handler)(void *context), void *context);
// Messages: makes them ready, all masked, and says how many there can be; 0: none.
unsigned pci_msix_start(struct pci_function *function);
void pci_msix_set(const struct pci_function *function, unsigned entry,
                  const struct irq_message *message);
void pci_msix_unmask(const struct pci_function *function, unsigned entry);
// None any more: back to the wire.
void pci_msix_stop(struct pci_function *function);

// ---- The board's part (boot/<machine>/pci.c) --------------------------------------------
// Early, as board_describe(). NULL: there is no PCI.
struct pci_host *board_describe_pci(const struct boot_info *boot);
// Fills in read() and write() for registers in memory: a MiB for each bus (pci_ecam.c).
void pci_ecam_init(struct pci_host *host, uint64_t address, uint64_t size);
