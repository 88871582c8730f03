// SPDX-License-Identifier: MIT
//
// The advanced platform-level interrupt controller: wires that become messages.
// (RISC-V Advanced Interrupt Architecture 1.0, chapter 4.)
//
// On a board where interrupts are messages there are still devices with wires, the UART among
// them. For each of those this controller writes a message to a hart's imsic.c, when it begins
// to ask; the hart itself never reads from here.
// Chapter 28.
#include "drivers/irqchip/aplic.h"

#include "error.h"
#include "machine.h"

enum { // 4.5; all are 32 bits wide
    DOMAIN_CONFIG = 0x0000,
    SOURCE_CONFIG = 0x0000, // of source 0, which does not exist
    SET_PENDING = 0x1cdc,   // takes a source's number
    INPUTS = 0x1d00,        // a bit for each source: whether its wire asks
    SET_ENABLE = 0x1edc,    // takes a source's number, as does the next
    CLEAR_ENABLE = 0x1fdc,
    TARGET = 0x3000, // of source 0
    REGISTER = 4,    // bytes
};

enum {
    DOMAIN_BY_MESSAGE = 1 << 2,
    DOMAIN_ON = 1 << 8,
    SOURCE_HIGH = 6, // asks as long as its wire is high
    TARGET_HART_SHIFT = 18,
    SOURCES_MAX = 1023,
};

static struct {
    volatile uint8_t *registers;
} aplic;

static void put(unsigned which, uint32_t value)
{
    mmio_write32(aplic.registers + which, value);
}

void aplic_enable(unsigned source, bool on)
{
    put(on ? SET_ENABLE : CLEAR_ENABLE, source);
}

// A message is sent when a wire begins to ask (4.7). For one that still does, the next is
// sent by hand; for another it must not be, since not every controller looks at the wire then.
void aplic_complete(unsigned source)
{
    uint32_t inputs = mmio_read32(aplic.registers + INPUTS + source / 32 * REGISTER);
    if (inputs >> source % 32 & 1)
        put(SET_PENDING, source);
}

int aplic_start(uint64_t address, uint64_t size, unsigned hart_index, unsigned sources)
{
    if (sources > SOURCES_MAX || size < TARGET + (sources + 1) * REGISTER)
        return -EINVAL;
    aplic.registers = machine_map_device(address, size);
    if (!aplic.registers)
        return -EINVAL;

    put(DOMAIN_CONFIG, 0);
    for (unsigned source = 1; source <= sources; source++) {
        aplic_enable(source, false);
        put(SOURCE_CONFIG + source * REGISTER, SOURCE_HIGH);
        put(TARGET + source * REGISTER, hart_index << TARGET_HART_SHIFT | source);
    }
    put(DOMAIN_CONFIG, DOMAIN_ON | DOMAIN_BY_MESSAGE);
    return 0;
}
