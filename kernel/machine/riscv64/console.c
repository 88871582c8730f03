// SPDX-License-Identifier: MIT
//
// The firmware's console: a byte at a time through SBI calls.
// Chapter 01.
#include "machine.h"
#include "sbi.h"

void machine_console_put(char byte)
{
    sbi_call(SBI_LEGACY_PUTCHAR, 0, (unsigned char)byte, 0);
}

int machine_console_get(void)
{
    return (int)sbi_call(SBI_LEGACY_GETCHAR, 0, 0, 0).error;
}
