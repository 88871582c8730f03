// SPDX-License-Identifier: MIT
//
// virtio.c: the life cycle of a device (virtio 1.2, 3.1.1) step by step, what is agreed on,
// and every way in which it can fail.
#include "boot/board.h"
#include "cmdline.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "test.h"
#include "unit.h"
#include "virtio_device.h"

enum { OFFERED_ONLY = 1 << 3, WANTED = 1 << 5, REQUIRED = 1 << 7 };

static struct {
    int start_error;
    bool makes_queue;
    unsigned starts, readies, configs, brokens;
    uint8_t status_at_ready;
    bool breaks_in_start;
} tester;

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static void completed(struct virtqueue *queue)
{
}

static int start(struct virtio_device *device)
{
    tester.starts++;
    struct virtqueue *queue;
    if (tester.makes_queue && virtqueue_create(device, 0, 8, "q", completed, &queue) != 0)
        return -EINVAL;
    device->data = heap_alloc(100);
    if (tester.breaks_in_start)
        virtio_break(device, "it does not please");
    return tester.start_error;
}

static void ready(struct virtio_device *device)
{
    tester.readies++;
    tester.status_at_ready = fake.status;
}

static void config_changed(struct virtio_device *device)
{
    tester.configs++;
}

static void broken(struct virtio_device *device)
{
    tester.brokens++;
}

static const struct virtio_driver driver = {
    .name = "tester",
    .id = VIRTIO_BLK,
    .required = REQUIRED,
    .wanted = WANTED,
    .required_hint = "give it tested=on",
    .start = start,
    .ready = ready,
    .config_changed = config_changed,
    .broken = broken,
};

static const struct virtio_driver other = {.name = "other", .id = VIRTIO_NET};
static const struct virtio_driver *const drivers[] = {&other, &driver, NULL};

static const uint64_t usual = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC |
                              REQUIRED | WANTED | OFFERED_ONLY;

// A device as it comes from a transport; what it does is chosen between this and start_it().
static struct virtio_device *find(void)
{
    memset(&fake, 0, sizeof(fake));
    memset(&tester, 0, sizeof(tester));
    tester.makes_queue = true;
    fake.offered = usual;
    fake.size_max = 8;
    struct virtio_device *device = heap_alloc(sizeof(*device));
    if (device)
        *device = (struct virtio_device){
            .transport = &fake_transport, .name = "fake0", .id = VIRTIO_BLK};
    return device;
}

static size_t heap_in_use(void)
{
    struct heap_statistics statistics;
    heap_statistics(&statistics);
    return statistics.allocations;
}

// ---- Success ----------------------------------------------------------------------------
static void goes_through_the_steps(void)
{
    struct virtio_device *device = find();
    CHECK(virtio_start(device, drivers));
    static const uint8_t steps[] = {0, 1, 1 | 2, 1 | 2 | 8, 1 | 2 | 8 | 4};
    CHECK_EQUAL(fake.status_count, sizeof steps);
    for (size_t i = 0; i < sizeof steps; i++)
        CHECK_EQUAL(fake.statuses[i], steps[i]);
    CHECK_EQUAL(fake.accepted, usual & ~(uint64_t)OFFERED_ONLY);
    CHECK_EQUAL(device->features, fake.accepted);
    CHECK_EQUAL(tester.readies, 1);
    CHECK_EQUAL(tester.status_at_ready, 15); // live by then
    CHECK_EQUAL(fake.connections, 1);
    CHECK(virtio_next(NULL) == device);
    CHECK(virtio_next(device) == NULL);
}

static void takes_what_is_offered(void)
{
    struct virtio_device *device = find();
    fake.offered = VIRTIO_F_VERSION_1 | REQUIRED;
    CHECK(virtio_start(device, drivers));
    CHECK_EQUAL(device->features, VIRTIO_F_VERSION_1 | REQUIRED);
    CHECK(!device->queues[0]->event_idx && !device->queues[0]->indirect);
}

static void can_be_switched_off(void)
{
    struct boot_info boot = {.command_line = "virtio.event_idx=0"};
    cmdline_init(&boot);
    struct virtio_device *device = find();
    CHECK(virtio_start(device, drivers));
    CHECK(!virtio_has(device, VIRTIO_F_EVENT_IDX));
    CHECK(virtio_has(device, VIRTIO_F_INDIRECT_DESC));
    boot.command_line = "virtio.indirect_desc=0";
    cmdline_init(&boot);
    device = find();
    CHECK(virtio_start(device, drivers));
    CHECK(virtio_has(device, VIRTIO_F_EVENT_IDX));
    CHECK(!virtio_has(device, VIRTIO_F_INDIRECT_DESC));
    boot.command_line = "";
    cmdline_init(&boot);
}

