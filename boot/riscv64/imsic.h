// SPDX-License-Identifier: MIT
//
// The incoming message-signalled interrupt controller: where a hart gets messages. Chapter 28.
#pragma once

#include <stdint.h>

// Becomes the kernel's interrupt controller (irq.h). `address` is where our hart gets messages
// with the numbers 1 to `last`; those up to `wires` come from aplic.c, which has been started,
// the others are for devices that send messages themselves.
void imsic_start(uint64_t address, unsigned wires, unsigned last);
