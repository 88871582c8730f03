// SPDX-License-Identifier: MIT
//
// virtio on PCI: devices that say where their registers are, rightly and wrongly. The bus is
// made of variables, and so are the registers, which only a process can have.
#include "boot/board.h"
#include "boot/host/plugs.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtqueue.h"
#include "fake_pci.h"
#include "host.h"
#include "irq.h"
#include "machine.h"
#include "page.h"
#include "test.h"
#include "thread.h"
#include "unit.h"

enum { WINDOW = 0x40000000, REGISTERS = 0x10000, COMMON = 0x40, NOTIFY = 0x70 };

static struct {
    uint8_t bytes[REGISTERS]; // from the window's start on; bar 0 is first
    bool refuses_messages;
    uint16_t notified; // how often
} registers;

static struct {
    unsigned starts;
    struct virtio_device *device;
} tester;

// ---- The machine --------------------------------------------------------------------------
static uint64_t read_register(struct host_device *device, uint64_t offset, unsigned width)
{
    uint64_t value = 0;
    if (offset == 0x04)
        return UINT32_MAX; // it offers everything
    if (registers.refuses_messages && (offset == 0x10 || offset == 0x1a))
        return 0xffff;
    memcpy(&value, registers.bytes + offset, width);
    return value;
}

static void write_register(struct host_device *device, uint64_t offset, unsigned width,
                           uint64_t value)
{
    registers.notified += offset == 0x3000;
    if (offset != 0x1c) // each queue has its own, and this is one for all
        memcpy(registers.bytes + offset, &value, width);
}

static struct host_device device = {
    .name = "registers",
    .address = WINDOW,
    .size = REGISTERS,
    .read = read_register,
    .write = write_register,
    .input = HOST_NO_DESCRIPTOR,
    .output = HOST_NO_DESCRIPTOR,
};

static void enable(struct irq_chip *chip, unsigned source, bool on)
{
}

static unsigned claim(struct irq_chip *chip)
{
    return 0;
}

static void message(struct irq_chip *chip, unsigned source, struct irq_message *wanted)
{
    *wanted = (struct irq_message){.address = 0x28000000, .data = source};
}

static struct irq_chip chip = {.name = "test",
                               .enable = enable,
                               .claim = claim,
                               .message_first = 100,
                               .message_count = 20,
                               .message = message};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    irq_init(&chip);
    host_device_add(&device);
}

// ---- A driver and a device ----------------------------------------------------------------
static void completed(struct virtqueue *queue)
{
}

static int start(struct virtio_device *found)
{
    struct virtqueue *queue;
    tester.starts++;
    tester.device = found;
    return virtqueue_create(found, 0, 8, "q", completed, &queue);
}

static const struct virtio_driver driver = {.name = "tester", .id = VIRTIO_BLK, .start = start};
static const struct virtio_driver *const drivers[] = {&driver, NULL};

static void set_part(struct fake_function *function, unsigned at, uint8_t next, uint8_t type,
                     uint32_t offset, uint32_t length)
{
    fake_pci_set_capability(function, at, PCI_CAP_VENDOR, next);
    function->bytes[at + 3] = type;
    fake_pci_set32(function, at + 8, offset);
    fake_pci_set32(function, at + 12, length);
}

// As QEMU has it, all in bar 0; each test spoils something.
static struct fake_function *begin(void)
{
    memset(&registers, 0, sizeof(registers));
    memset(&tester, 0, sizeof(tester));
    registers.bytes[0x12] = 1; // queue
    registers.bytes[0x18] = 8; // descriptors
    fake_pci_begin();
    struct fake_function *function = fake_pci_add(NULL, 2, 0);
    fake_pci_set32(function, PCI_VENDOR, 0x10421af4);
    fake_pci_set_bar(function, 0, 0, 0x4000);
    function->bytes[PCI_CAPABILITIES] = COMMON;
    function->bytes[PCI_INTERRUPT_PIN] = 1;
    fake_pci.host.irqs[2][0] = 33;
    set_part(function, COMMON, 0x50, 1, 0, 0x38);
    set_part(function, 0x50, 0x60, 3, 0x1000, 4);
    set_part(function, 0x60, NOTIFY, 4, 0x2000, 8);
    set_part(function, NOTIFY, 0x84, 2, 0x3000, 16);
    fake_pci_set32(function, NOTIFY + 16, 4);
    fake_pci_set_capability(function, 0x84, PCI_CAP_MSIX, 0);
    fake_pci_set16(function, 0x86, 1); // two messages
    fake_pci_set32(function, 0x88, 0x800);
    function->writable[0x87] = 0xc0;
    return function;
}

static unsigned probe(void)
{
    pci_init(&fake_pci.host);
    return virtio_pci_probe(drivers);
}

