// SPDX-License-Identifier: MIT
//
// The first line of C on x86-64: what the loader handed over becomes a struct boot_info.
// Chapter 01.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"
#include "boot/x86_64/start_info.h"
#include "machine.h"

// Called by entry.S alone, with what the loader left in ebx and eax.
_Noreturn void boot_main(uint64_t information, uint32_t magic);

// The two interrupt controllers of the first PCs: here all that they have is masked, since
// their numbers are those of exceptions.
enum { PIC_MASK = 0x21, SECOND_PIC_MASK = 0xa1 };

static struct {
    const struct start_info *start_info;
    const char *complaint;
    struct start_info from_multiboot;
    const char *slots;
} boot = {.slots = ""};

const struct start_info *boot_start_info(void)
{
    return boot.start_info;
}

const char *boot_complaint(void)
{
    return boot.complaint;
}

const char *boot_slots(void)
{
    return boot.slots;
}

static void *at(uint64_t physical)
{
    return (void *)(uintptr_t)(LINEAR + physical);
}

// The number that this processor's interrupts are addressed to.
static uint64_t processor_number(void)
{
    return cpu_identify(1).b >> 24;
}

static bool begins_with(const char *text, const char *word)
{
    while (*word && *text == *word)
        text++, word++;
    return !*word;
}

// QEMU's microvm adds words of its own behind those that it was given. They are parts of the
// board, not wishes: takes them off the line and keeps them.
static void take_slots(char *line)
{
    char *slots = NULL;
    for (char *at = line; *at; at++) {
        bool is_word = *at != ' ' && (at == line || at[-1] == ' ');
        if (is_word && !begins_with(at, BOOT_SLOT))
            slots = NULL;
        else if (is_word && !slots)
            slots = at;
    }
    if (!slots || slots == line)
        return; // there is room for the end of the line only where a space is
    boot.slots = slots;
    slots[-1] = '\0';
}

static void find_start_info(uint64_t information, uint32_t magic)
{
    const struct start_info *info = at(information);

    if (information == 0) {
        boot.complaint = "the loader says nothing of the machine";
    } else if (magic == MULTIBOOT_MAGIC) {
        boot.complaint = multiboot_read(info, information, &boot.from_multiboot);
        if (!boot.complaint) {
            boot.start_info = &boot.from_multiboot;
            boot.complaint = "the memory map of multiboot2 has none";
        }
    } else if (info->magic == START_INFO_MAGIC) {
        boot.complaint = "the start info of PVH has none: expected version 1 or later";
        boot.start_info = info;
    } else {
        boot.complaint = "the loader speaks neither PVH nor multiboot2";
    }
}

_Noreturn void boot_main(uint64_t information, uint32_t magic)
{
    struct boot_info to_kernel = {.hart = processor_number(), .command_line = ""};

    port_write8(PIC_MASK, 0xff);
    port_write8(SECOND_PIC_MASK, 0xff);
    find_start_info(information, magic);
    if (boot.start_info && boot.start_info->command_line != 0) {
        take_slots(at(boot.start_info->command_line));
        to_kernel.command_line = at(boot.start_info->command_line);
    }
    machine_exit(kernel_main(&to_kernel));
}
