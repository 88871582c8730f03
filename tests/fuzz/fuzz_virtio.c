// SPDX-License-Identifier: MIT
//
// A fuzzer for the virtio drivers, their queues and the block layer: whatever a device is
// and does (invented_device.h), no memory is touched that is not theirs, nobody waits for
// ever, and every request ends exactly once.
//
// Around them is as little kernel as will do: memory comes from the C library, so that the
// sanitizer knows the bounds of each piece, and there is one thread. Where it waits, the
// device has its turns; a device that has no more to say asks for a reset.
#include "fuzz.h"
#include "invented_queue.h"
#include "pieces.h"

#include "block.h"
#include "boot/board.h"
#include "console.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_console.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "irq.h"
#include "random.h"
#include "thread.h"
#include "timer.h"

enum {
    REQUESTS_MAX = 24,
    BUFFER_SIZE = 16 * SECTOR_SIZE,
    ALLOCATIONS_BEFORE_THE_END = 16, // at most, of a device with ODD_MEMORY
};

// ---- The one thread, its interrupts and its clock --------------------------------------
static struct {
    struct thread thread;
    bool waits, serves;
    int result;
    uint64_t clock_ns;
    void (*handler)(void *context);
    void *context;
} processor;

uint64_t machine_clock_ns(void)
{
    return processor.clock_ns += 10000000;
}

uint64_t timer_deadline_after(uint64_t duration_ns)
{
    return processor.clock_ns + duration_ns;
}

int irq_connect(unsigned source, const char *name, void (*handler)(void *context),
                void *context)
{
    if (device.odd & ODD_INTERRUPT)
        return -EBUSY;
    processor.handler = handler;
    processor.context = context;
    return 0;
}

static void interrupt(void)
{
    if (device.interrupts == 0 || !processor.handler)
        return;
    processor.serves = true;
    processor.handler(processor.context);
    processor.serves = false;
}

struct thread *thread_current(void)
{
    return &processor.thread;
}

int thread_block(const struct wait_reason *reason, uint64_t deadline_ns)
{
    ASSERT(!processor.serves); // between threads nobody may wait
    bool withdrawn = false;
    processor.waits = true;
    while (processor.waits && (has_input() || !withdrawn)) {
        if (has_input()) {
            device_turn();
        } else if (deadline_ns != MACHINE_NEVER) {
            thread_wake(&processor.thread, -ETIMEDOUT);
        } else {
            device_withdraw();
            withdrawn = true;
        }
        interrupt();
    }
    if (processor.waits)
        panic("a wait for %s \"%s\" never ends", reason->what, reason->name);
    return processor.result;
}

void thread_wake(struct thread *thread, int result)
{
    if (!processor.waits)
        return;
    processor.waits = false;
    processor.result = result;
    list_remove(&thread->link);
}

int random_set_device(struct entropy_device *entropy)
{
    uint8_t bytes[RANDOM_KEY_SIZE];
    int result = 0;
    for (unsigned i = 0; i < 4 && result >= 0; i++) {
        result = entropy->read(entropy, bytes, sizeof(bytes));
        ASSERT(result != 0 && result <= (int)sizeof(bytes));
    }
    return result < 0 ? result : 0;
}

// ---- What the kernel does with the device -----------------------------------------------
static struct job {
    struct block_request request;
    struct segment segments[4];
    bool under_way;
} *jobs;

static void request_ended(struct block_request *request)
{
    struct job *job = request->context;
    ASSERT(job->under_way);
    ASSERT(request->error == 0 || request->error == -EIO || request->error == -ENXIO ||
           request->error == -ENOSYS);
    job->under_way = false;
}

// Anything, sensible or not: the block layer sorts it out.
static void submit(struct block_device *disk)
{
    struct job *job = &jobs[next_byte() % REQUESTS_MAX];
    if (job->under_way)
        return;
    unsigned count = next_byte() % 5, pieces = next_byte();
    uint64_t sectors = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t size = (pieces >> 2 * i & 3) * SECTOR_SIZE + (pieces == 255);
        job->segments[i] = (struct segment){heap_alloc(size), size};
        sectors += size / SECTOR_SIZE;
    }
    enum block_operation operation = next_byte() % BLOCK_OPERATIONS;
    job->request = (struct block_request){
        .operation = operation,
        .sector = next_number(next_byte() % 5),
        .sectors = next_byte() % 8 ? sectors : next_number(4),
        .segments = job->segments,
        .segment_count = count,
        .done = request_ended,
        .context = job,
    };
    job->under_way = true;
    if (block_submit(disk, &job->request) != 0)
        job->under_way = false;
}

static void wait_for_disk(struct block_device *disk, uint8_t what)
{
    uint8_t *buffer = heap_alloc(BUFFER_SIZE);
    uint64_t sector = next_byte(), sectors = next_number(next_byte() % 5);
    if (!buffer)
        return;
    switch (what % 5) {
    case 0: block_read(disk, sector, buffer, BUFFER_SIZE); break;
    case 1: block_write(disk, sector, buffer, BUFFER_SIZE); break;
    case 2: block_flush(disk); break;
    case 3: block_discard(disk, sector, sectors % 4096); break;
    default: block_write_zeroes(disk, sector, sectors % 4096); break;
    }
    heap_free(buffer);
}

static void use_disk(struct block_device *disk)
{
    uint8_t what = next_byte();
    if (what % 4 == 0)
        wait_for_disk(disk, what / 4);
    else if (what % 4 == 1)
        block_start(disk);
    else
        submit(disk);
}

static void use_console(void)
{
    static char words[256];
    char keys[64];
    memset(words, 'w', sizeof(words));
    console_write(words, next_byte());
    ASSERT(console_read(keys, sizeof(keys)) <= sizeof(keys));
}

static void use_device(void)
{
    struct block_device *disk = block_next(NULL);
    while (has_input()) {
        device_turn();
        interrupt();
        if (disk)
            use_disk(disk);
        else
            use_console();
    }
    device_withdraw();
    interrupt();
    for (unsigned i = 0; i < REQUESTS_MAX; i++)
        ASSERT(!jobs[i].under_way || !disk || !processor.handler);
}

// ---- A run --------------------------------------------------------------------------------
static size_t no_keys(struct console_device *first, char *bytes, size_t size)
{
    return 0;
}

void fuzz_setup(const struct boot_info *boot)
{
    console_device()->read = no_keys;
    list_init(&processor.thread.link);
}

// Nothing of this run is known to the kernel any more.
static void forget_everything(void)
{
    struct virtio_device *known;
    struct block_device *disk;
    console_set_second(NULL);
    while ((known = virtio_next(NULL)))
        list_remove(&known->all);
    while ((disk = block_next(NULL)))
        list_remove(&disk->all);
    free_everything();
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    static const struct virtio_driver *const drivers[] = {
        &virtio_blk_driver, &virtio_rng_driver, &virtio_console_driver, NULL};
    static const struct board board = {
        .virtio_count = 1, .virtio = {{.address = REGISTERS, .size = REGISTERS, .irq = 1}}};
    memory.left = PIECES_MAX;
    device_invent(bytes, size);
    processor.handler = NULL;
    jobs = heap_alloc(REQUESTS_MAX * sizeof(*jobs));
    if (device.odd & ODD_MEMORY)
        memory.left = next_byte() % ALLOCATIONS_BEFORE_THE_END;
    bool started = virtio_probe(&board, drivers) == 1;
    memory.left = PIECES_MAX;
    if (started)
        use_device();
    forget_everything();
}
