// SPDX-License-Identifier: MIT
//
// The console before there is a driver: the first serial port, a byte at a time. It has
// been where it is since the first PC.
// Chapter 01.
#include "machine.h"

enum {
    SERIAL = 0x3f8, // a 16550; drivers/uart/ns16550.c has the whole of it
    LINE_STATUS = SERIAL + 5,
    STATUS_RECEIVED = 0x01,
    STATUS_SENT = 0x20,
    TRIES_MAX = 1000000, // a broken one must not stop the kernel for good
};

void machine_console_put(char byte)
{
    for (unsigned i = 0; i < TRIES_MAX && !(port_read8(LINE_STATUS) & STATUS_SENT); i++)
        ;
    port_write8(SERIAL, (uint8_t)byte);
}

int machine_console_get(void)
{
    uint8_t status = port_read8(LINE_STATUS);
    if (status == 0xff || !(status & STATUS_RECEIVED)) // 0xff: there is no port at all
        return -1;
    return port_read8(SERIAL);
}
