// SPDX-License-Identifier: MIT
//
// Device interrupts: which source, who handles it, how often.
//
//   irq_init(chip)                      once, by the board
//   irq_connect(source, f, context)     f(context) runs between threads, after it interrupted
//
// An interrupt claims its source from the controller and puts it in line, nothing more.
// The scheduler calls the handler and only then completes the source, so a source that is
// being handled stays quiet until its handler is done.
// Chapter 11.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { IRQ_SOURCES_MAX = 128 };

// What a device writes, and where, to interrupt without a wire.
struct irq_message {
    uint64_t address;
    uint32_t data;
};

// A device class: what an interrupt controller's driver provides.
struct irq_chip {
    const char *name;
    void (*enable)(struct irq_chip *chip, unsigned source, bool on);
    unsigned (*claim)(struct irq_chip *chip); // a source that wants attention, 0: none
    void (*complete)(struct irq_chip *chip, unsigned source);
    // The sources that come as messages, and what to write for one. 0: it takes no messages.
    unsigned message_first, message_count;
    void (*message)(struct irq_chip *chip, unsigned source, struct irq_message *message);
};

void irq_init(struct irq_chip *chip);
// 0; -EINVAL: the number is 0 or too large; -EBUSY: taken; -ENODEV: there is no
// controller.
int irq_connect(unsigned source, const char *name, void (*handler)(void *context),
                void *context);

// A source for a device that sends messages: to be connected like any other. -ENODEV: there
// is no controller that takes messages; -EBUSY: all are taken.
int irq_message_alloc(struct irq_message *message);
void irq_message_free(unsigned source); // one that was not connected

struct irq_statistics {
    const char *name; // of the device; NULL: the source is not connected
    uint64_t count;
};
// For source 0: the timer is not here, see trap.h. False beyond the last source.
bool irq_statistics(unsigned source, struct irq_statistics *statistics);
uint64_t irq_spurious_count(void); // interrupts from sources that nobody is connected to
