// SPDX-License-Identifier: MIT
//
// Power cuts: workloads at random on tsfs, and every state that a cut may leave.
//
//   crash [--seed N] [--workloads N] [--states N] [--operations N] [--forget-flushes]
//
// Of each state: fsck finds nothing wrong, before and after it is mounted; everything is
// there up to the last fsync or sync that had ended; what is there of later operations is
// all of the first so many of them. So nothing that never was can be seen, and nothing that
// was promised is missing. --states 0: all of them. --forget-flushes: the disk does not do
// what it is told; then this must fail.
#include <stddef.h>

#include "error.h"
#include "format.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "heap.h"
#include "mkfs/fsck.h"
#include "mkfs/tool.h"
#include "panic.h"
#include "print.h"
#include "states.h"
#include "string.h"
#include "tests/unit/unit.h"
#include "workload.h"

enum {
    DISK_SIZE = 5 << 18,
    DATA_LEAST = 32,    // blocks for contents; up to all of the disk,
    DATA_FEW = 24,      // or only so many more: often full, everything reused
    JOURNAL_MORE = 100, // blocks than the least, with which it is emptied after each commit
    LIVES = 2,          // workloads in a row, each on what a cut has left of the one before
    AGAIN = 8,          // one in so many states is written to; in another, the power goes
    SECOND_CUTS = 3,    // again, at so many moments of the recovery
};

static struct {
    uint64_t seed;
    uint64_t workloads, states, operations, forget;
    // The workload that is being checked:
    struct disk_model *disk;      // where it ran
    struct disk_model *other;     // where states are looked at
    struct workload workload;
    bool *promises;
    uint64_t random;              // for checking
    struct model *start;          // what was there at first
    struct model *promised;       // what must be there
    uint8_t *next;                // a state that the next workload begins with
    unsigned promised_count;      // so many operations are in it
    struct model *found, *expected;
    struct crash_state cut;       // the first of two
    uint64_t total, all;          // states: of this workload, and of all
} crash = {.seed = 1, .workloads = 200, .states = 60, .operations = 60};

static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};

// ---- One state --------------------------------------------------------------------------
static void report(void *context, const char *sentence)
{
    bool *told = context;
    if (*told)
        tool_print("    fsck: %s\n", sentence);
}

// Nothing may be wrong. After a mount nothing may be left to do, either.
static bool is_clean(const char *when, bool mounted)
{
    bool tell = false;
    struct fsck_result result;
    struct fsck_options options = {.report = report, .context = &tell};
    struct block_device *device = &crash.other->device;
    int error = fsck_tsfs(device, &options, &result);
    bool left = mounted && (result.replayed || result.orphans);
    if (!error && result.findings == 0 && !left)
        return true;
    tool_print("  fsck %s: error %d, %u findings, %u transactions and %u orphans left\n", when,
               error, result.findings, result.replayed, result.orphans);
    tell = true;
    fsck_tsfs(device, &options, &result);
    return false;
}

// Some number of operations, from those promised to those begun, explains what is there.
static bool is_explained(const struct crash_state *state)
{
    char why[160], first[160] = "";
    struct operation *operations = crash.workload.operations;
    model_copy(crash.expected, crash.promised);
    for (unsigned done = state->promised;; done++) {
        struct later later = {operations + done, state->begun - done};
        if (model_matches(crash.found, crash.expected, &later, why))
            return true;
        if (!first[0])
            strlcpy(first, why, sizeof(first));
        if (done >= state->begun)
            break;
        model_apply(crash.expected, &operations[done]);
    }
    tool_print("  what is there is not what any number of operations from %u to %u leaves:\n"
               "    after %u of them: %s\n    after %u: %s\n", state->promised, state->begun,
               state->promised, first, state->begun, why);
    return false;
}

