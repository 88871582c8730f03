// SPDX-License-Identifier: MIT
//
// A kernel that says one word and waits: what QEMU and the firmware cost by themselves.
#include "boot/boot.h"
#include "machine.h"

int kernel_main(const struct boot_info *boot)
{
    for (const char *word = "EMPTY"; *word; word++)
        machine_console_put(*word);
    for (;;)
        machine_wait();
}
