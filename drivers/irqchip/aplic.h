// SPDX-License-Identifier: MIT
//
// The advanced platform-level interrupt controller: wires that become messages. Chapter 28.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Wires 1 to `sources` become messages of the same number to the hart with that index, all
// off at first. 0; -EINVAL: the registers are too small for that or cannot be reached.
int aplic_start(uint64_t address, uint64_t size, unsigned hart_index, unsigned sources);
void aplic_enable(unsigned source, bool on);
// The device was served: if it still asks, that is a new message.
void aplic_complete(unsigned source);
