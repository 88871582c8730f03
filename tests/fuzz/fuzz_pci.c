// SPDX-License-Identifier: MIT
//
// A fuzzer for PCI: whatever stands in the configuration spaces, and whatever the registers
// answer, enumeration ends, addresses that are given out lie in their window and apart, and no
// register is touched that is not the device's.
//
// The bytes make up to 24 functions, some like bridges and virtio devices, with any byte
// changed; what is left of them is what registers answer.
#include "fuzz.h"
#include "input.h"
#include "pieces.h"

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "irq.h"
#include "machine.h"
#include "tests/unit/fake_pci.h"

enum {
    FUNCTIONS = 24,
    MAPPED_MAX = 256,
    HANDLERS_MAX = 64,
    SOURCES_FIRST = 1,
    MESSAGES_FIRST = 40,
    QUEUES = 3,
    CONFIG_READ = 24, // bytes of its configuration that the driver looks at
    READS_MAX = 20000000,
    ECHOES = 8, // more would only take longer
};

// What can be odd from the start.
enum oddity {
    ODD_ECHO = 1,      // every bus shows the first
    ODD_ASSIGNED = 2,  // addresses are there already, and stay
    ODD_BUSES = 4,     // there are few of them
    ODD_WINDOWS = 8,   // small ones
    ODD_MESSAGES = 16, // none are taken
    ODD_REGISTERS = 32, // answer anything
    ODD_MEMORY = 64,    // runs out
};

static struct {
    uint8_t odd;
    struct {
        uint64_t start, size;
    } mapped[MAPPED_MAX];
    unsigned mapped_count;
    struct {
        void (*handler)(void *context);
        void *context;
    } handlers[HANDLERS_MAX]; // by source
    unsigned messages;
    uint8_t status;
    uint64_t clock_ns;
} fuzz;

uint64_t machine_clock_ns(void)
{
    return fuzz.clock_ns += 10000000;
}

// ---- Interrupts ---------------------------------------------------------------------------
int irq_connect(unsigned source, const char *name, void (*handler)(void *context),
                void *context)
{
    ASSERT(source > 0 && source < HANDLERS_MAX && handler && name);
    if (fuzz.handlers[source].handler)
        return -EBUSY;
    fuzz.handlers[source].handler = handler;
    fuzz.handlers[source].context = context;
    return 0;
}

int irq_message_alloc(struct irq_message *message)
{
    unsigned source = MESSAGES_FIRST + fuzz.messages;
    if ((fuzz.odd & ODD_MESSAGES) || source == HANDLERS_MAX)
        return -EBUSY;
    fuzz.messages++;
    *message = (struct irq_message){0x28000000, source};
    return (int)source;
}

void irq_message_free(unsigned source)
{
    ASSERT(source >= MESSAGES_FIRST && source < MESSAGES_FIRST + fuzz.messages &&
           !fuzz.handlers[source].handler);
}

// In place of pci_intx.c, which keeps what is connected for ever.
int pci_connect(struct pci_function *function, void (*handler)(void *context), void *context)
{
    unsigned source = SOURCES_FIRST;
    while (source < MESSAGES_FIRST && irq_connect(source, "wire", handler, context) != 0)
        source++;
    return source < MESSAGES_FIRST ? 0 : -ENODEV;
}

static void interrupt_all(void)
{
    for (unsigned source = 0; source < HANDLERS_MAX; source++) {
        if (fuzz.handlers[source].handler)
            fuzz.handlers[source].handler(fuzz.handlers[source].context);
    }
}

// ---- Registers ----------------------------------------------------------------------------
// Only what is in a window: nothing else is the bus's.
void *machine_map_device(uint64_t physical, size_t size)
{
    bool inside = false;
    for (unsigned space = 0; space < PCI_SPACES; space++) {
        const struct pci_window *window = &fake_pci.host.windows[space];
        inside |= space != PCI_IO && physical >= window->address &&
                  size <= window->size && physical - window->address <= window->size - size;
    }
    ASSERT(inside && size > 0);
    if (fuzz.mapped_count == MAPPED_MAX)
        return NULL;
    fuzz.mapped[fuzz.mapped_count].start = physical;
    fuzz.mapped[fuzz.mapped_count++].size = size;
    return (void *)(uintptr_t)physical;
}

