// SPDX-License-Identifier: MIT
//
// A kernel that does nothing: what QEMU and the firmware cost by themselves.
#include "boot/boot.h"

int kernel_main(const struct boot_info *boot)
{
    return 0;
}