// ---- Failure ----------------------------------------------------------------------------
// Whatever the cause: reset, FAILED, and nothing is left behind.
static void check_failure(struct virtio_device *device, size_t before, unsigned starts)
{
    CHECK(!virtio_start(device, drivers));
    CHECK_EQUAL(tester.starts, starts);
    CHECK_EQUAL(tester.readies, 0);
    CHECK_EQUAL(tester.brokens, 0);
    CHECK(fake.status_count >= 2);
    CHECK_EQUAL(fake.statuses[fake.status_count - 2], 0);
    CHECK_EQUAL(fake.statuses[fake.status_count - 1], VIRTIO_FAILED);
    CHECK_EQUAL(heap_in_use(), before);
}

static void fails_cleanly(void)
{
    size_t before = heap_in_use();
    struct virtio_device *device = find();
    fake.offered &= ~VIRTIO_F_VERSION_1;
    check_failure(device, before, 0);

    device = find();
    fake.offered &= ~(uint64_t)REQUIRED;
    check_failure(device, before, 0);

    device = find();
    fake.refused = VIRTIO_FEATURES_OK;
    check_failure(device, before, 0);

    device = find();
    tester.start_error = -ENXIO; // with a queue made already
    check_failure(device, before, 1);

    device = find();
    fake.size_max = 2;
    check_failure(device, before, 1);

    device = find();
    fake.connect_error = -ENODEV;
    check_failure(device, before, 1);

    device = find();
    tester.breaks_in_start = true; // broken() is for devices that are live
    check_failure(device, before, 1);
}

// Its queue's memory stays out of use: the device may still write there.
static void a_device_that_does_not_reset(void)
{
    struct virtio_device *device = find();
    fake.reset_error = -ETIMEDOUT;
    CHECK(!virtio_start(device, drivers));
    CHECK_EQUAL(tester.starts, 0);
}

static void no_driver_for_it(void)
{
    size_t before = heap_in_use();
    struct virtio_device *device = find();
    device->id = VIRTIO_CONSOLE;
    CHECK(!virtio_start(device, drivers));
    CHECK_EQUAL(fake.status_count, 0); // it is left alone
    CHECK_EQUAL(heap_in_use(), before);
}

// ---- While it lives ---------------------------------------------------------------------
static void breaks_once(void)
{
    struct virtio_device *device = find();
    CHECK(virtio_start(device, drivers));
    virtio_break(device, "reason %d", 1);
    virtio_break(device, "reason %d", 2);
    CHECK(device->broken);
    CHECK_EQUAL(tester.brokens, 1);
    CHECK_EQUAL(fake.status, VIRTIO_FAILED);
    virtio_config_interrupt(device);
    virtio_queues_interrupt(device);
    CHECK_EQUAL(tester.configs, 0);
}

static void tells_of_its_configuration(void)
{
    struct virtio_device *device = find();
    CHECK(virtio_start(device, drivers));
    virtio_config_interrupt(device);
    CHECK_EQUAL(tester.configs, 1);
    CHECK(!device->broken);
    fake.status |= VIRTIO_NEEDS_RESET;
    virtio_config_interrupt(device);
    CHECK_EQUAL(tester.configs, 1);
    CHECK(device->broken);
    CHECK_EQUAL(tester.brokens, 1);
}

// Both halves are from the same moment, however often it changes.
static void reads_a_whole_number(void)
{
    struct virtio_device *device = find();
    CHECK(virtio_start(device, drivers));
    fake.config[0] = 7;
    fake.config[1] = 9;
    CHECK_EQUAL(virtio_config_read64(device, 0), 9ull << 32 | 7);
    fake.config_changes = 5;
    CHECK_EQUAL(virtio_config_read64(device, 0), 14ull << 32 | 12);
    CHECK(!device->broken);
    fake.config_changes = 100000;
    virtio_config_read64(device, 0);
    CHECK(device->broken);
}

const struct test unit_tests[] = {
    {"goes through the steps", goes_through_the_steps},
    {"takes what is offered", takes_what_is_offered},
    {"can be switched off", can_be_switched_off},
    {"fails cleanly", fails_cleanly},
    {"a device that does not reset", a_device_that_does_not_reset},
    {"no driver for it", no_driver_for_it},
    {"breaks once", breaks_once},
    {"tells of its configuration", tells_of_its_configuration},
    {"reads a whole number", reads_a_whole_number},
    {0},
};
