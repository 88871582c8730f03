// SPDX-License-Identifier: MIT
//
// The platform-level interrupt controller: every device's interrupt, one line to each hart.
// (RISC-V PLIC specification 1.0.0.)
//
// Sources have numbers from 1. A source reaches a "context" (a hart in one privilege
// mode) when it is enabled for it and its priority is above the context's threshold.
// Reading the claim register takes the most urgent source and keeps it quiet until its
// number is written back there.
// Chapter 11.
#include "drivers/irqchip/plic.h"

#include "error.h"
#include "irq.h"
#include "machine.h"

// Offsets of the registers, chapters 4 to 8; all are 32 bits wide.
enum {
    PRIORITY = 0x0,         // one for each source
    ENABLE = 0x2000,        // a bit for each source
    ENABLE_STRIDE = 0x80,   // for each context
    CONTEXT = 0x200000,     // threshold, claim
    CONTEXT_STRIDE = 0x1000,
    CLAIM = 4,
    CONTEXTS_MAX = 15872,
    SOURCES_MAX = 1023,
};

static struct {
    struct irq_chip chip;
    volatile uint8_t *priority; // of source 0, which does not exist
    volatile uint8_t *enable;   // our context's
    volatile uint8_t *context;  // our threshold and claim registers
    unsigned sources;           // the highest number
} plic;

// Only for a source that exists. All have the same priority: what comes first is the
// kernel's to decide.
static void enable_source(struct irq_chip *chip, unsigned source, bool on)
{
    if (source == 0 || source > plic.sources)
        return;

    volatile uint8_t *word = plic.enable + source / 32 * 4;
    uint32_t bit = 1u << source % 32;
    uint32_t others = mmio_read32(word) & ~bit;
    mmio_write32(plic.priority + source * 4, on);
    mmio_write32(word, on ? others | bit : others);
}

static unsigned claim(struct irq_chip *chip)
{
    return mmio_read32(plic.context + CLAIM);
}

static void complete(struct irq_chip *chip, unsigned source)
{
    mmio_write32(plic.context + CLAIM, source);
}

int plic_start(uint64_t address, uint64_t size, unsigned context, unsigned sources)
{
    if (context >= CONTEXTS_MAX || sources > SOURCES_MAX)
        return -EINVAL;
    uint64_t context_offset = CONTEXT + (uint64_t)context * CONTEXT_STRIDE;
    if (size < context_offset + CONTEXT_STRIDE)
        return -EINVAL;
    volatile uint8_t *base = machine_map_device(address, size);
    if (!base)
        return -EINVAL;

    plic.priority = base + PRIORITY;
    plic.enable = base + ENABLE + context * ENABLE_STRIDE;
    plic.context = base + context_offset;
    plic.sources = sources;
    for (unsigned first = 0; first <= sources; first += 32)
        mmio_write32(plic.enable + first / 32 * 4, 0);
    mmio_write32(plic.context, 0); // threshold: every priority but 0 passes

    plic.chip = (struct irq_chip){
        .name = "plic", .enable = enable_source, .claim = claim, .complete = complete};
    irq_init(&plic.chip);
    return 0;
}
