// SPDX-License-Identifier: MIT
//
// A process has no PCI bus: its devices have registers of their own, as virtio_mmio.c expects
// them.
// Chapter 28.
#include "boot/board.h"
#include "drivers/pci/pci.h"
#include "error.h"

struct pci_host *board_describe_pci(const struct boot_info *boot)
{
    return NULL;
}

int board_start_messages(const struct board *board)
{
    return -ENODEV;
}
