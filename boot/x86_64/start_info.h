// SPDX-License-Identifier: MIT
//
// What a loader that speaks PVH hands over (Xen, public/arch-x86/hvm/start_info.h). All
// addresses are physical.
#pragma once

#include <stdint.h>

enum { START_INFO_MAGIC = 0x336ec578 };

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules;
    uint64_t command_line; // 0: none
    uint64_t acpi;         // the root of ACPI's tables, 0: none
    // From version 1 on:
    uint64_t memory_map;   // an array of struct start_memory
    uint32_t memory_map_count, reserved;
};
_Static_assert(sizeof(struct start_info) == 56, "start_info.h of Xen");

enum { START_MEMORY_RAM = 1 };

struct start_memory {
    uint64_t start, size;
    uint32_t type, reserved;
};

// What boot_main() was given, by whichever loader; NULL when that was nothing of the kind.
const struct start_info *boot_start_info(void);
// In words, what is wrong with that, should there be no free memory in it.
const char *boot_complaint(void);

// What a loader hands over that speaks multiboot2 (multiboot.c), with that number in eax.
enum { MULTIBOOT_MAGIC = 0x36d76289 };
// The same as PVH has it; `place` is where `information` lies in memory. NULL, or in words
// what is wrong.
const char *multiboot_read(const void *information, uint64_t place, struct start_info *found);

// The words of the command line that name virtio slots, with spaces between: BOOT_SLOT,
// then SIZE@ADDRESS:IRQ (Linux has it so, QEMU from there). "" when there are none.
#define BOOT_SLOT "virtio_mmio.device="
const char *boot_slots(void);
