// SPDX-License-Identifier: MIT
//
// Chapter 19: a disk that others read, too.
//
// The first disk is ours; the second has a FAT volume, made and filled by the host's tools.
// It appears below /mnt, a file is copied from one to the other by its bytes, and then there
// is the shell. Afterwards the host finds the file: mdir -i IMAGE ::
//
//   make CHAPTER=19 qemu
//   make CHAPTER=19 qemu DISK=our.img,stick.img      (yours: the second one is the FAT volume)
#include "block.h"
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "fs/fat.h"
#include "fs/ramfs.h"
#include "fs/tsfs.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "stack.h"
#include "terminal.h"
#include "timer.h"
#include "trap.h"
#include "user/os.h"
#include "vm.h"

static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
static const struct file_system *const file_systems[] = {&tsfs_file_system, &fat_file_system,
                                                         &ramfs_file_system, NULL};

static void mount(const char *source, const char *path, const char *type)
{
    vfs_make(path, OS_TYPE_DIRECTORY, NULL);
    int error = vfs_mount(source, path, type, 0);
    print("%-8s on %-5s as %s: %s\n", source, path, type,
          error ? error_text(error) : "is there");
}

// What is in a directory: long names, whatever lies on the disk.
static void list(const char *path)
{
    struct file *directory;
    struct os_entry entry;
    int error = vfs_open(path, OS_READ_ONLY | OS_DIRECTORY, &directory);
    if (error) {
        print("%s: %s\n", path, error_text(error));
        return;
    }
    while (file_list(directory, &entry) > 0)
        print("  %s%s\n", entry.name, entry.type == OS_TYPE_DIRECTORY ? "/" : "");
    file_put(directory);
}

// Neither side knows what the other one is.
static int copy(const char *from, const char *to)
{
    struct file *input, *output;
    char bytes[512];
    int error = vfs_open(from, OS_READ_ONLY, &input), count = 0;
    if (error)
        return error;
    error = vfs_open(to, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE, &output);
    if (!error) {
        while (count >= 0 && (count = file_read(input, bytes, sizeof(bytes))) > 0)
            count = file_write(output, bytes, (size_t)count);
        error = count < 0 ? count : file_sync(output);
        file_put(output);
    }
    file_put(input);
    return error;
}

static int run_shell(void)
{
    static char name[] = "shell", option[] = "-c", commands[CMDLINE_SIZE];
    bool given = cmdline_value("run", commands, sizeof(commands)) >= 0;
    char *argv[] = {name, given ? option : NULL, commands, NULL};
    struct file *console = terminal_file();
    struct file *const files[3] = {console, console, console};
    int status = 1, id = process_start(program_find(name), argv, files, true);
    process_wait(id, &status, MACHINE_NEVER);
    return status;
}

int kernel_main(const struct boot_info *boot)
{
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
    virtio_probe(board, drivers);
    cache_init(0);

    vfs_init(file_systems);
    mount("/dev/vda", "/", "tsfs");
    mount("/dev/vdb", "/mnt", "fat");
    list("/mnt");
    int error = copy("/hello.txt", "/mnt/From our disk.txt");
    print("copied: %s\n", error_text(error));
    os_poweroff(run_shell()); // what was written goes to the disk first
}
