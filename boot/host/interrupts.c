// SPDX-License-Identifier: MIT
//
// The interrupt controller: the process's lines (line.c), as irq.c wants to see them.
// Chapter 11.
#include "boot/board.h"
#include "console.h"
#include "host.h"
#include "irq.h"

static void lines_enable(struct irq_chip *chip, unsigned source, bool on)
{
    host_line_enable(source, on);
}

static unsigned lines_claim(struct irq_chip *chip)
{
    return host_line_claim();
}

static void lines_complete(struct irq_chip *chip, unsigned source)
{
    host_line_complete(source);
}

int board_start_interrupts(const struct board *board)
{
    static struct irq_chip lines = {
        .name = "file descriptors",
        .enable = lines_enable,
        .claim = lines_claim,
        .complete = lines_complete,
    };
    irq_init(&lines);
    host_poll_start();

    struct console_device *console = console_device();
    if (!console)
        return 0;
    int error = irq_connect(HOST_LINE_CONSOLE, "console", host_console_interrupt, NULL);
    if (!error)
        console->listen(console, true);
    return error;
}
