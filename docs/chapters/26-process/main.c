// SPDX-License-Identifier: MIT
//
// Chapter 26: a machine that only moves when we let it.
//
// The parts of the machine are asked where they are. Then one request goes to the entropy
// device by hand, and between the steps we look whether its answer is there. QEMU's device
// works while we run on; the one that the process plays has its turns when threads change.
//
//   make CHAPTER=26 MACHINE=host run
//   make CHAPTER=26 qemu                    the same program, another machine
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "segment.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

#define MS 1000000ull

enum { DESCRIPTORS = 4, BUSY_MS = 100 };

static struct {
    struct virtqueue *queue;
    uint8_t bytes[16];
    uint32_t length; // of the answer; 0: it was not collected yet
} request;

// ---- A driver, as small as it can be ----------------------------------------------------
static void completed(struct virtqueue *queue)
{
    while (virtqueue_collect(queue, &request.length))
        ;
}

static int start(struct virtio_device *device)
{
    return virtqueue_create(device, 0, DESCRIPTORS, "requests", completed, &request.queue);
}

static const struct virtio_driver driver = {
    .name = "by hand", .id = VIRTIO_RNG, .start = start};
static const struct virtio_driver *const drivers[] = {&driver, NULL};

// ---- The machine ------------------------------------------------------------------------
static void print_parts(const struct board *board)
{
    int local;
    print("%s\n", board->model);
    print("  memory      %p to %p\n", (void *)(uintptr_t)board->memory[0].start,
          (void *)(uintptr_t)(board->memory[0].start + board->memory[0].size));
    print("  this code   %p\n", (void *)(uintptr_t)print_parts);
    print("  its stack   %p\n", (void *)&local);
    if (board->virtio_count == 0)
        return;
    // On a bare machine this is a load instruction; in a process, a call of a function.
    const struct board_device *slot = &board->virtio[0];
    const char *registers = machine_map_device(slot->address, slot->size);
    uint32_t word = mmio_read32(registers);
    print("  a device    %p: its first register is \"%.4s\"\n", (const void *)registers,
          (const char *)&word);
}

static void say_whether(const char *when)
{
    bool there = virtqueue_has_used(request.queue);
    print("%s: %s\n", when, request.length ? "it was collected" : there ? "it is there" : "no");
}

static void keep_busy(void)
{
    uint64_t end_ns = machine_clock_ns() + BUSY_MS * MS;
    while (machine_clock_ns() < end_ns)
        ;
}

// Interrupts stay masked until the last step, so nothing is collected before.
static void ask_by_hand(void)
{
    const struct segment room = {request.bytes, sizeof(request.bytes)};
    bool enabled = machine_interrupts_save();
    virtqueue_submit(request.queue, &room, 0, 1, &request);
    say_whether("an answer, before the device was told");
    virtqueue_notify(request.queue);
    keep_busy();
    say_whether("after 100 ms without a pause");
    machine_interrupts_restore(enabled);
    for (unsigned i = 0; i < BUSY_MS && request.length == 0; i++)
        timer_sleep(MS);
    say_whether("once others had a turn");
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

    print_parts(board);
    if (virtio_probe(board, drivers) == 0)
        panic("no entropy device: -device virtio-rng-device in QEMU, without -no-rng here");
    ask_by_hand();
    print("%u bytes, %llu interrupt\n", (unsigned)request.length,
          (unsigned long long)request.queue->counters.interrupts);
    return 0;
}
