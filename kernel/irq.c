// SPDX-License-Identifier: MIT
//
// Device interrupts, in two halves.
//
//   irq_init(chip)                      once, by the board
//   irq_connect(source, name, f, c)     f(c) runs between threads, after it interrupted
//
// The half in the trap claims a source and puts it in line. The half in the scheduler calls
// the handlers and completes the sources. From the claim to the completion the controller
// keeps the source quiet, so a device that interrupts without pause costs one trap per call
// of its handler and never stops the threads.
// Chapter 11.
#include "irq.h"

#include "error.h"
#include "machine.h"
#include "panic.h"
#include "thread.h"
#include "trap.h"

enum { WORD_BITS = 64 };

static struct {
    struct irq_chip *chip; // NULL: there is no controller
    struct thread_service service;
    uint64_t given[IRQ_SOURCES_MAX / WORD_BITS]; // to devices that send messages
    volatile uint64_t spurious; // claimed, but nobody is connected
    // Claimed, not yet handled, from `first` on: each source once at most, so there is room
    // for all. The trap puts them in, the scheduler's half takes them out.
    volatile unsigned first, end;
    volatile uint8_t claimed[IRQ_SOURCES_MAX];
    struct {
        const char *name;
        void (*handler)(void *context); // NULL: not connected
        void *context;
        volatile bool is_claimed; // and in line
        uint64_t count;
    } sources[IRQ_SOURCES_MAX];
} irqs;

// A source that nobody asked for is shut off. First completed: a controller ignores the
// completion of a source that is not enabled, and would hold it claimed for ever.
static void refuse(unsigned source)
{
    irqs.spurious++;
    irqs.chip->complete(irqs.chip, source);
    irqs.chip->enable(irqs.chip, source, false);
}

// In the interrupt: claims one source. Where there are more, it interrupts again at once.
static void claim_source(void)
{
    unsigned source = irqs.chip->claim(irqs.chip);
    if (source == 0)
        return;
    if (source >= IRQ_SOURCES_MAX || !irqs.sources[source].handler) {
        refuse(source);
        return;
    }
    if (irqs.sources[source].is_claimed)
        return; // a message, which came once more
    irqs.sources[source].is_claimed = true;
    irqs.claimed[irqs.end % IRQ_SOURCES_MAX] = (uint8_t)source;
    irqs.end++;
    thread_mark_pending(&irqs.service);
}

// The scheduler's service. What comes in meanwhile is for the next time.
static void handle_claimed(void)
{
    for (unsigned end = irqs.end; irqs.first != end; irqs.first++) {
        unsigned source = irqs.claimed[irqs.first % IRQ_SOURCES_MAX];
        irqs.sources[source].is_claimed = false;
        irqs.sources[source].count++;
        irqs.sources[source].handler(irqs.sources[source].context);
        irqs.chip->complete(irqs.chip, source);
    }
}

void irq_init(struct irq_chip *chip)
{
    ASSERT(!irqs.chip && chip->message_first + chip->message_count <= IRQ_SOURCES_MAX);

    irqs.chip = chip;
    irqs.service.run = handle_claimed;
    thread_add_service(&irqs.service);
    trap_set_handler(INTERRUPT_DEVICE, claim_source);
}

int irq_connect(unsigned source, const char *name, void (*handler)(void *context),
                void *context)
{
    if (!irqs.chip)
        return -ENODEV;
    if (source == 0 || source >= IRQ_SOURCES_MAX)
        return -EINVAL;
    if (irqs.sources[source].handler)
        return -EBUSY;

    irqs.sources[source].name = name;
    irqs.sources[source].context = context;
    irqs.sources[source].handler = handler;
    irqs.chip->enable(irqs.chip, source, true);
    return 0;
}

int irq_message_alloc(struct irq_message *message)
{
    struct irq_chip *chip = irqs.chip;
    if (!chip || chip->message_count == 0)
        return -ENODEV;

    unsigned end = chip->message_first + chip->message_count;
    for (unsigned source = chip->message_first; source < end; source++) {
        uint64_t bit = UINT64_C(1) << source % WORD_BITS;
        if (irqs.given[source / WORD_BITS] & bit)
            continue;
        irqs.given[source / WORD_BITS] |= bit;
        chip->message(chip, source, message);
        return (int)source;
    }
    return -EBUSY;
}

void irq_message_free(unsigned source)
{
    ASSERT(source < IRQ_SOURCES_MAX && !irqs.sources[source].handler);

    irqs.given[source / WORD_BITS] &= ~(UINT64_C(1) << source % WORD_BITS);
}

bool irq_statistics(unsigned source, struct irq_statistics *statistics)
{
    if (source >= IRQ_SOURCES_MAX)
        return false;

    statistics->name = irqs.sources[source].name;
    statistics->count = irqs.sources[source].count;
    return true;
}

uint64_t irq_spurious_count(void)
{
    return irqs.spurious;
}
