// SPDX-License-Identifier: MIT
//
// Hello, and nothing else: an app that is the whole machine. Its image holds what print()
// reaches.
//
//   make APP=apps/hello.c qemu
#include "boot/boot.h"
#include "print.h"

int kernel_main(const struct boot_info *boot)
{
    print("hello from hart %llu\n", (unsigned long long)boot->hart);
    return 0;
}
