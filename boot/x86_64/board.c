// SPDX-License-Identifier: MIT
//
// The parts of this board. A PC has no list of them that we would have to read: most are
// where they have been since the first ones. The loader tells the memory, the processor how
// many there are of it, and QEMU's microvm names its virtio slots on the command line.
//
// Drivers are not chosen here: a part is only found and noted.
// Chapter 05.
#include "boot/board.h"

#include "boot/memory.h"
#include "boot/x86_64/start_info.h"
#include "cmdline.h"
#include "image.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "reference.h"
#include "string.h"

enum {
    UART = 0x3f8,
    UART_SIZE = 8,
    UART_IRQ = 4,
    UART_LINE_STATUS = 5,
    RTC = 0x70,
    RTC_SIZE = 2,
    RTC_IRQ = 8,
    IO_APIC = 0xfec00000,
    IO_APIC_SIZE = 0x20,
    IO_APIC_SOURCES = 23,   // of the first one, and for q35 the only one
    HOST_BRIDGE = 0,        // the first function on PCI: what the ports 0xcf8, 0xcfc reach
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    Q35_HOST_BRIDGE = 0x29c08086,
};

static struct board board;

// ---- Memory -----------------------------------------------------------------------------
static void find_memory(const struct start_info *info)
{
    const struct start_memory *parts =
        info && info->version > 0 ? (const void *)(uintptr_t)(LINEAR + info->memory_map) : NULL;

    for (uint32_t i = 0; parts && i < info->memory_map_count; i++)
        if (parts[i].type == START_MEMORY_RAM)
            memory_add(&board, parts[i].start, parts[i].size);
}

// A BIOS keeps less than a MiB for itself, UEFI a few MiB: those are not listed.
static void count_memory(void)
{
    const uint64_t mib = 1 << 20;

    for (unsigned i = 0; i < board.memory_count; i++)
        board.memory_total += board.memory[i].size;
    board.memory_total = (board.memory_total + mib - 1) & -mib;
}

// The lowest page stays empty, so that no page of ours is at physical address 0: devices and
// people take that for nothing. What the loader has written is not needed any more.
static void remove_reserved_memory(void)
{
    const uint64_t reach = DEVICES - LINEAR;
    if (memory_overlaps(&board, reach, UINT64_MAX))
        log_warning("board: memory beyond 64 TiB is left out");
    memory_remove(&board, reach, UINT64_MAX);
    memory_remove(&board, 0, PAGE_SIZE);
    memory_remove(&board, machine_dma_address(image_start), (size_t)(image_end - image_start));
    memory_round_to_pages(&board);
}

// ---- virtio slots -----------------------------------------------------------------------
static void add_virtio(uint64_t size, uint64_t address, uint64_t irq)
{
    unsigned i = board.virtio_count++;
    for (; i > 0 && board.virtio[i - 1].address > address; i--)
        board.virtio[i] = board.virtio[i - 1];
    board.virtio[i] = (struct board_device){address, size, (unsigned)irq};
}

// The digits up to `end`, in the base that their prefix tells. *text moves behind `end`.
static bool read_number(const char **text, char end, uint64_t *number)
{
    char digits[24];
    const char *stop = strchr(*text, end);
    size_t length = stop ? (size_t)(stop - *text) : strlen(*text);
    if ((!stop && end != ' ') || length >= sizeof digits)
        return false;
    memcpy(digits, *text, length);
    digits[length] = '\0';
    *text += length + (stop != NULL);
    return string_to_u64(digits, 0, number) == 0;
}

// A word for each slot with a device in it.
static void find_virtio(const char *words)
{
    for (const char *at = strstr(words, BOOT_SLOT); at; at = strstr(at, BOOT_SLOT)) {
        const char *word = at += sizeof BOOT_SLOT - 1;
        uint64_t size, address, irq;
        bool readable = read_number(&at, '@', &size) && read_number(&at, ':', &address) &&
                        read_number(&at, ' ', &irq) && size > 0 && address + size > address &&
                        irq <= IO_APIC_SOURCES;
        if (!readable)
            log_warning("board: expected " BOOT_SLOT "SIZE@ADDRESS:IRQ, found \"%.40s\"",
                        word);
        else if (memory_overlaps(&board, address, size))
            log_warning("board: the virtio slot at 0x%llx lies in memory, left out",
                        (unsigned long long)address);
        else if (board.virtio_count == BOARD_VIRTIO_MAX)
            log_warning("board: the virtio slot at 0x%llx is one too many, left out",
                        (unsigned long long)address);
        else
            add_virtio(size, address, irq);
        if (!readable)
            at = word;
    }
}

// ---- The others -------------------------------------------------------------------------
static const char *find_model(void)
{
    port_write32(PCI_ADDRESS, 1u << 31 | HOST_BRIDGE);
    uint32_t bridge = port_read32(PCI_DATA);
    if (bridge == UINT32_MAX)
        return "PC without PCI (QEMU microvm)";
    return bridge == Q35_HOST_BRIDGE ? "PC (Q35)" : "PC";
}

static unsigned count_processors(void)
{
    enum { HAS_SEVERAL = 1 << 28 };
    struct cpuid id = cpu_identify(1);
    unsigned count = id.b >> 16 & 0xff;
    return id.d & HAS_SEVERAL && count > 0 ? count : 1;
}

static void find_uart(void)
{
    if (port_read8(UART + UART_LINE_STATUS) != 0xff) // a missing port gives ones
        board.uart = (struct board_device){PORTS + UART, UART_SIZE, UART_IRQ};
}

const struct board *board_describe(const struct boot_info *boot)
{
    board = (struct board){
        .command_line = cmdline_text(),
        .hart_count = count_processors(),
        .timebase_hz = reference_measure_hz(),
        .irqchip = {IO_APIC, IO_APIC_SIZE, 0},
        .irqchip_context = (unsigned)boot->hart,
        .irqchip_sources = IO_APIC_SOURCES,
        .clock = {PORTS + RTC, RTC_SIZE, RTC_IRQ},
    };
    machine_clock_set_frequency(board.timebase_hz);
    strlcpy(board.model, find_model(), sizeof board.model);
    find_memory(boot_start_info());
    count_memory();
    find_uart();
    find_virtio(boot_slots());
    remove_reserved_memory();
    if (board.memory_count == 0)
        panic("the loader names no free memory: %s", boot_complaint());
    for (unsigned i = 0; i < board.memory_count; i++)
        board.memory[i].start += LINEAR;
    return &board;
}
