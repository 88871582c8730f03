// SPDX-License-Identifier: MIT
//
// The virtio drivers against devices that cannot be relied on (boot/host/virtio_faults.c):
// every request ends, what is said to have been read is right, a device that lies or goes is
// given up once, and nothing else is harmed. Every device here has its own seed, which is
// printed.
#include "block.h"
#include "boot/host/virtio_devices.h"
#include "boot/host/virtio_model.h"
#include "console.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_console.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "heap.h"
#include "print.h"
#include "random.h"
#include "string.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

enum {
    REQUESTS = 400, // to each disk
    IN_FLIGHT = 32,
    REGION_SIZE = 8192, // each of those under way has a part of the disk to itself
    REGION_SECTORS = REGION_SIZE / SECTOR_SIZE,
    SEEDS = 5,
    YIELDS_MAX = 100000, // after which a request counts as lost
    LINE_SIZE = 200,
};

// What is printed goes here, too: how often a device was given up is counted.
static struct {
    struct console_device device;
    char line[LINE_SIZE];
    size_t length;
    unsigned given_up;
} log;

static void look_at_words(struct console_device *device, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != '\n' && log.length + 1 < LINE_SIZE) {
            log.line[log.length++] = bytes[i];
            continue;
        }
        log.line[log.length] = '\0';
        log.given_up += strstr(log.line, "given up") != NULL;
        log.length = 0;
    }
}

static size_t no_keys(struct console_device *device, char *bytes, size_t size)
{
    return 0;
}

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    board_start_interrupts(board_describe(boot));
    log.device = (struct console_device){.write = look_at_words, .read = no_keys};
    console_set_second(&log.device);
}

// ---- Devices ------------------------------------------------------------------------

static unsigned slots; // taken: each device has its own, and stays there

// Plugs it in and starts its driver. True when that works, which faults can prevent.
static bool begin(struct virtio_model *model, unsigned faults, uint64_t seed, unsigned rate)
{
    static const struct virtio_driver *const drivers[] = {
        &virtio_blk_driver, &virtio_rng_driver, &virtio_console_driver, NULL};
    struct board board = {.command_line = ""};
    model->faults = (struct virtio_faults){
        .kinds = faults, .rate = rate, .state = seed * 0x9e3779b97f4a7c15};
    virtio_model_plug(model, slots++, &board);
    log.given_up = 0;
    return virtio_probe(&board, drivers) == 1;
}

// The disk that was added last. Its file is this program's own: what is written there is
// forgotten.
static struct block_device *begin_disk(unsigned faults, uint64_t seed, unsigned rate)
{
    const struct drive drive = {.file = "/proc/self/exe", .snapshot = true};
    if (!begin(virtio_blk_model(&drive), faults, seed, rate))
        return NULL;
    struct block_device *last = NULL;
    for (struct block_device *disk = NULL; (disk = block_next(disk));)
        last = disk;
    return last;
}

// ---- Requests to a disk -------------------------------------------------------------

static struct job {
    struct block_request request;
    struct segment segments[2];
    bool under_way, known; // whether it is known what the region holds
    uint8_t content;       // every byte of it
    uint8_t bytes[REGION_SIZE];
} jobs[IN_FLIGHT];

static struct {
    unsigned under_way, ended, failed, wrong;
} count;

static void request_ended(struct block_request *request)
{
    struct job *job = request->context;
    CHECK(job->under_way);
    job->under_way = false;
    count.under_way--;
    count.ended++;
    if (request->error) {
        CHECK(request->error == -EIO || request->error == -ENXIO);
        count.failed++;
        job->known &= request->operation == BLOCK_READ || request->operation == BLOCK_FLUSH;
        return;
    }
    for (unsigned i = 0; request->operation == BLOCK_READ && job->known && i < REGION_SIZE; i++)
        count.wrong += job->bytes[i] != job->content;
}

// Something to do for the job's part of the disk. Whether the disk took it.
static int submit(struct block_device *disk, struct job *job, uint64_t *state)
{
    static const enum block_operation operations[] = {
        BLOCK_READ,  BLOCK_READ,         BLOCK_READ, BLOCK_WRITE,
        BLOCK_WRITE, BLOCK_WRITE_ZEROES, BLOCK_FLUSH};
    enum block_operation operation = operations[unit_random(state) % 7];
    size_t first = (unit_random(state) % (REGION_SECTORS - 1) + 1) * SECTOR_SIZE;
    job->segments[0] = (struct segment){job->bytes, first};
    job->segments[1] = (struct segment){job->bytes + first, REGION_SIZE - first};
    job->request = (struct block_request){
        .operation = operation,
        .sector = operation == BLOCK_FLUSH ? 0 : (uint64_t)(job - jobs) * REGION_SECTORS,
        .sectors = operation == BLOCK_FLUSH ? 0 : REGION_SECTORS,
        .segments = job->segments,
        .segment_count = operation == BLOCK_READ || operation == BLOCK_WRITE ? 2 : 0,
        .done = request_ended,
        .context = job,
    };
    memset(job->bytes, (int)unit_random(state), REGION_SIZE);
    job->under_way = true;
    count.under_way++;
    int error = block_submit(disk, &job->request);
    if (error) {
        job->under_way = false;
        count.under_way--;
    } else if (operation == BLOCK_WRITE || operation == BLOCK_WRITE_ZEROES) {
        job->known = true;
        job->content = operation == BLOCK_WRITE ? job->bytes[0] : 0;
    }
    return error;
}

