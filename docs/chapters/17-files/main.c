// SPDX-License-Identifier: MIT
//
// Chapter 17: one tree of names over everything.
//
// Memory becomes the root of a tree; a disk, the devices and the state of the kernel are
// mounted in it. A path is followed, a file read; then the shell walks about in it.
//
//   make CHAPTER=17 qemu
//   make CHAPTER=17 qemu RUN='ls -l /disk; cat /disk/hello.txt /proc/mounts'
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "fs/devfs.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"
#include "fs/tsfs.h"
#include "fs/vfs.h"
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
#include "user/os.h"
#include "vm.h"

static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
static const struct file_system *const file_systems[] = {
    &ramfs_file_system, &devfs_file_system, &procfs_file_system, &tsfs_reading_file_system,
    NULL};

static void mount(const char *source, const char *path, const char *type)
{
    vfs_make(path, OS_TYPE_DIRECTORY, NULL); // the root is there already
    int error = vfs_mount(source, path, type, 0);
    print("%-8s on %-5s as %s: %s\n", source, path, type,
          error ? error_text(error) : "is there");
}

// What the last name of a path is, and what it leads to.
static void show_path(const char *path)
{
    struct inode *name, *leads_to;
    int error = vfs_find(path, false, &name);
    if (error) {
        print("%s: %s\n", path, error_text(error));
        return;
    }
    print("%s is inode %llu, with %llu bytes\n", path, (unsigned long long)name->number,
          (unsigned long long)name->size);
    inode_put(name);
    error = vfs_find(path, true, &leads_to);
    if (error)
        return;
    print("%s leads to inode %llu, with %llu bytes\n", path,
          (unsigned long long)leads_to->number, (unsigned long long)leads_to->size);
    inode_put(leads_to);
}

// The way of a program's os_open() and os_read(), without the program.
static void show_file(const char *path)
{
    struct file *file;
    char text[128];
    int error = vfs_open(path, OS_READ_ONLY, &file);
    if (error) {
        print("%s: %s\n", path, error_text(error));
        return;
    }
    int count = file_read(file, text, sizeof(text));
    print("%s: %.*s", path, count > 0 ? count : 0, text);
    file_put(file);
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
    mount("memory", "/", "ramfs");
    mount("devices", "/dev", "devfs");
    mount("kernel", "/proc", "procfs");
    mount("/dev/vda", "/disk", "tsfs");
    show_path("/disk/latest");
    show_file("/disk/latest");
    os_poweroff(run_shell()); // what was written goes to the disk first
}
