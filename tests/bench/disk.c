// SPDX-License-Identifier: MIT
//
// What a disk costs: requests one at a time and 32 in flight, large ones in sequence.
// tests/bench/run.py boots this image with a raw disk and prints its lines beside the bars.
//
// Each figure is the mean over many requests; every line is "name, what: figure"; times in ns.
#include "block.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtqueue.h"
#include "measure.h"
#include "panic.h"
#include "print.h"
#include "wait.h"

enum { ROUNDS = 4096, BATCH = 32, PAGE_SECTORS = PAGE_SIZE / SECTOR_SIZE, MIB = 1 << 20 };

static struct {
    struct block_device *disk;
    struct virtqueue *queue;
    uint64_t random;
    // Requests that start another when they end:
    struct block_request requests[BATCH];
    struct segment pieces[BATCH];
    unsigned begun, ended, rounds;
    struct wait_queue all_ended;
} bench;

static uint64_t random_page_sector(void)
{
    bench.random ^= bench.random << 13;
    bench.random ^= bench.random >> 7;
    bench.random ^= bench.random << 17;
    return bench.random % (bench.disk->sectors / PAGE_SECTORS) * PAGE_SECTORS;
}

static void report(const char *name, const char *what, uint64_t total, unsigned rounds)
{
    print("%s, %s: %llu.%04llu\n", name, what, (unsigned long long)(total / rounds),
          (unsigned long long)(total * 10000 / rounds % 10000));
}

// ---- 4 KiB at random places ------------------------------------------------------------

static void read_one_by_one(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        if (block_read(bench.disk, random_page_sector(), bench.pieces[0].data, PAGE_SIZE))
            panic("the disk failed");
    }
}

static void begin(struct block_request *request)
{
    if (bench.begun == bench.rounds)
        return;
    bench.begun++;
    request->sector = random_page_sector();
    if (block_submit(bench.disk, request))
        panic("the disk refused a request");
}

static void begin_another(struct block_request *request)
{
    if (request->error)
        panic("the disk failed");
    begin(request);
    if (++bench.ended == bench.rounds)
        wait_queue_wake_all(&bench.all_ended, 0);
}

static void read_with_many_in_flight(unsigned rounds)
{
    static const struct wait_reason reason = {.what = "requests", .external = true};
    bench.begun = bench.ended = 0;
    bench.rounds = rounds;
    for (unsigned i = 0; i < BATCH; i++) {
        bench.requests[i] = (struct block_request){.operation = BLOCK_READ,
                                                   .sectors = PAGE_SECTORS,
                                                   .segments = &bench.pieces[i],
                                                   .segment_count = 1,
                                                   .done = begin_another};
        begin(&bench.requests[i]);
    }
    block_start(bench.disk);
    while (bench.ended < bench.rounds)
        wait_queue_wait(&bench.all_ended, &reason, MACHINE_NEVER);
}

// Cost, rate, interrupts and notifications of so many reads.
static void measure_random(const char *name, void (*read)(unsigned rounds))
{
    read(ROUNDS / 16);
    struct virtqueue_counters before = bench.queue->counters;
    uint64_t count = spent(), time_ns = machine_clock_ns();
    read(ROUNDS);
    count = spent() - count;
    time_ns = machine_clock_ns() - time_ns;
    struct virtqueue_counters after = bench.queue->counters;

    report(name, COUNTER_UNIT, count, ROUNDS);
    report(name, "time", time_ns, ROUNDS);
    report(name, "interrupts", after.interrupts - before.interrupts, ROUNDS);
    report(name, "notifications", after.notifications - before.notifications, ROUNDS);
}

static void wake(struct block_request *request)
{
    bench.ended = true;
    wait_queue_wake_all(&bench.all_ended, 0);
}

// Where the cost of one goes: to the driver, to the device, and the way back.
static void measure_stages(void)
{
    static const struct wait_reason reason = {.what = "request", .external = true};
    uint64_t submit = 0, start = 0, rest = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct block_request request = {.operation = BLOCK_READ,
                                        .sector = random_page_sector(),
                                        .sectors = PAGE_SECTORS,
                                        .segments = &bench.pieces[0],
                                        .segment_count = 1,
                                        .done = wake};
        bench.ended = false;
        uint64_t begun = spent();
        block_submit(bench.disk, &request);
        uint64_t submitted = spent();
        block_start(bench.disk);
        uint64_t started = spent();
        while (!bench.ended)
            wait_queue_wait(&bench.all_ended, &reason, MACHINE_NEVER);
        rest += spent() - started;
        start += started - submitted;
        submit += submitted - begun;
    }
    report("1 in flight", "block_submit()", submit, ROUNDS);
    report("1 in flight", "block_start()", start, ROUNDS);
    report("1 in flight", "sleep + interrupt + done() + wake", rest, ROUNDS);
}

// ---- A MiB after the other -------------------------------------------------------------

static void measure_sequence(const char *name, enum block_operation operation)
{
    void *buffer = page_alloc(MIB / PAGE_SIZE);
    unsigned count = (unsigned)(bench.disk->sectors * SECTOR_SIZE / MIB);
    if (!buffer)
        panic("no memory for a MiB");
    uint64_t start = spent(), start_ns = machine_clock_ns();
    for (unsigned i = 0; i < count; i++) {
        uint64_t sector = (uint64_t)i * (MIB / SECTOR_SIZE);
        int error = operation == BLOCK_READ ? block_read(bench.disk, sector, buffer, MIB)
                                            : block_write(bench.disk, sector, buffer, MIB);
        if (error)
            panic("the disk failed");
    }
    if (operation == BLOCK_WRITE)
        block_flush(bench.disk);
    uint64_t cost = spent() - start, time_ns = machine_clock_ns() - start_ns;
    report(name, COUNTER_UNIT, cost, count);
    report(name, "time", time_ns, count);
    page_free(buffer, MIB / PAGE_SIZE);
}

int kernel_main(const struct boot_info *boot)
{
    const struct board *board = bring_up(boot);

    static const struct virtio_driver *const drivers[] = {&virtio_blk_driver, NULL};
    if (virtio_probe(board, drivers) == 0)
        panic("no disk to measure: start with one");
    bench.disk = block_next(NULL);
    bench.queue = virtio_next(NULL)->queues[0];
    bench.random = 1;
    wait_queue_init(&bench.all_ended);
    for (unsigned i = 0; i < BATCH; i++)
        bench.pieces[i] = (struct segment){page_alloc(1), PAGE_SIZE};

    measure_random("1 in flight", read_one_by_one);
    measure_random("32 in flight", read_with_many_in_flight);
    measure_stages();
    measure_sequence("MiB read", BLOCK_READ);
    measure_sequence("MiB written", BLOCK_WRITE);
    return 0;
}
