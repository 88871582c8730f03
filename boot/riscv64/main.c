// SPDX-License-Identifier: MIT
//
// The first line of C on riscv64: what the firmware handed over becomes a struct boot_info.
// Chapter 01.
#include <stdint.h>

#include "boot/boot.h"
#include "machine.h"

_Noreturn void boot_main(uint64_t hart, const void *device_tree); // called by entry.S alone

_Noreturn void boot_main(uint64_t hart, const void *device_tree)
{
    const struct boot_info boot = {.hart = hart, .device_tree = device_tree};

    machine_exit(kernel_main(&boot));
}