static bool look(const struct crash_state *state)
{
    model_free(crash.found);
    crash.found = model_new();
    int error = vfs_mount(crash.other->device.name, "/", "tsfs", 0);
    if (error) {
        tool_print("  it does not mount: %s\n", error_text(error));
        return false;
    }
    struct os_fs_info info = {0};
    bool good = vfs_info("/", &info) == 0 && !info.read_only;
    if (!good)
        tool_print("  it is read-only\n");
    good = good && model_read(crash.found) == 0 && is_explained(state);
    // It can be written to. (Not where the model would not know.)
    if (good && !crash.other->recording && unit_random(&crash.random) % AGAIN == 0) {
        error = vfs_make("/after", OS_TYPE_DIRECTORY, NULL);
        good = error == 0 || error == -ENOSPC;
    }
    if (vfs_unmount("/") != 0 || !good) {
        tool_print("  so it is not accepted (error %d)\n", error);
        return false;
    }
    return true;
}

// The recovery writes, too: the power goes once more, and the same must hold.
static bool check_second(const struct crash_state *state)
{
    memcpy(crash.other->now, state->contents, DISK_SIZE);
    return is_clean("after a second cut", false) && look(&crash.cut) &&
           is_clean("after the recovery of a second cut", true);
}

static bool check_recovery(void)
{
    bool failed;
    crash.total += states_check(crash.other, SECOND_CUTS, &crash.random, NULL, check_second,
                                &failed);
    return !failed;
}

static void advance_promised(unsigned count)
{
    while (crash.promised_count < count)
        model_apply(crash.promised, &crash.workload.operations[crash.promised_count++]);
}

static bool check_state(const struct crash_state *state)
{
    if (unit_random(&crash.random) % ++crash.total == 0)
        memcpy(crash.next, state->contents, DISK_SIZE);
    advance_promised(state->promised);
    memcpy(crash.other->now, state->contents, DISK_SIZE);
    bool again = unit_random(&crash.random) % AGAIN == 0;
    disk_model_reset(crash.other);
    bool good = unit_random(&crash.random) % 4 || is_clean("before mounting", false);
    crash.other->recording = again;
    good = good && look(state);
    crash.other->recording = false;
    good = good && is_clean("after mounting", true);
    crash.cut = *state;
    good = good && (!again || check_recovery());
    if (!good)
        tool_print("  event %u, variant %u\n", state->event, state->variant);
    return good;
}

// ---- One workload -----------------------------------------------------------------------
static void make_disk(uint64_t *random)
{
    struct tsfs_make_options options = {.inodes = 15 * (1 + unit_random(random) % 20)};
    options.blocks = DISK_SIZE / TSFS_BLOCK_SIZE;
    options.journal_blocks = TSFS_JOURNAL_MIN + unit_random(random) % 2 * JOURNAL_MORE;
    struct tsfs_superblock layout;
    int error = tsfs_layout(&options, &layout);
    ASSERT(error == 0);
    uint32_t least = layout.data + 1 + DATA_LEAST;
    uint64_t more = unit_random(random) % 2 ? DATA_FEW : options.blocks - least;
    options.blocks = least + unit_random(random) % (more + 1);
    if (options.blocks < TSFS_BLOCKS_MIN)
        options.blocks = TSFS_BLOCKS_MIN;
    for (unsigned i = 0; i < sizeof(options.id); i++)
        options.id[i] = (uint8_t)unit_random(random);
    memset(crash.disk->now, 0, DISK_SIZE);
    error = tsfs_make(&crash.disk->device, &options);
    ASSERT(error == 0);
}

static int run_workload(void)
{
    vfs_init(file_systems);
    int error = vfs_mount(crash.disk->device.name, "/", "tsfs", 0);
    if (!error)
        error = model_read(crash.start);
    if (error) {
        tool_print("  what was left of it cannot be used: %s\n", error_text(error));
        return error;
    }
    vfs_sync();
    disk_model_reset(crash.disk);
    crash.disk->recording = true;
    error = workload_run(&crash.workload, crash.start, (unsigned)crash.operations, crash.disk);
    crash.disk->recording = false;
    int unmount_error = vfs_unmount("/");
    return error ? error : unmount_error;
}

