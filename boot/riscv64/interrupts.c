// SPDX-License-Identifier: MIT
//
// The board's interrupts: the controller, and the UART as the first to use it.
// Chapter 11.
#include "boot/riscv64/interrupts.h"

#include "boot/board.h"
#include "console.h"
#include "csr.h"
#include "drivers/irqchip/plic.h"
#include "drivers/uart/ns16550.h"
#include "error.h"
#include "irq.h"

// Nothing to do while the firmware's console is in use: that one has no interrupt.
int interrupts_connect_uart(const struct board *board, unsigned sources)
{
    struct console_device *console = console_device();
    if (!console || !console->listen)
        return -ENODEV; // the caller has to look for keys

    if (board->uart.irq > sources)
        return -EINVAL; // the tree is wrong: this one will never come
    int error = irq_connect(board->uart.irq, "uart", ns16550_interrupt, NULL);
    if (!error)
        console->listen(console, true);
    return error;
}

int board_start_interrupts(const struct board *board)
{
    const struct board_device *chip = &board->irqchip;
    if (chip->size == 0)
        return -ENODEV;
    int error = plic_start(chip->address, chip->size, board->irqchip_context,
                           board->irqchip_sources);
    if (error)
        return error;

    csr_set(sie, SIE_EXTERNAL);
    return interrupts_connect_uart(board, board->irqchip_sources);
}
