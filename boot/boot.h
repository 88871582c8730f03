// SPDX-License-Identifier: MIT
//
// What every way of booting hands to the kernel.
//
// boot/<machine>/ brings the processor to the first line of C, fills a struct boot_info
// and calls kernel_main(). Who provides kernel_main() decides what the image is: a
// chapter's main.c, an app that wants to be the whole machine, or kernel/main.c, the full
// system.
#pragma once

#include <stdint.h>

struct boot_info {
    uint64_t hart;            // number of the processor that boots: any, when there are several
    const void *device_tree;  // flattened device tree, or NULL where the machine has none
    const char *command_line; // or NULL: then it is in the device tree, /chosen bootargs
};

// Runs on the boot stack with interrupts masked and address translation as the machine
// starts it. When it returns, the machine stops; the result is the exit status (0: all is
// well).
int kernel_main(const struct boot_info *boot);
