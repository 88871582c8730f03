// SPDX-License-Identifier: MIT
//
// The processor's own random bits: there are some in newer ones, but only machine mode may
// read them (RISC-V Cryptography Extensions 1.0.1, 4.1), and the firmware has no call for it.
// Chapter 27.
#include "error.h"
#include "machine.h"

int machine_entropy(void *buffer, size_t size)
{
    return -ENODEV;
}
