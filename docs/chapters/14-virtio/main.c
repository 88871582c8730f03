// SPDX-License-Identifier: MIT
//
// Chapter 14: the first device that talks through memory.
//
// The virtio devices are found and brought to life; what was agreed with each is shown, and
// bytes come from the entropy device. Then the shell runs: `virtq` shows the queues.
//
//   make CHAPTER=14 qemu
//   make CHAPTER=14 qemu APPEND='virtio.event_idx=0 virtio.indirect_desc=0'
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_console.h"
#include "drivers/virtio/virtio_rng.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "program.h"
#include "random.h"
#include "stack.h"
#include "terminal.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

static void print_devices(void)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } features[] = {{VIRTIO_F_VERSION_1, "VERSION_1"},
                    {VIRTIO_F_EVENT_IDX, "EVENT_IDX"},
                    {VIRTIO_F_INDIRECT_DESC, "INDIRECT_DESC"}};

    for (struct virtio_device *device = NULL; (device = virtio_next(device));) {
        print("%s: %s over %s, status %#x, agreed on", device->name, device->driver->name,
              device->transport->name, device->transport->status(device));
        for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
            if (virtio_has(device, features[i].bit))
                print(" %s", features[i].name);
        }
        print("\n");
    }
}

static void print_random(void)
{
    uint8_t bytes[16];
    random_bytes(bytes, sizeof bytes);
    print(random_is_seeded() ? "random bytes:" : "bytes that can be guessed:");
    for (size_t i = 0; i < sizeof bytes; i++)
        print(" %02x", bytes[i]);
    print("\n");
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
    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_console_driver, NULL};

    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    board_start_interrupts(board);
    machine_interrupts_enable();
    terminal_init();
    process_init();

    print("devices started: %u\n", virtio_probe(board, drivers));
    print_devices();
    print_random();
    return run_shell();
}