static void check_access(uint64_t address, unsigned width)
{
    ASSERT(address % width == 0);
    for (unsigned i = 0; i < fuzz.mapped_count; i++) {
        uint64_t offset = address - fuzz.mapped[i].start;
        if (address >= fuzz.mapped[i].start && width <= fuzz.mapped[i].size &&
            offset <= fuzz.mapped[i].size - width)
            return;
    }
    panic("%u bytes at %#llx are nobody's", width, (unsigned long long)address);
}

// At the start of a page are the common registers, as a device of ours has them.
uint64_t machine_device_read(const volatile void *address, unsigned width)
{
    check_access((uintptr_t)address, width);
    if (fuzz.odd & ODD_REGISTERS)
        return width == 1 ? input_byte() : input_word();
    switch ((uintptr_t)address % PAGE_SIZE) {
    case 0x04: return UINT32_MAX; // features
    case 0x10:
    case 0x1a: return input_byte() & 1 ? 0xffff : 0; // a message is taken or not
    case 0x12: return input_byte() % 5; // queues
    case 0x14: return fuzz.status;
    case 0x18: return 64; // descriptors
    case 0x1c: return 0;
    default: return input_word();
    }
}

void machine_device_write(volatile void *address, unsigned width, uint64_t value)
{
    check_access((uintptr_t)address, width);
    if ((uintptr_t)address % PAGE_SIZE == 0x14)
        fuzz.status = (uint8_t)value;
}

// ---- A driver -----------------------------------------------------------------------------
static void completed(struct virtqueue *queue)
{
    uint32_t length;
    while (virtqueue_collect(queue, &length))
        ;
}

static int start(struct virtio_device *device)
{
    struct virtqueue *queue;
    unsigned made = 0;
    for (unsigned i = 0; i < CONFIG_READ; i += 8) {
        device->transport->config_read8(device, i);
        device->transport->config_read16(device, i);
        virtio_config_read64(device, i);
    }
    for (unsigned i = 0; i < QUEUES; i++)
        made += virtqueue_create(device, i, 8, "q", i == 1 ? NULL : completed, &queue) == 0;
    return made > 0 ? 0 : -ENODEV;
}

static void ready(struct virtio_device *device)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        if (device->queues[i])
            device->transport->notify(device, i);
    }
}

static const struct virtio_driver drivers_of_all[] = {
    {.name = "a", .id = VIRTIO_NET, .start = start, .ready = ready},
    {.name = "b", .id = VIRTIO_BLK, .start = start, .ready = ready},
};
static const struct virtio_driver *const drivers[] = {&drivers_of_all[0], &drivers_of_all[1],
                                                      NULL};

// ---- A bus --------------------------------------------------------------------------------
static void set_part(struct fake_function *function, unsigned at, uint8_t next, uint8_t type,
                     uint32_t offset, uint32_t length)
{
    fake_pci_set_capability(function, at, PCI_CAP_VENDOR, next);
    function->bytes[at + 3] = type;
    function->bytes[at + 4] = 4; // its bar
    fake_pci_set32(function, at + 8, offset);
    fake_pci_set32(function, at + 12, length);
}

// A block device as QEMU has it.
static void make_virtio(struct fake_function *function)
{
    fake_pci_set32(function, PCI_VENDOR, 0x10421af4);
    fake_pci_set_bar(function, 1, 0, PAGE_SIZE);
    fake_pci_set_bar(function, 4, 4 | 8, 4 * PAGE_SIZE);
    function->bytes[PCI_CAPABILITIES] = 0x40;
    set_part(function, 0x40, 0x50, 1, 0, 0x38);
    set_part(function, 0x50, 0x60, 3, PAGE_SIZE, 4);
    set_part(function, 0x60, 0x70, 4, 2 * PAGE_SIZE, 0x40);
    set_part(function, 0x70, 0x84, 2, 3 * PAGE_SIZE, 16);
    fake_pci_set32(function, 0x80, 4); // bytes between two queues' places
    fake_pci_set_capability(function, 0x84, PCI_CAP_MSIX, 0);
    fake_pci_set16(function, 0x86, 2); // messages, less one
    fake_pci_set32(function, 0x88, 1); // in bar 1
    function->writable[0x87] = 0xc0;
    function->bytes[PCI_INTERRUPT_PIN] = 1;
}

