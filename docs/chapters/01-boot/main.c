// SPDX-License-Identifier: MIT
//
// Chapter 01: the first characters, one at a time through the firmware, and the end.
#include <stdint.h>

#include "boot/boot.h"
#include "machine.h"

static void put_text(const char *text)
{
    while (*text)
        machine_console_put(*text++);
}

// In base 10 or 16, most significant digit first.
static void put_number(uint64_t number, unsigned base)
{
    if (number >= base)
        put_number(number / base, base);
    machine_console_put("0123456789abcdef"[number % base]);
}

int kernel_main(const struct boot_info *boot)
{
    put_text("hello from hart ");
    put_number(boot->hart, 10);
    put_text("\r\nthe device tree is at 0x");
    put_number((uintptr_t)boot->device_tree, 16);
    put_text("\r\n");
    return 0;
}