static bool wait_for_room(unsigned under_way_max)
{
    for (unsigned i = 0; i < YIELDS_MAX && count.under_way > under_way_max; i++)
        thread_yield();
    return count.under_way <= under_way_max;
}

// Many at once, until all are done or the disk has gone. Every one of them ends.
static void use_disk(struct block_device *disk, uint64_t seed)
{
    uint64_t state = seed;
    int error = 0;
    memset(jobs, 0, sizeof(jobs));
    memset(&count, 0, sizeof(count));
    for (unsigned i = 0; i < REQUESTS && !error; i++) {
        struct job *job = &jobs[unit_random(&state) % IN_FLIGHT];
        if (!job->under_way)
            error = submit(disk, job, &state);
        if (i % 7 == 0)
            block_start(disk);
        if (i % 5 == 0)
            thread_yield();
        CHECK(wait_for_room(IN_FLIGHT));
    }
    block_start(disk);
    CHECK(wait_for_room(0));
    CHECK(error == 0 || error == -ENXIO);
    CHECK_EQUAL(count.wrong, 0);
}

// One after the other, asleep meanwhile.
static void read_and_wait(struct block_device *disk)
{
    for (unsigned i = 0; i < 50; i++) {
        int error = block_read(disk, i, jobs[0].bytes, REGION_SIZE);
        CHECK(error == 0 || error == -EIO || error == -ENXIO);
    }
}

static void try_disks(unsigned faults, unsigned rate, bool may_fail, bool may_go)
{
    uint64_t first = machine_clock_ns() % 1000000 + 1;
    print("seeds %llu to %llu ", (unsigned long long)first,
          (unsigned long long)first + SEEDS - 1);
    for (uint64_t seed = first; seed < first + SEEDS; seed++) {
        struct block_device *disk = begin_disk(faults, seed, rate);
        CHECK(disk);
        if (!disk)
            return;
        use_disk(disk, seed);
        read_and_wait(disk);
        CHECK(may_fail || count.failed == 0);
        CHECK(may_go || !disk->gone);
        CHECK_EQUAL(log.given_up, disk->gone);
        CHECK_EQUAL(block_flush(disk) == -ENXIO, disk->gone);
    }
}

// ---- Tests --------------------------------------------------------------------------

static void no_faults(void)
{
    try_disks(0, 1, false, false);
    CHECK(count.ended > REQUESTS / 2);
}

static void another_order(void)
{
    try_disks(FAULT_REORDER, 2, false, false);
}

static void late(void)
{
    try_disks(FAULT_DELAY, 3, false, false);
}

static void late_and_in_another_order(void)
{
    try_disks(FAULT_DELAY | FAULT_REORDER, 1, false, false);
}

static void failures(void)
{
    try_disks(FAULT_FAIL, 4, true, false);
    CHECK(count.failed > 0);
}

static void lies(void)
{
    try_disks(FAULT_LIE, 50, true, true);
}

static void withdrawal(void)
{
    try_disks(FAULT_WITHDRAW, 50, true, true);
}

static void everything_at_once(void)
{
    try_disks(FAULT_REORDER | FAULT_DELAY | FAULT_FAIL | FAULT_LIE | FAULT_WITHDRAW, 50, true,
              true);
}

static bool ends_given_up(void)
{
    for (unsigned i = 0; i < YIELDS_MAX && log.given_up == 0; i++)
        thread_yield();
    return log.given_up == 1;
}

// A reseeding needs the device once for each MiB that is given away.
static void entropy(void)
{
    static const unsigned faults[] = {FAULT_DELAY, FAULT_FAIL, FAULT_LIE, FAULT_WITHDRAW};
    static uint8_t bytes[64 * 1024];
    for (unsigned i = 0; i < 4; i++) {
        struct virtio_model *model = virtio_rng_model();
        begin(model, faults[i], i + 1, 2);
        for (unsigned n = 0; n < 64; n++) {
            random_bytes(bytes, sizeof(bytes));
            thread_yield();
        }
        if (log.given_up == 0)
            virtio_model_need_reset(model);
        CHECK(ends_given_up());
        for (unsigned n = 0; n < 32; n++) { // whoever reseeds finds out
            random_bytes(bytes, sizeof(bytes));
            thread_yield();
        }
    }
}

static void words(void)
{
    static const unsigned faults[] = {FAULT_DELAY, FAULT_LIE, FAULT_WITHDRAW};
    for (unsigned i = 0; i < 3; i++) {
        console_set_second(NULL);
        struct virtio_model *model = virtio_console_model(-1, -1);
        begin(model, faults[i], i + 1, 4);
        for (unsigned n = 0; n < 100; n++) {
            print("%s", n % 10 ? "" : ".");
            console_write(".\b", n % 2 * 2);
            thread_yield();
        }
        virtio_model_need_reset(model);
        thread_yield();
        thread_yield();
        CHECK_EQUAL(console_set_second(&log.device), 0); // the place is free again
    }
}

const struct test unit_tests[] = {
    {"a disk without faults", no_faults},
    {"requests end in another order", another_order},
    {"requests and interrupts come late", late},
    {"both at once, all the time", late_and_in_another_order},
    {"requests fail", failures},
    {"a disk that lies is given up once", lies},
    {"a disk is withdrawn", withdrawal},
    {"everything at once", everything_at_once},
    {"an entropy device with faults", entropy},
    {"a console with faults", words},
    {0},
};
