// SPDX-License-Identifier: MIT
//
// Calls into the firmware (RISC-V Supervisor Binary Interface 1.0), which runs in
// machine mode below us.
#pragma once

#include <stdint.h>

enum sbi_extension {
    SBI_LEGACY_PUTCHAR = 0x01,  // 5.2: old, but every firmware has these two
    SBI_LEGACY_GETCHAR = 0x02,  // 5.3
    SBI_TIMER = 0x54494d45,     // "TIME", chapter 6
    SBI_RESET = 0x53525354,     // "SRST", chapter 10
};
enum { SBI_RESET_SHUTDOWN = 0, SBI_RESET_COLD_REBOOT = 1 };           // 10.1, type
enum { SBI_RESET_REASON_NONE = 0, SBI_RESET_REASON_FAILURE = 1 };     // 10.1, reason

struct sbi_result {
    long error; // 0, or negative; legacy calls return their value here
    long value;
};

// Everything but a0 and a1 is preserved (3.). `function` means nothing to legacy calls.
static inline struct sbi_result sbi_call(long extension, long function,
                                         uint64_t argument0, uint64_t argument1)
{
    register uint64_t a0 __asm__("a0") = argument0;
    register uint64_t a1 __asm__("a1") = argument1;
    register long a6 __asm__("a6") = function;
    register long a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}
