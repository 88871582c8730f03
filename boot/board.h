// SPDX-License-Identifier: MIT
//
// The board: which parts this machine is made of, and where they are.
//
//   board_describe(boot)        once, early: reads the device tree, or what there is instead
//   board_start_console()       the UART takes over from the firmware's console (chapter 05)
//   board_start_clock()         the wall clock is read once (chapter 10)
//   board_start_interrupts()    the interrupt controller and the UART's interrupt (chapter 11)
//   board_start_messages()      the same, where interrupts are messages (chapter 28)
//
// Each is answered by a file of boot/<machine>/. They return 0, or -ENODEV when the board
// has no such part: the caller says so and runs on with what is there.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"

// `start` as the kernel addresses it: the linear map has been added.
struct memory_range {
    uint64_t start, size; // bytes; both multiples of PAGE_SIZE in struct board
};

// A device with registers. size == 0: the board has none.
struct board_device {
    uint64_t address, size; // physical, bytes
    unsigned irq;           // the interrupt controller's source number, 0: none
};

enum {
    BOARD_MEMORY_MAX = 16,
    BOARD_VIRTIO_MAX = 32,
};

struct board {
    char model[48];           // in the machine's own words, "riscv-virtio,qemu"
    const char *command_line; // never NULL
    unsigned hart_count;
    // Usable memory: firmware, the image and the device tree are taken out already,
    // lowest address first.
    struct memory_range memory[BOARD_MEMORY_MAX];
    unsigned memory_count;
    uint64_t memory_total; // bytes that the machine has, reserved ones included
    uint64_t timebase_hz;  // ticks per second of the clock counter
    struct board_device uart;
    uint32_t uart_register_shift; // registers are 1 << shift bytes apart
    struct board_device irqchip;
    unsigned irqchip_context; // the controller's number for our hart in supervisor mode
    unsigned irqchip_sources; // highest source number
    struct board_device clock;
    struct board_device virtio[BOARD_VIRTIO_MAX]; // by ascending address
    unsigned virtio_count;
};

// Never fails: what is missing or malformed is left out and logged as a warning. Panics
// when no usable memory is found, since nothing can run without it.
const struct board *board_describe(const struct boot_info *boot);

int board_start_console(const struct board *board);
int board_start_clock(const struct board *board);
int board_start_interrupts(const struct board *board);
int board_start_messages(const struct board *board); // after board_describe_pci()
