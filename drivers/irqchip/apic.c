// SPDX-License-Identifier: MIT
//
// The I/O APIC, a PC's interrupt controller: devices' wires in, messages to the processor out.
// (Intel, 82093AA data sheet.)
//
// An entry for each wire says which number its interrupt has, for which processor, and how
// the wire speaks. On the first PCs an interrupt came when the wire rose. PCI shares wires: an
// interrupt comes as long as some device holds it up, so it is masked from the claim to the
// completion. A device that can write such a message by itself has no need of any wire.
// Chapter 11.
#include "drivers/irqchip/apic.h"

#include "error.h"
#include "irq.h"
#include "machine.h"

enum {
    SELECT = 0x00, // the number of a register goes here,
    DATA = 0x10,   // and the register is here
    REGISTERS_SIZE = 0x20,
};

enum apic_register {
    VERSION = 1, // and the number of the last entry, from bit 16 on
    ENTRIES = 16, // each is two registers, the low half first
};

enum {
    ENTRY_LEVEL = 1 << 15, // an interrupt as long as the wire is up
    ENTRY_MASKED = 1 << 16,
    PROCESSOR_SHIFT = 24,
    MESSAGE_ADDRESS = 0xfee00000, // Intel 64 manual, vol. 3, 10.11.1
    MESSAGE_PROCESSOR_SHIFT = 12,
};

static struct {
    struct irq_chip chip;
    struct apic_processor processor;
    volatile uint8_t *base;
    unsigned sources; // the highest number of a wire
} apic;

static void put(unsigned which, uint32_t value)
{
    mmio_write32(apic.base + SELECT, which);
    mmio_write32(apic.base + DATA, value);
}

static uint32_t get(unsigned which)
{
    mmio_write32(apic.base + SELECT, which);
    return mmio_read32(apic.base + DATA);
}

static bool is_shared(unsigned source)
{
    return source < 32 && source <= apic.sources && (apic.processor.shared >> source & 1);
}

// A source that is no wire is off where its messages come from. Not to be interrupted: claim()
// comes here, too, and would select another register in between.
static void enable_source(struct irq_chip *chip, unsigned source, bool on)
{
    if (source == 0 || source > apic.sources)
        return;

    uint32_t entry = apic.processor.first_number + source;
    if (is_shared(source))
        entry |= ENTRY_LEVEL;
    bool enabled = machine_interrupts_save();
    put(ENTRIES + 2 * source + 1, apic.processor.id << PROCESSOR_SHIFT);
    put(ENTRIES + 2 * source, on ? entry : entry | ENTRY_MASKED);
    machine_interrupts_restore(enabled);
}

// Source 0 is nobody's: what a firmware's timer has left behind. It ends all the same, since
// no other as urgent comes before that.
static unsigned claim(struct irq_chip *chip)
{
    int source = apic.processor.claim();
    if (source < 0)
        return 0;
    if (is_shared((unsigned)source))
        enable_source(chip, (unsigned)source, false);
    apic.processor.end();
    return (unsigned)source;
}

static void complete(struct irq_chip *chip, unsigned source)
{
    if (is_shared(source))
        enable_source(chip, source, true);
}

static void describe_message(struct irq_chip *chip, unsigned source,
                             struct irq_message *message)
{
    message->address = MESSAGE_ADDRESS | apic.processor.id << MESSAGE_PROCESSOR_SHIFT;
    message->data = apic.processor.first_number + source;
}

int apic_start(uint64_t address, uint64_t size, unsigned sources,
               const struct apic_processor *processor)
{
    if (size < REGISTERS_SIZE || sources == 0 || sources >= IRQ_SOURCES_MAX)
        return -EINVAL;
    apic.base = machine_map_device(address, REGISTERS_SIZE);
    if (!apic.base)
        return -EINVAL;
    unsigned last = get(VERSION) >> 16 & 0xff;
    if (last == 0 || last == 0xff)
        return -EINVAL; // nothing answers there

    apic.processor = *processor;
    apic.sources = sources < last ? sources : last;
    for (unsigned source = 1; source <= apic.sources; source++)
        enable_source(&apic.chip, source, false);
    apic.chip = (struct irq_chip){
        .name = "apic",
        .enable = enable_source,
        .claim = claim,
        .complete = complete,
        .message_first = apic.sources + 1,
        .message_count = IRQ_SOURCES_MAX - apic.sources - 1,
        .message = describe_message,
    };
    irq_init(&apic.chip);
    return 0;
}
