// SPDX-License-Identifier: MIT
//
// Where the PCI bus of this board is. The first host bridge answers at two ports on every PC
// with PCI (PCI Local Bus Specification 3.0, 3.2.2.3.2); the one of q35 also shows the
// configuration space in memory, where its firmware has put it (Intel, 82Q35 data sheet,
// 5.1.13). The firmware has given out addresses, which are the processor's, too, and wires.
// Chapter 28.
#include "boot/board.h"
#include "boot/boot.h"
#include "drivers/pci/pci.h"
#include "error.h"
#include "machine.h"

enum {
    ADDRESS_PORT = 0xcf8,
    DATA_PORT = 0xcfc,
    HOST_BRIDGE = 0,     // bus 0, slot 0, function 0
    Q35_HOST_BRIDGE = 0x29c08086,
    Q35_ECAM = 0x60,     // its register: where configuration space lies
    ECAM_ENABLED = 1,
    ECAM_SIZE = 1 << 28, // of 256 buses; two bits of the register can say less
};
#define ECAM_ADDRESS 0xff0000000ull
#define ADDRESS_ENABLED (1u << 31)

static struct pci_host host;

// `where` has 4 bits for a register's upper part between function and register, which the
// ports do not reach.
static bool select(uint32_t where)
{
    uint32_t function = where >> 12, offset = where & 0xfff;
    if (offset >= PCI_CONFIG_END)
        return false;
    port_write32(ADDRESS_PORT, ADDRESS_ENABLED | function << 8 | (offset & ~3u));
    return true;
}

static uint32_t read_by_port(const struct pci_host *by, uint32_t where, unsigned width)
{
    uint16_t port = (uint16_t)(DATA_PORT + (where & 3));
    if (!select(where))
        return UINT32_MAX;
    return width == 1 ? port_read8(port) : width == 2 ? port_read16(port) : port_read32(port);
}

static void write_by_port(const struct pci_host *by, uint32_t where, unsigned width,
                          uint32_t value)
{
    uint16_t port = (uint16_t)(DATA_PORT + (where & 3));
    if (!select(where))
        return;
    if (width == 1)
        port_write8(port, (uint8_t)value);
    else if (width == 2)
        port_write16(port, (uint16_t)value);
    else
        port_write32(port, value);
}

struct pci_host *board_describe_pci(const struct boot_info *boot)
{
    uint32_t bridge = read_by_port(NULL, HOST_BRIDGE, 4);
    if (bridge == UINT32_MAX)
        return NULL;

    host = (struct pci_host){
        .read = read_by_port,
        .write = write_by_port,
        .bus_last = 0xff,
        .is_assigned = true,
        .has_lines = true,
        .windows = {[PCI_IO] = {.size = 1 << 16, .address = PORTS},
                    [PCI_MEMORY] = {.size = 1ull << 32},
                    [PCI_MEMORY_64] = {.size = 1ull << 46}},
    };
    if (bridge != Q35_HOST_BRIDGE)
        return &host;
    uint64_t ecam = read_by_port(NULL, Q35_ECAM, 4);
    if (ecam & ECAM_ENABLED) {
        ecam |= (uint64_t)read_by_port(NULL, Q35_ECAM + 4, 4) << 32;
        pci_ecam_init(&host, ecam & ECAM_ADDRESS, ECAM_SIZE);
    }
    return &host;
}

// The local APIC takes messages and wires alike: board_start_interrupts() starts it.
int board_start_messages(const struct board *board)
{
    return -ENODEV;
}
