// SPDX-License-Identifier: MIT
//
// Chapter 18: files survive a power cut at any moment.
//
// In front of the disk stands another one that loses its power: after so many writes it
// says yes to everything and keeps nothing. A file system is made, a file is written and
// then replaced, each with os_fsync(); and after the cut we look at the disk itself. What
// was promised by then has to be there. This is done for every number of writes. Then the
// shell runs, on a disk that nothing has happened to.
//
//   make CHAPTER=18 qemu
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "fs/ramfs.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "fs/vfs.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "process.h"
#include "program.h"
#include "stack.h"
#include "string.h"
#include "terminal.h"
#include "timer.h"
#include "trap.h"
#include "user/os.h"
#include "vm.h"

enum { CUTS = 24 };

static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
static const struct file_system *const file_systems[] = {&ramfs_file_system,
                                                         &tsfs_file_system, NULL};

static void check(int result, const char *what)
{
    if (result < 0)
        panic("%s: %s", what, error_text(result));
}

// ---- The disk that loses its power -----------------------------------------------------
static struct {
    struct block_device device;
    struct block_device *real;
    unsigned writes_left;
    bool is_on;
} weak = {.device.name = "weak"};

// It has no queue of its own: each request goes through to the real disk as a new one.
struct passed_on {
    struct block_request request, *original;
};

static void real_is_done(struct block_request *request)
{
    struct passed_on *passed = container_of(request, struct passed_on, request);
    struct block_request *original = passed->original;
    int error = request->error;
    heap_free(passed);
    block_complete(&weak.device, original, error);
}

static int weak_submit(struct block_device *device, struct block_request *request)
{
    if (request->operation == BLOCK_WRITE && weak.writes_left-- == 0)
        weak.is_on = false;
    if (request->operation != BLOCK_READ && !weak.is_on) {
        block_complete(device, request, 0); // it would not say anything: who could tell?
        return 0;
    }
    struct passed_on *passed = heap_alloc(sizeof(*passed));
    if (!passed)
        return -ENOMEM;
    passed->original = request;
    passed->request = (struct block_request){
        .operation = request->operation,
        .sector = request->sector,
        .sectors = request->sectors,
        .segments = request->segments,
        .segment_count = request->segment_count,
        .done = real_is_done,
    };
    int error = block_submit(weak.real, &passed->request);
    if (error)
        heap_free(passed);
    return error;
}

static void weak_start(struct block_device *device)
{
    block_start(weak.real);
}

static const struct block_operations weak_operations = {weak_submit, weak_start};

static void make_weak_disk(struct block_device *real)
{
    struct block_device *device = &weak.device;
    weak.real = real;
    device->operations = &weak_operations;
    device->sectors = real->sectors;
    device->block_size = real->block_size;
    device->can_flush = real->can_flush;
    device->segments_max = real->segments_max;
    device->sectors_max = real->sectors_max;
    device->segment_size_max = real->segment_size_max;
    check(block_add(device), "the weak disk");
}

// ---- What is promised, and what is there ------------------------------------------------
static const char *const stories[] = {"none", "first", "second"};

static void write_file(const char *path, const char *text)
{
    int file = os_open(path, OS_WRITE_ONLY | OS_CREATE);
    check(file, path);
    check(os_write(file, text, strlen(text)), path);
    check(os_fsync(file), path);
    os_close(file);
}

// How many of the two stories had been promised when the power went.
static int write_stories(void)
{
    int promised = 0;
    write_file("/disk/story", stories[1]);
    promised += weak.is_on;
    write_file("/disk/new", stories[2]);
    check(os_rename("/disk/new", "/disk/story"), "rename");
    check(os_sync(), "sync");
    promised += weak.is_on;
    return promised;
}

static int read_story(void)
{
    char text[8] = "none";
    int file = os_open("/disk/story", OS_READ_ONLY);
    if (file >= 0) {
        int count = os_read(file, text, sizeof(text) - 1);
        check(count, "story");
        if (count > 0) // created, and no more than that: nobody had promised anything
            text[count] = 0;
        os_close(file);
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, stories[i]) == 0)
            return i;
    }
    return -1; // something else, such as half of a word
}

// True: what is on the disk afterwards is the story promised, or a later one.
static bool survives_cut(unsigned writes)
{
    struct tsfs_make_options options = {.label = "chapter 18"};
    check(tsfs_make(weak.real, &options), "mkfs");
    weak.writes_left = writes;
    weak.is_on = true;
    check(vfs_mount("weak", "/disk", "tsfs", 0), "mount");
    int promised = write_stories();
    check(vfs_unmount("/disk"), "umount");

    check(vfs_mount(weak.real->name, "/disk", "tsfs", 0), "mount after the cut");
    int found = read_story();
    check(vfs_unmount("/disk"), "umount");
    print("power cut after %2u writes: promised %-6s found %s\n", writes, stories[promised],
          found < 0 ? "rubbish" : stories[found]);
    return found >= promised;
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

static void bring_up(const struct boot_info *boot)
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
}

int kernel_main(const struct boot_info *boot)
{
    bring_up(boot);
    struct block_device *disk = block_find("vda");
    if (!disk)
        panic("no disk: this chapter needs one to cut the power of");
    make_weak_disk(disk);
    check(vfs_mount("memory", "/", "ramfs", 0), "/");
    check(vfs_make("/disk", OS_TYPE_DIRECTORY, NULL), "/disk");

    unsigned broken = 0;
    log_set_console_level(LOG_WARNING);
    for (unsigned writes = 0; writes < CUTS; writes++)
        broken += !survives_cut(writes);
    print("%u power cuts, %u promises broken\n", CUTS, broken);
    check(vfs_mount(disk->name, "/disk", "tsfs", 0), "mount");
    os_poweroff(run_shell()); // what was written goes to the disk first
}
