// SPDX-License-Identifier: MIT
//
// Bulk transfers over bad links: whole, in order, and nothing left behind. In virtual time: a
// second of silence costs nothing, and the same seed gives the same run. So it is for the
// process only.
#include "boot/host/options.h"
// Of the process: kernel/machine/host.
void host_clock_set(uint64_t now_ns);
uint64_t host_clock_now(void);
void host_line_wait_by(void (*wait)(uint64_t timeout_ns));

#include "cmdline.h"
#include "lossy_pair.h"

enum { SEEDS = 24, BYTES = 150000, SPARE = 16 };
static const uint64_t MS = 1000000, SECOND = 1000000000;

// Waiting is all that makes time pass.
static void pass_time(uint64_t timeout_ns)
{
    if (timeout_ns != MACHINE_NEVER)
        host_clock_set(host_clock_now() + timeout_ns);
}

void unit_setup(const struct boot_info *boot)
{
    ((struct options *)host_options())->simulation = "unit";
    host_line_wait_by(pass_time);
    pair_init(boot);
}

// Until old connections and late packets are gone, and what they held.
static bool comes_to_rest(struct pair_account before)
{
    timer_sleep(200 * SECOND);
    struct pair_account after = pair_account();
    if (memcmp(&after, &before, sizeof(after)) == 0)
        return true;
    print("\n  packets %zu, were %zu; connections %zu, were %zu; listeners %zu, were %zu; "
          "TIME-WAIT %zu, were %zu; under way %zu, were %zu\n",
          after.pieces, before.pieces, after.connections, before.connections, after.listeners,
          before.listeners, after.time_wait, before.time_wait, after.under_way,
          before.under_way);
    return false;
}

static void show(const char *title, uint64_t start_ns)
{
    struct os_connection_info info;
    struct lossy_counters link;
    tcp_describe(pair.ends[0].connection, &info);
    lossy_counters(&link);
    print("\n  %s: %llu ms, %llu sent again, %llu timeouts; %llu packets, %llu lost, %llu "
          "overflowed ",
          title, (unsigned long long)((machine_clock_ns() - start_ns) / MS),
          (unsigned long long)info.retransmits, (unsigned long long)info.timeouts,
          (unsigned long long)link.packets, (unsigned long long)link.lost,
          (unsigned long long)link.overflowed);
}

static void transfer(const char *title, const struct lossy_terms *terms,
                     enum os_congestion congestion)
{
    struct pair_account before = pair_account();
    uint64_t start_ns = machine_clock_ns();
    CHECK(pair_open(terms, congestion));
    CHECK(pair_transfer(BYTES, BYTES / 2, 4000 * SECOND));
    show(title, start_ns);
    pair_close();
    CHECK(comes_to_rest(before));
}

static void a_good_link(void)
{
    static const struct lossy_terms terms = {.seed = 1, .delay_ns = 10000000};
    transfer("good", &terms, OS_CUBIC);
    transfer("good, newreno", &terms, OS_NEWRENO);
}

static void a_narrow_link(void)
{
    static const struct lossy_terms terms = {.seed = 1, .delay_ns = 20000000,
                                             .bytes_per_second = 100000, .queue_bytes = 15000};
    transfer("narrow", &terms, OS_CUBIC);
    transfer("narrow, newreno", &terms, OS_NEWRENO);
}

static size_t allocations(void)
{
    struct heap_statistics heap;
    heap_statistics(&heap);
    return heap.allocations;
}

// 0 to 20 % lost, some repeated, reordered and damaged: a different mixture for each seed.
static void bad_links(void)
{
    size_t before = allocations();
    uint64_t first = cmdline_number("seed", 1), count = cmdline_number("seeds", SEEDS);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct lossy_terms terms = {.seed = seed * 0x9e3779b97f4a7c15,
                                    .loss = (unsigned)(seed * 53 % 201),
                                    .repeat = (unsigned)(seed % 4 * 10),
                                    .reorder = (unsigned)(seed % 5 * 20),
                                    .damage = (unsigned)(seed % 3 * 5),
                                    .delay_ns = 1 * MS + seed % 7 * 10 * MS,
                                    .detour_ns = 3 * MS + seed % 11 * 4 * MS,
                                    .bytes_per_second = seed % 6 == 5 ? 500000 : 0,
                                    .queue_bytes = 30000};
        char title[32];
        unsigned failures = test_failures();
        snprintf(title, sizeof(title), "seed %llu, %u/1000", (unsigned long long)seed,
                 terms.loss);
        transfer(title, &terms, seed % 4 == 3 ? OS_NEWRENO : OS_CUBIC);
        if (test_failures() != failures) {
            print("  again: -append 'seed=%llu seeds=1'\n", (unsigned long long)seed);
            return;
        }
    }
    CHECK(allocations() < before + SPARE); // tables grow, pieces are kept for the next time
}

const struct test unit_tests[] = {
    {"a good link", a_good_link},
    {"a narrow link", a_narrow_link},
    {"bad links", bad_links},
    {0},
};
