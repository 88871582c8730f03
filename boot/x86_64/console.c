// SPDX-License-Identifier: MIT
//
// The board's console: the UART's driver takes over from the bare port.
// Chapter 05.
#include "boot/board.h"
#include "drivers/uart/ns16550.h"
#include "error.h"

int board_start_console(const struct board *board)
{
    if (board->uart.size == 0)
        return -ENODEV;
    return ns16550_start(board->uart.address, board->uart_register_shift);
}
