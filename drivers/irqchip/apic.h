// SPDX-License-Identifier: MIT
//
// The I/O APIC, a PC's interrupt controller: devices' wires in, messages to the processor out.
#pragma once

#include <stdint.h>

// What it has to know of the processor: its own controller is the machine's business.
struct apic_processor {
    unsigned id;              // where messages go
    unsigned first_number;    // of the interrupt for source 0
    uint32_t shared;          // wires of several devices, a bit for each
    int (*claim)(void);       // the source of the interrupt under way, once; then -1
    void (*end)(void);        // the next interrupt may come
};

// Becomes the kernel's interrupt controller (irq.h), with all sources off. The wires are the
// sources up to `sources`; messages of devices follow. 0; -EINVAL: the registers cannot be
// reached, or are no I/O APIC's.
int apic_start(uint64_t address, uint64_t size, unsigned sources,
               const struct apic_processor *processor);