static bool check_states(void)
{
    struct workload *w = &crash.workload;
    crash.promises = heap_alloc(w->count + 1);
    ASSERT(crash.promises);
    for (unsigned i = 0; i < w->count; i++)
        crash.promises[i] = (w->operations[i].kind == OPERATION_FSYNC ||
                             w->operations[i].kind == OPERATION_SYNC) &&
                            !w->operations[i].nothing;
    model_copy(crash.promised, crash.start);
    crash.promised_count = 0;
    crash.total = 0;
    memcpy(crash.next, crash.disk->start, DISK_SIZE); // should there be no state
    bool failed = crash.disk->fault != NULL;
    if (failed)
        tool_print("  %s\n", crash.disk->fault);
    else
        states_check(crash.disk, (unsigned)crash.states, &crash.random, crash.promises,
                     check_state, &failed);
    heap_free(crash.promises);
    crash.all += crash.total;
    return !failed;
}

// One life of a disk, from what is on crash.disk.
static bool check_life(uint64_t *random)
{
    model_free(crash.start);
    crash.start = model_new();
    crash.workload = (struct workload){.random = unit_random(random)};
    bool good = run_workload() == 0 && check_states();
    for (unsigned i = 0; i < crash.workload.count && !good; i++)
        operation_print(i, &crash.workload.operations[i]);
    heap_free(crash.workload.operations);
    return good;
}

static bool check_disk(uint64_t seed)
{
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    crash.random = random ^ 0x5555;
    crash.disk->random = random | 1;
    make_disk(&random);
    for (unsigned life = 0; life < LIVES; life++) {
        if (!check_life(&random)) {
            tool_print("  (life %u of this disk)\n", life);
            return false;
        }
        memcpy(crash.disk->now, crash.next, DISK_SIZE);
    }
    return true;
}

// ---- All of them ------------------------------------------------------------------------
static bool parse(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *value;
    } options[] = {{"--seed", &crash.seed},
                   {"--workloads", &crash.workloads},
                   {"--states", &crash.states},
                   {"--operations", &crash.operations},
                   {"--forget-flushes", &crash.forget}};
    for (int i = 1; i < argc; i += 2) {
        unsigned which = 0;
        while (which < 5 && strcmp(argv[i], options[which].name) != 0)
            which++;
        if (which == 5 || i + 1 == argc ||
            string_to_u64(argv[i + 1], 10, options[which].value) < 0) {
            tool_complain("expected --seed, --workloads, --states, --operations or "
                          "--forget-flushes, and a number");
            return false;
        }
    }
    return true;
}

int tool_main(int argc, char **argv)
{
    if (!parse(argc, argv))
        return 2;
    log_set_console_level(LOG_ERROR);
    crash.disk = disk_model_new(DISK_SIZE);
    crash.other = disk_model_new(DISK_SIZE);
    crash.disk->forgets = crash.forget != 0;
    crash.start = model_new();
    crash.promised = model_new();
    crash.next = heap_alloc(DISK_SIZE);
    ASSERT(crash.next);
    crash.found = model_new();
    crash.expected = model_new();
    for (uint64_t i = 0; i < crash.workloads; i += LIVES) {
        uint64_t seed = crash.seed + i / LIVES;
        if (check_disk(seed))
            continue;
        tool_print("FAILED: --seed %llu --workloads %d --states %llu --operations %llu\n",
                   (unsigned long long)seed, LIVES, (unsigned long long)crash.states,
                   (unsigned long long)crash.operations);
        return 1;
    }
    tool_print("%llu workloads from seed %llu on, %llu states: all recovered\n",
               (unsigned long long)crash.workloads, (unsigned long long)crash.seed,
               (unsigned long long)crash.all);
    return 0;
}
