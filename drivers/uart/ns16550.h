// SPDX-License-Identifier: MIT
//
// The 16550: the serial port that nearly every machine has.
#pragma once

#include <stdint.h>

// Makes the UART at `address` (physical) the console. Registers are 1 << register_shift
// bytes apart. 0; -EINVAL: the registers cannot be reached.
int ns16550_start(uint64_t address, unsigned register_shift);

// To be called after the UART has interrupted; the board connects it (irq.h).
void ns16550_interrupt(void *context);
