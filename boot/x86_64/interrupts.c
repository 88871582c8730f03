// SPDX-License-Identifier: MIT
//
// The board's interrupts: the controllers, and the UART as the first to use them.
// Chapter 11.
#include "boot/board.h"
#include "console.h"
#include "drivers/irqchip/apic.h"
#include "drivers/uart/ns16550.h"
#include "error.h"
#include "interrupt.h"
#include "irq.h"
#include "lapic.h"
#include "machine.h"
#include "trap_numbers.h"

_Static_assert((int)TRAP_DEVICES + (int)IRQ_SOURCES_MAX <= (int)TRAP_TIMER, "trap_numbers.h");

enum { SHARED = 0x4d0 }; // 16 bits of the chipset (Intel, 82371SB data sheet: ELCR)

// The wires that PCI was given by the firmware. They are wires of the first PCs, too, where
// the one of a card came when it rose; this register tells them apart. Without it all is ones.
static uint32_t shared_wires(void)
{
    uint32_t wires = port_read16(SHARED);
    return wires == 0xffff ? 0 : wires;
}

// From here on a byte that is typed interrupts. Nothing to do while the bare port is in use:
// that one has no interrupt.
static int connect_uart(const struct board *board)
{
    struct console_device *console = console_device();
    if (!console || !console->listen)
        return -ENODEV; // the caller has to look for keys

    int error = irq_connect(board->uart.irq, "uart", ns16550_interrupt, NULL);
    if (!error)
        console->listen(console, true);
    return error;
}

int board_start_interrupts(const struct board *board)
{
    const struct apic_processor processor = {
        .id = board->irqchip_context,
        .first_number = TRAP_DEVICES,
        .shared = shared_wires(),
        .claim = interrupt_take_source,
        .end = lapic_end,
    };
    lapic_start();
    int error = apic_start(board->irqchip.address, board->irqchip.size, board->irqchip_sources,
                           &processor);
    return error ? error : connect_uart(board);
}
