// SPDX-License-Identifier: MIT
//
// Interrupts by wire: four lines for the whole bus, which devices share.
//
// A device has one of four pins, INTA to INTD. From slot to slot the pins are led to the
// lines in another order, so that the first pins do not all end in one (bridge 9.1); the host
// says which line is which interrupt, or a PC's firmware has noted that with each function.
// Each device on a line is asked whether it was the one.
// Chapter 28.
#include "drivers/pci/pci.h"

#include "error.h"
#include "heap.h"
#include "irq.h"
#include "print.h"

enum {
    LINES = 16,        // interrupts that a host may lead its pins to
    LINE_NUMBERS = 16, // what the firmware of a PC can note (6.2.4); all else stands for none
};

struct listener {
    struct listener *next;
    void (*handler)(void *context);
    void *context;
};

static struct {
    struct line {
        unsigned source; // 0: not in use
        struct listener *listeners;
    } lines[LINES];
} intx;

static void interrupted(void *context)
{
    struct line *line = context;
    for (struct listener *i = line->listeners; i; i = i->next)
        i->handler(i->context);
}

// Up through all bridges to the host. 0: it has no pin, or that leads nowhere.
static unsigned find_source(const struct pci_function *function)
{
    unsigned pin = pci_read8(function, PCI_INTERRUPT_PIN);
    if (pin < 1 || pin > PCI_PINS)
        return 0;
    if (function->host->has_lines) {
        unsigned line = pci_read8(function, PCI_INTERRUPT_LINE);
        return line < LINE_NUMBERS ? line : 0;
    }
    for (; function->bridge; function = function->bridge)
        pin = (pin - 1 + function->slot) % PCI_PINS + 1;
    return function->host->irqs[function->slot][pin - 1];
}

// The line of that interrupt, connected; or NULL with an error.
static struct line *find_line(unsigned source, int *error)
{
    *error = -EBUSY;
    for (unsigned i = 0; i < LINES; i++) {
        struct line *line = &intx.lines[i];
        if (line->source == source)
            return line;
        if (line->source != 0)
            continue;
        *error = irq_connect(source, "pci", interrupted, line);
        line->source = *error ? 0 : source;
        return *error ? NULL : line;
    }
    return NULL;
}

int pci_connect(struct pci_function *function, void (*handler)(void *context), void *context)
{
    int error = -ENODEV;
    unsigned source = find_source(function);
    struct line *line = source ? find_line(source, &error) : NULL;
    if (!source)
        log_warning("%s: expected messages (QEMU: no vectors=0) or a wire, found neither: its "
                    "pin %u leads to no interrupt",
                    function->name, pci_read8(function, PCI_INTERRUPT_PIN));
    if (!line)
        return error;
    struct listener *listener = heap_alloc(sizeof(*listener));
    if (!listener)
        return -ENOMEM;

    *listener = (struct listener){line->listeners, handler, context};
    line->listeners = listener;
    function->source = source;
    uint16_t command = pci_read16(function, PCI_COMMAND);
    pci_write16(function, PCI_COMMAND, command & (uint16_t)~PCI_COMMAND_NO_INTX);
    return 0;
}
