// SPDX-License-Identifier: MIT
//
// Chapter 15: disks.
//
// A sector is written, flushed and read again; 32 requests are under way at once, and the
// disk ends them in whatever order it likes; two requests fail, and the caller hears why.
//
//   make CHAPTER=15 qemu
//   make CHAPTER=15 qemu DISK=some.img      (its first 128 KiB are overwritten)
#include "block.h"
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_blk.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"
#include "wait.h"

enum { REQUESTS = 32, REQUEST_SECTORS = 8 }; // 4 KiB each

// A disk may fail, and nothing else stops for it.
static void say(int error, const char *what)
{
    if (error)
        print("%s: %s\n", what, error_text(error));
}

// ---- One after the other ----------------------------------------------------------------

static void write_and_read(struct block_device *disk)
{
    static char sector[SECTOR_SIZE] = "what was written";
    say(block_write(disk, 7, sector, sizeof(sector)), "writing");
    say(block_flush(disk), "flushing");
    memset(sector, 0, sizeof(sector));
    say(block_read(disk, 7, sector, sizeof(sector)), "reading");
    print("sector 7: \"%s\"\n", sector);
}

// ---- Many at once -----------------------------------------------------------------------

static struct {
    struct block_request requests[REQUESTS];
    struct segment pieces[REQUESTS];
    unsigned ended;
    struct wait_queue all_ended;
} many;

// Between threads: nothing here may sleep.
static void count_end(struct block_request *request)
{
    if (++many.ended == REQUESTS)
        wait_queue_wake_all(&many.all_ended, 0);
}

static void run_many(struct block_device *disk, enum block_operation operation)
{
    static const struct wait_reason reason = {.what = "32 requests", .external = true};

    many.ended = 0;
    for (unsigned i = 0; i < REQUESTS; i++) {
        many.requests[i] = (struct block_request){.operation = operation,
                                                  .sector = i * 7 % REQUESTS * REQUEST_SECTORS,
                                                  .sectors = REQUEST_SECTORS,
                                                  .segments = &many.pieces[i],
                                                  .segment_count = 1,
                                                  .done = count_end};
        if (block_submit(disk, &many.requests[i]) != 0)
            panic("the disk has no room for request %u of %u", i, REQUESTS);
    }
    block_start(disk); // once for all
    while (many.ended < REQUESTS)
        wait_queue_wait(&many.all_ended, &reason, MACHINE_NEVER);
    for (unsigned i = 0; i < REQUESTS; i++)
        say(many.requests[i].error, "one of the requests");
}

static void write_and_read_many(struct block_device *disk)
{
    unsigned right = 0;
    wait_queue_init(&many.all_ended);
    for (unsigned i = 0; i < REQUESTS; i++)
        many.pieces[i] = (struct segment){page_alloc(1), PAGE_SIZE};

    for (unsigned i = 0; i < REQUESTS; i++)
        memset(many.pieces[i].data, 'A' + (int)i, PAGE_SIZE);
    run_many(disk, BLOCK_WRITE);
    for (unsigned i = 0; i < REQUESTS; i++)
        memset(many.pieces[i].data, 0, PAGE_SIZE);
    run_many(disk, BLOCK_READ);
    for (unsigned i = 0; i < REQUESTS; i++) {
        const char *bytes = many.pieces[i].data;
        right += bytes[0] == 'A' + (int)i && bytes[PAGE_SIZE - 1] == bytes[0];
    }
    print("%u pages written and read, %u are right; at most %u were under way\n", REQUESTS,
          right, disk->counters.in_flight_most);
}

// ---- What goes wrong --------------------------------------------------------------------

static void show_errors(struct block_device *disk)
{
    static char sector[SECTOR_SIZE];
    print("beyond the end: %s\n",
          error_text(block_read(disk, disk->sectors, sector, sizeof(sector))));
    print("a byte too many: %s\n", error_text(block_read(disk, 0, sector, SECTOR_SIZE + 1)));
}

static void show(struct block_device *disk)
{
    print("%s: %llu sectors, up to %u segments a request%s%s\n", disk->name,
          (unsigned long long)disk->sectors, disk->segments_max,
          disk->can_flush ? ", flush" : "", disk->can_discard ? ", discard" : "");
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

    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    if (virtio_probe(board, drivers) == 0)
        panic("no disk: start with DISK=image, or with `make CHAPTER=15 qemu`");
    struct block_device *disk = block_next(NULL);
    show(disk);
    write_and_read(disk);
    if (!disk->read_only)
        write_and_read_many(disk);
    show_errors(disk);
    return 0;
}
