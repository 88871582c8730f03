// SPDX-License-Identifier: MIT
//
// The end of the machine: power off with a status, or start again.
//
// The firmware can power off, but has no way to hand a status on. QEMU virt has a "test
// device" for that: a value written to its one register ends QEMU, with any exit status
// we like. The work is done with translation off, so it does not depend on page tables
// that may be broken: the kernel's addresses are the physical ones.
// Chapter 01.
#include "csr.h"
#include "machine.h"
#include "sbi.h"

enum {
    TEST_DEVICE = 0x100000, // QEMU, hw/riscv/virt.c
    TEST_FAIL = 0x3333,     // exit status in the upper 16 bits
    TEST_RESET = 0x7777,
};

// Where a write to the test device lands when there is none. Aligned as stvec wants it.
static _Noreturn __attribute__((aligned(4))) void power_off_by_firmware(void)
{
    sbi_call(SBI_RESET, 0, SBI_RESET_SHUTDOWN, SBI_RESET_REASON_FAILURE);
    for (;;)
        __asm__ volatile("wfi");
}

// From here on nothing can stop us: no interrupt, no page table, and a fault leads to
// the last resort.
static void prepare_to_stop(void)
{
    machine_interrupts_save();
    csr_write(stvec, (uintptr_t)power_off_by_firmware);
    csr_write(satp, 0);
}

_Noreturn void machine_exit(int status)
{
    prepare_to_stop();
    if (status == 0)
        sbi_call(SBI_RESET, 0, SBI_RESET_SHUTDOWN, SBI_RESET_REASON_NONE);
    mmio_write32((void *)TEST_DEVICE, TEST_FAIL | (uint32_t)status << 16);
    power_off_by_firmware();
}

_Noreturn void machine_reboot(void)
{
    prepare_to_stop();
    sbi_call(SBI_RESET, 0, SBI_RESET_COLD_REBOOT, SBI_RESET_REASON_NONE);
    mmio_write32((void *)TEST_DEVICE, TEST_RESET);
    power_off_by_firmware();
}
