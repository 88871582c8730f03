// SPDX-License-Identifier: MIT
//
// PCI on a bus made of variables: what is found, which numbers and addresses it gets, whatever
// it says of itself.
#include "boot/board.h"
#include "fake_pci.h"
#include "page.h"
#include "test.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

// ---- Finding ------------------------------------------------------------------------------
static void finds_functions(void)
{
    fake_pci_begin();
    fake_pci_add(NULL, 0, 0);
    struct fake_function *many = fake_pci_add(NULL, 3, 0);
    many->bytes[PCI_HEADER_TYPE] = 0x80;
    fake_pci_add(NULL, 3, 5);
    fake_pci_add(NULL, 4, 0);
    fake_pci_add(NULL, 4, 1); // its function 0 does not say that there are more
    fake_pci_add(NULL, 31, 0);
    pci_init(&fake_pci.host);

    static const char *const names[] = {"00:00.0", "00:03.0", "00:03.5", "00:04.0", "00:1f.0"};
    struct pci_function *function = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        function = pci_next(function);
        CHECK(function);
        CHECK_STRING(function->name, names[i]);
    }
    CHECK(!pci_next(function));
    CHECK_EQUAL(function->vendor, 0x1234);
    CHECK_EQUAL(function->device, 31 << 8);
}

static void nothing_is_nothing(void)
{
    fake_pci_begin();
    pci_init(&fake_pci.host);
    CHECK(!pci_next(NULL));
    pci_init(NULL);
    CHECK(!pci_next(NULL));
}

// ---- Bars ---------------------------------------------------------------------------------
static bool is_placed_well(const struct pci_bar *bar)
{
    const struct pci_window *window = &fake_pci.host.windows[bar->space];
    return bar->placed && bar->start > 0 && bar->start % bar->size == 0 &&
           bar->start >= window->start &&
           bar->start + bar->size <= window->start + window->size;
}

static void measures_bars_of_all_kinds(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    fake_pci_set_bar(device, 0, 1, 32);
    fake_pci_set_bar(device, 1, 8, 4096);
    fake_pci_set_bar(device, 2, 4, 1ull << 33);
    fake_pci_set_bar(device, 5, 4, 4096); // its other half is not there
    fake_pci_set16(device, PCI_COMMAND, 7);
    pci_init(&fake_pci.host);

    const struct pci_bar *bars = pci_next(NULL)->bars;
    CHECK_EQUAL(bars[0].size, 32);
    CHECK_EQUAL(bars[0].space, PCI_IO);
    CHECK_EQUAL(bars[1].size, 4096);
    CHECK(bars[1].prefetchable && bars[1].space == PCI_MEMORY);
    CHECK_EQUAL(bars[2].size, 1ll << 33);
    CHECK_EQUAL(bars[2].space, PCI_MEMORY_64);
    CHECK(is_placed_well(&bars[0]) && is_placed_well(&bars[1]) && is_placed_well(&bars[2]));
    CHECK_EQUAL(bars[3].size + bars[4].size + bars[5].size, 0);
    CHECK_EQUAL(pci_read16(pci_next(NULL), PCI_COMMAND), 7 | PCI_COMMAND_NO_INTX); // as it was
}

static void leaves_odd_bars_out(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    fake_pci_set_bar(device, 0, 2, 4096);         // below 1 MiB, as in 1993
    fake_pci_set_bar(device, 1, 0, 2048ull << 20); // more than the window
    fake_pci_set_bar(device, 2, 0, 4096);
    device->writable[PCI_BARS + 4 * 2 + 3] = 0; // its address has holes
    fake_pci_set_bar(device, 3, 0, 1);          // every bit sticks: none is the size
    pci_init(&fake_pci.host);

    const struct pci_function *function = pci_next(NULL);
    CHECK_EQUAL(function->bars[0].size, 0);
    for (unsigned i = 1; i < 3; i++) {
        CHECK(function->bars[i].size > 0 && !function->bars[i].placed);
        CHECK(!pci_map(function, i, 0, 4));
    }
    CHECK(!pci_map(function, 0, 0, 4));
    CHECK(!pci_map(function, 6, 0, 4));
    CHECK(!pci_map(function, UINT32_MAX, 0, 4));
}

static void maps_only_what_is_inside(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    fake_pci_set_bar(device, 0, 0, 4096);
    fake_pci_set_bar(device, 1, 1, 4096);
    pci_init(&fake_pci.host);

    const struct pci_function *function = pci_next(NULL);
    CHECK(is_placed_well(&function->bars[0]) && is_placed_well(&function->bars[1]));
    CHECK(!pci_map(function, 0, 4093, 4));
    CHECK(!pci_map(function, 0, UINT64_MAX, 4));
    CHECK(!pci_map(function, 0, 0, SIZE_MAX));
    CHECK(!pci_map(function, 1, 0, 4)); // ports
}