static void make_function(void)
{
    static const uint8_t bits[] = {0, 0xff, 0xf0, 0x0f};
    uint8_t place = input_byte(), kind = input_byte(), number = input_byte() & 7;
    const struct fake_function *bridge = NULL;
    if (kind & 4 && fake_pci.count > 0)
        bridge = &fake_pci.functions[kind / 8 % fake_pci.count];
    struct fake_function *function = (kind & 3) == 1
                                         ? fake_pci_add_bridge(bridge, place % PCI_SLOTS)
                                         : fake_pci_add(bridge, place % PCI_SLOTS, number);
    if ((kind & 3) == 2)
        make_virtio(function);
    if (place & 0x80)
        function->bytes[PCI_HEADER_TYPE] |= 0x80;
    for (unsigned changes = input_byte() % 16; changes > 0; changes--) {
        uint8_t at = input_byte(), what = input_byte();
        function->writable[at] = bits[what & 3];
        if (what & 4)
            function->bytes[at] = input_byte();
    }
}

static void make_bus(void)
{
    fake_pci_begin();
    fuzz.odd = input_byte();
    fake_pci.echoes = fuzz.odd & ODD_ECHO;
    fake_pci.host.bus_last = fake_pci.echoes ? ECHOES : 255;
    fake_pci.host.is_assigned = fuzz.odd & ODD_ASSIGNED;
    if (fuzz.odd & ODD_BUSES)
        fake_pci.host.bus_last = input_byte() & 3;
    for (unsigned space = 0; (fuzz.odd & ODD_WINDOWS) && space < PCI_SPACES; space++)
        fake_pci.host.windows[space].size = (uint64_t)input_word() << 8;
    if (fuzz.odd & ODD_MEMORY)
        memory.left = input_byte();
    for (unsigned count = input_byte() % FUNCTIONS; count > 0; count--)
        make_function();
}

// ---- What must hold -----------------------------------------------------------------------
static void check_bar(const struct pci_bar *bar)
{
    const struct pci_window *window = &fake_pci.host.windows[bar->space];
    ASSERT(bar->size > 0 && (bar->size & (bar->size - 1)) == 0);
    ASSERT(bar->start > 0 && bar->start >= window->start && bar->size <= window->size &&
           bar->start - window->start <= window->size - bar->size);
    ASSERT((fuzz.odd & ODD_ASSIGNED) || bar->start % bar->size == 0);
}

// Addresses are given out in a row; so apart means one behind the other.
static void check_bus(void)
{
    uint64_t ends[PCI_SPACES] = {0};
    for (struct pci_function *function = NULL; (function = pci_next(function));) {
        ASSERT(!function->bridge || function->bridge->secondary == function->bus);
        ASSERT(function->secondary <= function->subordinate);
        for (unsigned i = 0; i < PCI_BARS_MAX; i++) {
            const struct pci_bar *bar = &function->bars[i];
            if (!bar->placed)
                continue;
            check_bar(bar);
            ASSERT((fuzz.odd & ODD_ASSIGNED) || bar->start >= ends[bar->space]);
            ends[bar->space] = bar->start + bar->size;
        }
    }
    ASSERT(fake_pci.reads < READS_MAX);
}

// Nothing of this run is known to the kernel any more.
static void forget_everything(void)
{
    for (struct virtio_device *device; (device = virtio_next(NULL));)
        list_remove(&device->all);
    for (struct pci_function *function; (function = pci_next(NULL));)
        list_remove(&function->all);
    free_everything();
    memset(&fuzz, 0, sizeof(fuzz));
}

void fuzz_setup(const struct boot_info *boot)
{
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    input.at = bytes;
    input.end = bytes + size;
    memory.left = PIECES_MAX;
    make_bus();
    pci_init(&fake_pci.host);
    check_bus();
    virtio_pci_probe(drivers);
    interrupt_all();
    interrupt_all();
    forget_everything();
}
