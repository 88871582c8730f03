// SPDX-License-Identifier: MIT
//
// The incoming message-signalled interrupt controller: where a hart gets messages.
// (RISC-V Advanced Interrupt Architecture 1.0, chapter 3.)
//
// Whoever writes a number to our page of it makes that number pending: a device that can send
// messages, or aplic.c for one that has a wire. The hart takes the lowest with one instruction.
// The controller is part of the hart, reached through its own registers.
// Chapter 28.
#include "boot/riscv64/imsic.h"

#include "csr.h"
#include "drivers/irqchip/aplic.h"
#include "irq.h"
#include "machine.h"

// By number: assemblers learned the names late (2.2).
#define SISELECT 0x150 // which of the controller's registers ...
#define SIREG 0x151    // ... this one is
#define STOPEI "0x15c" // the most urgent number, above its priority

enum { // the controller's registers (3.8)
    DELIVERY = 0x70,
    THRESHOLD = 0x72,
    ENABLE = 0xc0, // a bit for each number; 64 bits take two places
    STOPEI_SHIFT = 16,
};

static struct {
    struct irq_chip chip;
    uint64_t address;
    unsigned wires;
} imsic;

static void write(unsigned which, uint64_t value)
{
    csr_write(SISELECT, which);
    csr_write(SIREG, value);
}

// Not to be interrupted: a source that nobody wants is disabled in the interrupt, and that
// would select another register in between.
static void enable(struct irq_chip *chip, unsigned source, bool on)
{
    uint64_t bit = UINT64_C(1) << source % 64;
    bool enabled = machine_interrupts_save();
    csr_write(SISELECT, ENABLE + source / 64 * 2);
    if (on)
        csr_set(SIREG, bit);
    else
        csr_clear(SIREG, bit);
    machine_interrupts_restore(enabled);
    if (source <= imsic.wires)
        aplic_enable(source, on);
}

// Reading says which; writing anything takes it.
static unsigned claim(struct irq_chip *chip)
{
    unsigned long top;
    __asm__ volatile("csrrw %0, " STOPEI ", zero" : "=r"(top) : : "memory");
    return (unsigned)(top >> STOPEI_SHIFT);
}

// A message is over once it is taken; a wire may be high still.
static void complete(struct irq_chip *chip, unsigned source)
{
    if (source <= imsic.wires)
        aplic_complete(source);
}

static void message(struct irq_chip *chip, unsigned source, struct irq_message *wanted)
{
    *wanted = (struct irq_message){.address = imsic.address, .data = source};
}

void imsic_start(uint64_t address, unsigned wires, unsigned last)
{
    if (last >= IRQ_SOURCES_MAX)
        last = IRQ_SOURCES_MAX - 1;
    imsic.address = address;
    imsic.wires = wires;
    imsic.chip = (struct irq_chip){
        .name = "imsic",
        .enable = enable,
        .claim = claim,
        .complete = complete,
        .message_first = wires + 1,
        .message_count = last > wires ? last - wires : 0,
        .message = message,
    };
    for (unsigned first = 0; first <= last; first += 64)
        write(ENABLE + first / 64 * 2, 0);
    write(THRESHOLD, 0); // every number passes
    write(DELIVERY, 1);
    irq_init(&imsic.chip);
    csr_set(sie, SIE_EXTERNAL);
}
