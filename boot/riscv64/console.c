// SPDX-License-Identifier: MIT
//
// The board's console: the UART takes over from the firmware.
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
