// SPDX-License-Identifier: MIT
//
// Chapter 05: the machine describes itself, and the UART takes over from the firmware.
//
//   make CHAPTER=05 qemu MEMORY=64M SMP=4     and the description changes
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "console.h"
#include "print.h"
#include "trap.h"

static void print_device(const char *what, const struct board_device *device)
{
    if (device->size == 0)
        print("%-22s none\n", what);
    else
        print("%-22s 0x%08llx, 0x%llx bytes, interrupt %u\n", what,
              (unsigned long long)device->address, (unsigned long long)device->size,
              device->irq);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);

    print("%-22s %s\n", "model", board->model);
    print("%-22s %u, this is number %llu\n", "harts", board->hart_count,
          (unsigned long long)boot->hart);
    print("%-22s %llu MiB\n", "memory", (unsigned long long)(board->memory_total >> 20));
    for (unsigned i = 0; i < board->memory_count; i++)
        print("%-22s 0x%llx to 0x%llx\n", "  free for us",
              (unsigned long long)board->memory[i].start,
              (unsigned long long)(board->memory[i].start + board->memory[i].size));
    print("%-22s %llu Hz\n", "clock counter", (unsigned long long)board->timebase_hz);
    print_device("UART", &board->uart);
    print_device("interrupt controller", &board->irqchip);
    print_device("clock", &board->clock);
    for (unsigned i = 0; i < board->virtio_count; i++)
        print_device("virtio slot", &board->virtio[i]);

    if (board_start_console(board) == 0)
        print("this line went through %s\n", console_device()->name);
    else
        print("no UART: this line still goes through the firmware\n");
    return 0;
}