// ---- What is right ------------------------------------------------------------------------
static void starts_with_messages(void)
{
    begin();
    CHECK_EQUAL(probe(), 1);
    CHECK_STRING(tester.device->name, "00:02.0");
    CHECK_EQUAL(pci_next(NULL)->messages, 2);
    CHECK_EQUAL(registers.bytes[0x80c], 0); // both are let through
    CHECK_EQUAL(registers.bytes[0x81c], 0);
    CHECK_EQUAL(registers.bytes[0x14], 15); // DRIVER_OK and all before it
    tester.device->transport->notify(tester.device, 0);
    CHECK_EQUAL(registers.notified, 1);
    CHECK(pci_read16(pci_next(NULL), PCI_COMMAND) & PCI_COMMAND_MASTER);
}

static void reads_its_configuration_to_the_end(void)
{
    begin();
    registers.bytes[0x2007] = 0x77;
    registers.bytes[0x2008] = 0x88; // behind it
    CHECK_EQUAL(probe(), 1);
    const struct virtio_transport *transport = tester.device->transport;
    CHECK_EQUAL(transport->config_read8(tester.device, 7), 0x77);
    CHECK_EQUAL(transport->config_read32(tester.device, 4), 0x77000000);
    CHECK_EQUAL(transport->config_read8(tester.device, 8), 0);
    CHECK_EQUAL(transport->config_read16(tester.device, 7), 0);
    CHECK_EQUAL(transport->config_read32(tester.device, UINT32_MAX - 3), 0);
}

// The places to notify at are words, and the status is a byte anywhere (4.1.4.4.1, 4.1.4.5).
static void asks_for_no_more_order_than_it_needs(void)
{
    struct fake_function *function = begin();
    fake_pci_set32(function, 0x50 + 8, 0x1001);
    fake_pci_set32(function, NOTIFY + 8, 0x3002);
    CHECK_EQUAL(probe(), 1);
}

static void goes_back_to_the_wire(void)
{
    begin();
    registers.refuses_messages = true;
    CHECK_EQUAL(probe(), 1);
    CHECK_EQUAL(pci_next(NULL)->messages, 0);
    CHECK_EQUAL(pci_next(NULL)->source, 33);
}

static void knows_those_that_can_do_both(void)
{
    struct fake_function *function = begin();
    fake_pci_set16(function, PCI_DEVICE, 0x1001);
    fake_pci_set16(function, PCI_SUBSYSTEM, VIRTIO_BLK);
    CHECK_EQUAL(probe(), 1);
}

// ---- What is wrong ------------------------------------------------------------------------
static void refuses_what_cannot_be(void)
{
    static const struct {
        uint8_t at, size;
        uint32_t value;
    } faults[] = {
        {COMMON + 3, 1, 9},                // of an unknown type: so there are none
        {COMMON + 4, 1, 6},                // in a bar that cannot be
        {COMMON + 4, 1, 3},                // in one that is not there
        {COMMON + 8, 4, 2},                // not at a multiple of 4
        {COMMON + 8, 4, 0x4000},           // behind the bar's end
        {COMMON + 8, 4, 0xfffffffc},       // far behind it
        {COMMON + 12, 4, 0x37},            // too short
        {COMMON + 12, 4, 0xffffffff},      // too long
        {0x50 + 12, 4, 0},                 // the others are looked at, too
        {NOTIFY + 8, 4, 0x3001},           // not at a multiple of 2
        {NOTIFY + 12, 4, 1},               // less than a word
        {NOTIFY + 16, 4, 3},               // half a word from one place to the next
        {COMMON + 1, 1, 0},                // the list ends with the first
        {COMMON + 1, 1, COMMON},           // ... or is a circle
        {PCI_CAPABILITIES, 1, 0xfc},       // ... or begins where no whole one fits
        {PCI_STATUS, 1, 0},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct fake_function *function = begin();
        memcpy(function->bytes + faults[i].at, &faults[i].value, faults[i].size);
        CHECK_EQUAL(probe(), 0);
        CHECK_EQUAL(tester.starts, 0);
    }
}

static void notifies_only_where_it_may(void)
{
    begin();
    registers.bytes[0x1e] = 4; // 4 times 4 bytes on: behind the 16
    CHECK_EQUAL(probe(), 0);
    CHECK_EQUAL(tester.starts, 1);
}

static void refuses_those_of_before(void)
{
    struct fake_function *function = begin();
    fake_pci_set16(function, PCI_DEVICE, 0x1001);
    function->bytes[PCI_STATUS] = 0;
    CHECK_EQUAL(probe(), 0);
}

const struct test unit_tests[] = {
    {"a device starts, with a message for its queue", starts_with_messages},
    {"the configuration is read to its end, not further", reads_its_configuration_to_the_end},
    {"registers need not stand at multiples of four", asks_for_no_more_order_than_it_needs},
    {"a device that refuses a message has a wire", goes_back_to_the_wire},
    {"devices that can do both are modern ones", knows_those_that_can_do_both},
    {"registers where none can be are refused", refuses_what_cannot_be},
    {"a queue is notified only inside the place for that", notifies_only_where_it_may},
    {"devices from before the standard are refused", refuses_those_of_before},
    {0},
};