// Every place taken, by devices that nobody knows, with bars of all kinds.
static void places_a_full_bus(void)
{
    static const uint32_t flags[] = {0, 1, 8, 0};
    fake_pci_begin();
    for (unsigned i = 0; i < 256; i++) {
        struct fake_function *device = fake_pci_add(NULL, i / 8, i % 8);
        device->bytes[PCI_HEADER_TYPE] = 0x80;
        for (unsigned bar = 0; bar < 4; bar++)
            fake_pci_set_bar(device, bar, flags[bar], 16u << (i + bar) % 12);
        fake_pci_set_bar(device, 4, 4 | 8, 16ull << i % 24);
    }
    pci_init(&fake_pci.host);
    CHECK_EQUAL(fake_pci_found_count(), 256);

    uint64_t ends[PCI_SPACES] = {0}; // given out in a row: so none overlaps another
    for (struct pci_function *function = NULL; (function = pci_next(function));) {
        for (unsigned i = 0; i < PCI_BARS_MAX; i++) {
            const struct pci_bar *bar = &function->bars[i];
            if (bar->size == 0 || (bar->space == PCI_IO && !bar->placed))
                continue; // 256 devices' ports can be too many
            CHECK(is_placed_well(bar));
            CHECK(bar->start >= ends[bar->space]);
            ends[bar->space] = bar->start + bar->size;
        }
    }
}

static void keeps_what_the_firmware_gave(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    fake_pci_set_bar(device, 0, 0, 4096);
    fake_pci_set_bar(device, 1, 0, 4096);
    fake_pci_set_bar(device, 2, 4, 4096);
    fake_pci_set_bar(device, 4, 0, 4096);
    fake_pci_set32(device, PCI_BARS, 0x50000000);
    fake_pci_set32(device, PCI_BARS + 12, 5); // 0x500000000
    fake_pci_set32(device, PCI_BARS + 16, 0x10000000); // not in a window
    fake_pci.host.is_assigned = true;
    pci_init(&fake_pci.host);

    const struct pci_bar *bars = pci_next(NULL)->bars;
    CHECK(bars[0].placed && bars[0].start == 0x50000000 && bars[0].space == PCI_MEMORY);
    CHECK(!bars[1].placed);
    CHECK(bars[2].placed && bars[2].start == 0x500000000 && bars[2].space == PCI_MEMORY_64);
    CHECK(!bars[4].placed);
}

// ---- Bridges ------------------------------------------------------------------------------
static uint64_t base_of(const struct pci_function *bridge, unsigned at)
{
    return (uint64_t)(pci_read16(bridge, at) & 0xfff0) << 16;
}

static uint64_t limit_of(const struct pci_function *bridge, unsigned at)
{
    return base_of(bridge, at + 2) | 0xfffff;
}

static void goes_behind_bridges(void)
{
    fake_pci_begin();
    struct fake_function *outer = fake_pci_add_bridge(NULL, 2);
    struct fake_function *inner = fake_pci_add_bridge(outer, 0);
    struct fake_function *device = fake_pci_add(inner, 7, 0);
    fake_pci_set_bar(device, 0, 0, 1 << 20);
    fake_pci_set_bar(device, 1, 4 | 8, 1ull << 32);
    fake_pci_add(fake_pci_add_bridge(NULL, 3), 1, 0);
    pci_init(&fake_pci.host);

    CHECK_EQUAL(fake_pci_found_count(), 5);
    const struct pci_function *top = fake_pci_found("00:02.0");
    const struct pci_function *low = fake_pci_found("01:00.0");
    const struct pci_function *found = fake_pci_found("02:07.0");
    const struct pci_function *other = fake_pci_found("00:03.0");
    CHECK(top && low && found && other && fake_pci_found("03:01.0"));
    CHECK(found->bridge == low && low->bridge == top && !top->bridge);
    CHECK_EQUAL(pci_read32(top, PCI_PRIMARY_BUS), 0x020100);
    CHECK_EQUAL(pci_read32(low, PCI_PRIMARY_BUS), 0x020201);
    CHECK_EQUAL(pci_read32(other, PCI_PRIMARY_BUS), 0x030300);

    for (const struct pci_function *bridge = low; bridge; bridge = bridge->bridge) {
        CHECK(base_of(bridge, PCI_MEMORY_BASE) <= found->bars[0].start);
        CHECK(limit_of(bridge, PCI_MEMORY_BASE) >= found->bars[0].start + (1 << 20) - 1);
        CHECK_EQUAL(pci_read32(bridge, PCI_PREFETCH_BASE_HIGH), found->bars[1].start >> 32);
    }
    CHECK(is_placed_well(&found->bars[1]) && found->bars[1].space == PCI_MEMORY_64);
    // Nothing behind it wants anything: it passes nothing on.
    CHECK(base_of(other, PCI_MEMORY_BASE) > limit_of(other, PCI_MEMORY_BASE));
    CHECK(base_of(other, PCI_PREFETCH_BASE) > limit_of(other, PCI_PREFETCH_BASE));
}

