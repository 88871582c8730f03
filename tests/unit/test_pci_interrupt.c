// SPDX-License-Identifier: MIT
//
// Interrupts of devices on PCI: wires that they share, messages that they send, with a
// controller and a bus made of variables.
#include "boot/board.h"
#include "error.h"
#include "fake_pci.h"
#include "irq.h"
#include "page.h"
#include "test.h"
#include "thread.h"
#include "trap.h"
#include "unit.h"

enum { WIRES = 128 };
static struct {
    bool raised[WIRES];
    unsigned calls[3];
} wires;

static void enable(struct irq_chip *chip, unsigned source, bool on)
{
}

static unsigned claim(struct irq_chip *chip)
{
    for (unsigned source = 1; source < WIRES; source++) {
        if (wires.raised[source]) {
            wires.raised[source] = false;
            return source;
        }
    }
    return 0;
}

static void complete(struct irq_chip *chip, unsigned source)
{
}

static void message(struct irq_chip *chip, unsigned source, struct irq_message *wanted)
{
    *wanted = (struct irq_message){.address = 0xfee00000, .data = source};
}

static struct irq_chip chip = {.name = "test",
                               .enable = enable,
                               .claim = claim,
                               .complete = complete,
                               .message_first = 100,
                               .message_count = 3,
                               .message = message};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    irq_init(&chip);
}

static void count(void *context)
{
    ++*(unsigned *)context;
}

static void interrupt(unsigned source)
{
    wires.raised[source] = true;
    trap_interrupt(INTERRUPT_DEVICE);
    thread_yield();
}

static void shares_wires(void)
{
    fake_pci_begin();
    struct fake_function *bridge = fake_pci_add_bridge(NULL, 2);
    struct fake_function *behind = fake_pci_add(bridge, 3, 0);
    struct fake_function *device = fake_pci_add(NULL, 5, 0);
    struct fake_function *without = fake_pci_add(NULL, 6, 0);
    behind->bytes[PCI_INTERRUPT_PIN] = 2;  // INTB of slot 3 is INTA of the bridge
    device->bytes[PCI_INTERRUPT_PIN] = 4;  // INTD
    without->bytes[PCI_INTERRUPT_PIN] = 5; // there is none
    fake_pci.host.irqs[2][0] = fake_pci.host.irqs[5][3] = 33;
    pci_init(&fake_pci.host);

    unsigned *calls = wires.calls;
    struct pci_function *one = fake_pci_found("01:03.0"), *two = fake_pci_found("00:05.0");
    CHECK_EQUAL(pci_read16(two, PCI_COMMAND), PCI_COMMAND_NO_INTX); // nobody listens yet
    CHECK_EQUAL(pci_connect(one, count, &calls[0]), 0);
    CHECK_EQUAL(pci_connect(two, count, &calls[1]), 0);
    CHECK_EQUAL(pci_read16(two, PCI_COMMAND), 0);
    CHECK_EQUAL(pci_connect(fake_pci_found("00:06.0"), count, &calls[2]), -ENODEV);
    CHECK_EQUAL(one->source, 33);
    interrupt(33);
    CHECK_EQUAL(calls[0], 1);
    CHECK_EQUAL(calls[1], 1);
    CHECK_EQUAL(calls[2], 0);
}

// A PC's firmware writes a number into each function; 255 is none.
static void knows_the_lines_of_a_pc(void)
{
    fake_pci_begin();
    fake_pci.host.has_lines = true;
    struct fake_function *bridge = fake_pci_add_bridge(NULL, 2);
    struct fake_function *behind = fake_pci_add(bridge, 3, 0);
    struct fake_function *without = fake_pci_add(NULL, 5, 0);
    behind->bytes[PCI_INTERRUPT_PIN] = without->bytes[PCI_INTERRUPT_PIN] = 1;
    behind->bytes[PCI_INTERRUPT_LINE] = 11;
    without->bytes[PCI_INTERRUPT_LINE] = 255;
    pci_init(&fake_pci.host);

    unsigned calls = 0;
    CHECK_EQUAL(pci_connect(fake_pci_found("01:03.0"), count, &calls), 0);
    CHECK_EQUAL(pci_connect(fake_pci_found("00:05.0"), count, &calls), -ENODEV);
    interrupt(11);
    CHECK_EQUAL(calls, 1);
}

static void gives_out_messages(void)
{
    struct irq_message messages[4];
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQUAL(irq_message_alloc(&messages[i]), 100 + (int)i);
        CHECK_EQUAL(messages[i].data, 100 + i);
    }
    CHECK_EQUAL(irq_message_alloc(&messages[3]), -EBUSY);
    irq_message_free(101);
    CHECK_EQUAL(irq_message_alloc(&messages[3]), 101);
    for (unsigned i = 0; i < 3; i++)
        irq_message_free(100 + i);
}

// What a device must have to send messages, and what it may lack.
static void without_a_table_there_are_wires(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    device->bytes[PCI_CAPABILITIES] = 0x40;
    fake_pci_set_capability(device, 0x40, PCI_CAP_MSIX, 0);
    fake_pci_set16(device, 0x42, 0x87ff); // 2048 of them, and on already
    fake_pci_set_bar(device, 0, 0, 4096);
    device->writable[0x43] = 0xc0;
    pci_init(&fake_pci.host);

    struct pci_function *function = pci_next(NULL);
    CHECK_EQUAL(pci_msix_start(function), 0); // the bar is too small for so many
    CHECK(!function->msix);
    fake_pci_set32(device, 0x44, 7); // there is no such bar
    CHECK_EQUAL(pci_msix_start(function), 0);
    pci_msix_stop(function);
    CHECK_EQUAL(device->bytes[0x43], 0x07); // off
}

const struct test unit_tests[] = {
    {"devices share wires, also behind bridges", shares_wires},
    {"knows the lines of a PC", knows_the_lines_of_a_pc},
    {"messages are given out and taken back", gives_out_messages},
    {"a device whose table of messages is not there", without_a_table_there_are_wires},
    {0},
};
