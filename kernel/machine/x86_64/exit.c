// SPDX-License-Identifier: MIT
//
// The end of the machine: power off with a status, or start again.
//
// Powering off can carry no status. QEMU has a "debug exit" device for that (-device
// isa-debug-exit): a value written to its port ends QEMU with the status 2 * value + 1. That
// is odd and has 8 bits, so there are 128 of them, for our statuses 1 to 127 in order (1 is
// 1, as QEMU's own failures are), and for 0 where the machine has no way of its own to power
// off. Larger ones arrive as 127.
// Chapter 01.
#include "machine.h"

enum {
    DEBUG_EXIT = 0xf4,     // tools/machines.py puts it there
    DEBUG_EXIT_SUCCESS = 127,
    STATUS_MAX = 127,
    POWER_CONTROL = 0x604, // q35, when its firmware has run: ACPI's PM1a control
    POWER_OFF = 0x2000,    // to the sleep state that QEMU calls "off"
    RESET_CONTROL = 0xcf9, // of every PC with PCI
    RESET_FULL = 0x06,
};

// An exception without a handler, nor one for that exception, resets the processor: the
// last resort, and on microvm the only way.
static _Noreturn void reset_by_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t address;
    } __attribute__((packed)) nothing;

    for (;;)
        __asm__ volatile("lidt %0\n\tint3" : : "m"(nothing));
}

// QEMU ends soon after that, not at once. Where there is no such port, reading it gives ones.
static void power_off(void)
{
    if (port_read16(POWER_CONTROL) == 0xffff)
        return;
    port_write16(POWER_CONTROL, POWER_OFF);
    for (;;)
        __asm__ volatile("hlt");
}

_Noreturn void machine_exit(int status)
{
    unsigned value = (unsigned)status & 0xff;

    machine_interrupts_save();
    if (value == 0)
        power_off();
    unsigned said = value < STATUS_MAX ? value : STATUS_MAX;
    port_write32(DEBUG_EXIT, value == 0 ? DEBUG_EXIT_SUCCESS : said - 1);
    power_off(); // there is no such device
    reset_by_fault();
}

_Noreturn void machine_reboot(void)
{
    machine_interrupts_save();
    port_write8(RESET_CONTROL, RESET_FULL);
    reset_by_fault();
}
