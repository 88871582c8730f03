// SPDX-License-Identifier: MIT
//
// A driver that breaks one rule of the virtio specification, rule=NAME on the command line,
// at the entropy device of the process. tests/system/test_host_devices.py reads what the
// device says to that.
#include "bring_up.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum { SIZE = 4, INDIRECT_SIZE = 2 * sizeof(struct virtq_desc) };

// virtio 1.2, 4.2.2
enum {
    DRIVER_FEATURES = 0x20,
    DRIVER_FEATURES_SELECT = 0x24,
    QUEUE_SIZE = 0x38,
    QUEUE_READY = 0x44,
    NOTIFY = 0x50,
    STATUS = 0x70,
    DESCRIPTORS = 0x80,
    AVAILABLE = 0x90,
    USED = 0xa0,
};

static char *registers;
static struct {
    struct virtq_desc desc[SIZE];
    struct virtq_avail avail;
    uint16_t avail_ring[SIZE + 1];
    uint16_t padding[3];
    struct virtq_used used;
    struct virtq_used_element used_ring[SIZE];
    uint32_t end;
    struct virtq_desc table[2];
    char buffer[64];
} * memory;

static void put(unsigned offset, uint32_t value)
{
    mmio_write32(registers + offset, value);
}

static void put_address(unsigned offset, uintptr_t address)
{
    put(offset, (uint32_t)address);
    put(offset + 4, (uint32_t)((uint64_t)address >> 32));
}

static void acknowledge(void)
{
    put(STATUS, 0);
    put(STATUS, VIRTIO_ACKNOWLEDGE);
    put(STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
}

static void agree(void)
{
    acknowledge();
    put(DRIVER_FEATURES_SELECT, 0);
    put(DRIVER_FEATURES, VIRTIO_F_INDIRECT_DESC);
    put(DRIVER_FEATURES_SELECT, 1);
    put(DRIVER_FEATURES, VIRTIO_F_VERSION_1 >> 32);
    put(STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
}

static void make_queue(uintptr_t descriptors)
{
    agree();
    put(QUEUE_SIZE, SIZE);
    put_address(DESCRIPTORS, descriptors);
    put_address(AVAILABLE, (uintptr_t)&memory->avail);
    put_address(USED, (uintptr_t)&memory->used);
    put(QUEUE_READY, 1);
}

static void go_live(void)
{
    make_queue((uintptr_t)memory->desc);
    put(STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK | VIRTIO_DRIVER_OK);
}

static void describe(struct virtq_desc *desc, void *address, uint32_t length, unsigned flags)
{
    *desc = (struct virtq_desc){(uintptr_t)address, length, (uint16_t)flags, 1};
}

// Makes a head available, moves the index, and lets the device have its turn.
static void offer(uint16_t head_index, uint16_t index)
{
    memory->avail_ring[(index - 1) % SIZE] = head_index;
    memory->avail.index = index;
    put(NOTIFY, 0);
    thread_yield();
}

// One request whose first descriptor is this one; the second is as it should be.
static void offer_one(void *address, uint32_t length, unsigned flags)
{
    go_live();
    describe(&memory->desc[0], address, length, flags);
    describe(&memory->desc[1], memory->buffer, 8, VIRTQ_DESC_WRITE);
    offer(0, 1);
}

// ---- The rules, each broken once ---------------------------------------------------------
static void step(void)
{
    put(STATUS, VIRTIO_DRIVER);
}

static void back(void)
{
    acknowledge();
    put(STATUS, VIRTIO_DRIVER);
}

static void feature(void)
{
    acknowledge();
    put(DRIVER_FEATURES, 1 << 5);
}

static void width(void)
{
    mmio_read8(registers + STATUS);
}

static void write_only(void)
{
    mmio_read32(registers + NOTIFY);
}

static void early(void)
{
    acknowledge();
    put(QUEUE_SIZE, SIZE);
}

static void size(void)
{
    agree();
    put(QUEUE_SIZE, 3);
}

static void alignment(void)
{
    make_queue((uintptr_t)memory->desc + 8);
}

static void rings(void)
{
    make_queue(PAGE_SIZE);
}

static void notify(void)
{
    make_queue((uintptr_t)memory->desc);
    put(NOTIFY, 0);
}

static void jump(void)
{
    go_live();
    offer(0, 1000);
}

static void head(void)
{
    go_live();
    offer(77, 1);
}

static void address(void)
{
    offer_one((void *)8, 8, VIRTQ_DESC_WRITE);
}

static void empty(void)
{
    offer_one(memory->buffer, 0, VIRTQ_DESC_WRITE);
}

static void order(void)
{
    go_live();
    describe(&memory->desc[0], memory->buffer, 8, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT);
    describe(&memory->desc[1], memory->buffer, 8, 0);
    offer(0, 1);
}

static void loop(void)
{
    go_live();
    describe(&memory->desc[1], memory->buffer, 8, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT);
    offer(1, 1);
}

static void nested(void)
{
    describe(&memory->table[0], memory->table, INDIRECT_SIZE, VIRTQ_DESC_INDIRECT);
    offer_one(memory->table, INDIRECT_SIZE, VIRTQ_DESC_INDIRECT);
}

static void twice(void)
{
    offer_one(memory->buffer, 8, VIRTQ_DESC_WRITE);
    offer(0, 2);
}

static void none(void)
{
    offer_one(memory->buffer, 8, VIRTQ_DESC_WRITE);
    print("%u entry used, %u bytes\n", memory->used.index, memory->used_ring[0].length);
}

static const struct {
    const char *name;
    void (*break_it)(void);
} rules[] = {
    {"step", step},
    {"back", back},
    {"feature", feature},
    {"width", width},
    {"write-only", write_only},
    {"early", early},
    {"size", size},
    {"alignment", alignment},
    {"rings", rings},
    {"notify", notify},
    {"jump", jump},
    {"head", head},
    {"address", address},
    {"empty", empty},
    {"order", order},
    {"loop", loop},
    {"nested", nested},
    {"twice", twice},
    {"none", none},
};

int kernel_main(const struct boot_info *boot)
{
    char rule[16] = "";
    const struct board *board = bring_up(boot);

    registers = machine_map_device(board->virtio[0].address, board->virtio[0].size);
    memory = page_alloc(1);
    cmdline_value("rule", rule, sizeof(rule));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rule, rules[i].name) == 0)
            rules[i].break_it();
    print("nobody minded\n");
    return 0;
}
