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
#include "trap_numbers.h"

_Static_assert((int)TRAP_DEVICES + (int)IRQ_SOURCES_MAX <= (int)TRAP_TIMER, "trap_numbers.h");

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
        .claim = interrupt_take_source,
        .end = lapic_end,
    };
    lapic_start();
    int error = apic_start(board->irqchip.address, board->irqchip.size, board->irqchip_sources,
                           &processor);
    return error ? error : connect_uart(board);
}
