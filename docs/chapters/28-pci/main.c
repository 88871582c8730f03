// SPDX-License-Identifier: MIT
//
// Chapter 28: a bus that says what is on it.
//
// The PCI bus is gone over, and what is found on it is listed. One of the devices is a disk:
// its first block is read, by the driver of chapter 15, which does not know how its device
// is reached. Then the shell runs: `lspci -v` shows more, `irqstat` the interrupts.
//
//   make CHAPTER=28 qemu
//   make CHAPTER=28 qemu BUS=mmio      the same disk, not on PCI
#include "block.h"
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_pci.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "program.h"
#include "stack.h"
#include "terminal.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

static void print_bus(void)
{
    for (struct pci_function *function = NULL; (function = pci_next(function));) {
        print("%s  vendor %04x, device %04x, class %06x", function->name, function->vendor,
              function->device, (unsigned)function->class);
        for (unsigned i = 0; i < PCI_BARS_MAX; i++) {
            const struct pci_bar *bar = &function->bars[i];
            if (bar->size > 0)
                print("; bar %u: %#llx bytes at %#llx", i, (unsigned long long)bar->size,
                      (unsigned long long)bar->start);
        }
        print("\n");
    }
}

static void read_block(struct block_device *disk)
{
    static uint8_t sector[SECTOR_SIZE];
    int error = block_read(disk, 0, sector, sizeof(sector));
    if (error) {
        print("%s: %s\n", disk->name, error_text(error));
        return;
    }
    print("%s begins with", disk->name);
    for (unsigned i = 0; i < 16; i++)
        print(" %02x", sector[i]);
    print("  |");
    for (unsigned i = 0; i < 16; i++)
        print("%c", sector[i] >= ' ' && sector[i] < 0x7f ? sector[i] : '.');
    print("|\n");
}

static int run_shell(void)
{
    static char name[] = "shell", option[] = "-c", commands[CMDLINE_SIZE];
    bool given = cmdline_value("run", commands, sizeof(commands)) >= 0;
    char *argv[] = {name, given ? option : NULL, commands, NULL};
    struct file *const files[3] = {terminal_file(), terminal_file(), terminal_file()};
    int status = 1;
    int id = process_start(program_find(name), argv, files, true);
    process_wait(id, &status, MACHINE_NEVER);
    return status;
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};

    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    struct pci_host *pci = board_describe_pci(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    if (board_start_messages(board) != 0)
        board_start_interrupts(board);
    machine_interrupts_enable();
    terminal_init();
    process_init();

    if (!pci)
        print("this machine has no PCI bus\n");
    pci_init(pci);
    print_bus();
    unsigned started = virtio_probe(board, drivers) + virtio_pci_probe(drivers);
    print("disks started: %u\n", started);
    if (block_next(NULL))
        read_block(block_next(NULL));
    return run_shell();
}
