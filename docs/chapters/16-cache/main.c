// SPDX-License-Identifier: MIT
//
// Chapter 16: what was read once need not be read again.
//
// A disk is read and written through the cache, and after each step the requests that
// reached it are shown: the second read is free, reads in sequence become few, writes come
// late and together. Then the shell runs: `cachestat` shows the sums.
//
//   make CHAPTER=16 qemu
#include "boot/board.h"
#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
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

enum { MIB = 1024 * 1024, PIECE = CACHE_BLOCK_SIZE, PIECES = 256 };
#define LONG_ENOUGH_NS 4000000000u // for dirty blocks to be written by themselves

static struct {
    struct block_device *disk;
    uint64_t reads, writes; // that were counted the last time
    uint8_t piece[PIECE];
} show;

// What the disk was asked for since the last line.
static void print_requests(const char *what)
{
    const uint64_t *requests = show.disk->counters.requests;
    print("%-38s %3llu reads, %3llu writes\n", what,
          (unsigned long long)(requests[BLOCK_READ] - show.reads),
          (unsigned long long)(requests[BLOCK_WRITE] - show.writes));
    show.reads = requests[BLOCK_READ];
    show.writes = requests[BLOCK_WRITE];
}

static void check(int error)
{
    if (error)
        panic("%s: %s", show.disk->name, error_text(error));
}

static void read_pieces(uint64_t start, unsigned step)
{
    for (unsigned i = 0; i < PIECES; i++)
        check(cache_read(show.disk, start + i * step % PIECES * PIECE, show.piece, PIECE));
}

static void show_reading(void)
{
    check(cache_read(show.disk, 5000, show.piece, 100));
    print_requests("100 bytes read:");
    check(cache_read(show.disk, 5000, show.piece, 100));
    print_requests("the same bytes again:");
    read_pieces(1 * MIB, 1);
    print_requests("256 blocks in sequence:");
    read_pieces(1 * MIB, 1);
    print_requests("all of them again:");
    read_pieces(4 * MIB, 101);
    print_requests("256 other blocks, here and there:");
}

static void show_writing(void)
{
    struct cache_statistics now;
    for (unsigned i = 0; i < PIECES; i++)
        check(cache_write(show.disk, 6 * MIB + i * PIECE, show.piece, PIECE));
    cache_statistics(&now);
    print_requests("256 blocks written:");
    print("%zu of the %zu blocks in memory are dirty\n", now.dirty, now.blocks);
    timer_sleep(LONG_ENOUGH_NS);
    cache_statistics(&now);
    print_requests("and 4 seconds later:");
    print("%zu are dirty\n", now.dirty);
    check(cache_sync(show.disk)); // the disk has its own cache: this is a flush
}

static void show_large(void)
{
    static uint8_t large[MIB];
    check(cache_read(show.disk, 8 * MIB, large, MIB));
    print_requests("a MiB at once, past the cache:");
    check(cache_read(show.disk, 8 * MIB, large, MIB));
    print_requests("which keeps nothing of it:");
}

static int run_shell(void)
{
    static char name[] = "shell", option[] = "-c", commands[CMDLINE_SIZE];
    char *interactive[] = {name, NULL}, *once[] = {name, option, commands, NULL};
    bool given = cmdline_value("run", commands, sizeof(commands)) >= 0;
    struct file *console = terminal_file();
    struct file *const files[3] = {console, console, console};
    int status = 1;
    process_wait(process_start(program_find(name), given ? once : interactive, files, true),
                 &status, MACHINE_NEVER);
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
    board_start_interrupts(board);
    machine_interrupts_enable();
    terminal_init();
    process_init();

    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    if (virtio_probe(board, drivers) == 0)
        panic("no disk: start with DISK=image, or with `make CHAPTER=16 qemu`");
    show.disk = block_next(NULL);
    cache_init(0);
    show_reading();
    show_writing();
    show_large();
    return run_shell();
}