static void leaves_a_bridge_without_numbers(void)
{
    fake_pci_begin();
    struct fake_function *bridge = fake_pci_add_bridge(NULL, 2);
    memset(bridge->writable + PCI_PRIMARY_BUS, 0, 3);
    fake_pci_add(bridge, 1, 0);
    fake_pci_add(NULL, 3, 0);
    pci_init(&fake_pci.host);
    CHECK_EQUAL(fake_pci_found_count(), 2); // the bridge and its neighbour
    CHECK_EQUAL(pci_next(NULL)->secondary, 0);
}

// A bridge that shows behind it what is before it: itself among others.
static void ends_where_a_bus_shows_itself(void)
{
    fake_pci_begin();
    fake_pci_add_bridge(NULL, 0);
    fake_pci_add(NULL, 1, 0);
    fake_pci.echoes = true;
    pci_init(&fake_pci.host);
    CHECK(fake_pci_found_count() <= 2 * 256);

    fake_pci_begin(); // as many as there can be
    for (unsigned i = 0; i < 32; i++)
        fake_pci_add_bridge(NULL, i);
    fake_pci.echoes = true;
    pci_init(&fake_pci.host);
    CHECK(fake_pci_found_count() <= 1024);
}

static void stops_at_the_last_bus(void)
{
    fake_pci_begin();
    fake_pci.host.bus_last = 1;
    struct fake_function *first = fake_pci_add_bridge(NULL, 1);
    fake_pci_add(first, 0, 0);
    fake_pci_add(fake_pci_add_bridge(NULL, 2), 0, 0);
    pci_init(&fake_pci.host);
    CHECK_EQUAL(fake_pci_found_count(), 3);
    CHECK(fake_pci_found("01:00.0") && fake_pci_found("00:02.0")->secondary == 0);
}

// ---- Capabilities -------------------------------------------------------------------------
static void finds_capabilities(void)
{
    fake_pci_begin();
    struct fake_function *device = fake_pci_add(NULL, 1, 0);
    device->bytes[PCI_CAPABILITIES] = 0x43; // the lowest bits do not count
    fake_pci_set_capability(device, 0x40, PCI_CAP_VENDOR, 0x62);
    fake_pci_set_capability(device, 0x60, PCI_CAP_MSIX, 0xfc);
    fake_pci_set_capability(device, 0xfc, PCI_CAP_VENDOR, 0);
    pci_init(&fake_pci.host);

    const struct pci_function *function = pci_next(NULL);
    CHECK_EQUAL(pci_capability(function, PCI_CAP_VENDOR, 0), 0x40);
    CHECK_EQUAL(pci_capability(function, PCI_CAP_VENDOR, 1), 0xfc);
    CHECK_EQUAL(pci_capability(function, PCI_CAP_VENDOR, 2), 0);
    CHECK_EQUAL(pci_capability(function, PCI_CAP_MSIX, 0), 0x60);
    device->bytes[PCI_STATUS] = 0; // it says that it has none
    CHECK_EQUAL(pci_capability(function, PCI_CAP_MSIX, 0), 0);
}

static void bears_absurd_capabilities(void)
{
    static const uint8_t starts[] = {0, 0x04, 0x3f, 0x40, 0xff};
    for (size_t i = 0; i < sizeof(starts); i++) {
        fake_pci_begin();
        struct fake_function *device = fake_pci_add(NULL, 1, 0);
        device->bytes[PCI_CAPABILITIES] = starts[i];
        fake_pci_set_capability(device, 0x40, PCI_CAP_VENDOR, 0x50);
        fake_pci_set_capability(device, 0x50, PCI_CAP_VENDOR, 0x40); // a circle
        fake_pci_set_capability(device, 0xfc, PCI_CAP_MSIX, 0xfc);   // at the end, and itself
        pci_init(&fake_pci.host);

        struct pci_function *function = pci_next(NULL);
        unsigned reads = fake_pci.reads;
        CHECK_EQUAL(pci_capability(function, PCI_CAP_VENDOR, 1000), 0);
        CHECK_EQUAL(pci_capability(function, (enum pci_capability_id)0x77, 0), 0);
        CHECK(fake_pci.reads - reads < 400);
        CHECK_EQUAL(pci_msix_start(function), 0);
    }
}

const struct test unit_tests[] = {
    {"every function of every device is found", finds_functions},
    {"an empty bus, and no bus at all", nothing_is_nothing},
    {"bars of all kinds are measured and placed", measures_bars_of_all_kinds},
    {"odd bars are left without an address", leaves_odd_bars_out},
    {"only what is inside a bar can be mapped", maps_only_what_is_inside},
    {"a bus full of unknown devices gets addresses in a row", places_a_full_bus},
    {"addresses that the firmware gave stay", keeps_what_the_firmware_gave},
    {"behind bridges: numbers, and what they pass on", goes_behind_bridges},
    {"a bridge that takes no numbers is not followed", leaves_a_bridge_without_numbers},
    {"a bus that shows itself behind a bridge comes to an end", ends_where_a_bus_shows_itself},
    {"behind the last bus there are no more", stops_at_the_last_bus},
    {"capabilities are found", finds_capabilities},
    {"absurd lists of capabilities end", bears_absurd_capabilities},
    {0},
};
