// SPDX-License-Identifier: MIT
//
// Device interrupts with a controller made of variables: what is done in the trap, what
// between threads.
#include "boot/board.h"
#include "error.h"
#include "irq.h"
#include "machine.h"
#include "page.h"
#include "string.h"
#include "test.h"
#include "thread.h"
#include "trap.h"
#include "unit.h"

enum { SOURCES = 1024 };

// Like a PLIC with level-triggered sources: a claimed one is not offered until it is
// completed, a completion of a disabled one is ignored.
static struct {
    bool raised[SOURCES], enabled[SOURCES], claimed[SOURCES];
    unsigned claims, always; // always: a source that it offers whatever happens, 0: none
} controller;

static void controller_enable(struct irq_chip *chip, unsigned source, bool on)
{
    controller.enabled[source] = on;
}

static unsigned controller_claim(struct irq_chip *chip)
{
    controller.claims++;
    if (controller.always)
        return controller.always;
    for (unsigned source = 1; source < SOURCES; source++) {
        if (!controller.raised[source] || !controller.enabled[source])
            continue;
        if (controller.claimed[source])
            continue;
        controller.claimed[source] = true;
        return source;
    }
    return 0;
}

static void controller_complete(struct irq_chip *chip, unsigned source)
{
    if (controller.enabled[source])
        controller.claimed[source] = false;
}

static struct irq_chip chip = {
    .name = "test",
    .enable = controller_enable,
    .claim = controller_claim,
    .complete = controller_complete,
};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    thread_init();
}

static unsigned calls; // of the handler below
static bool was_claimed; // whether its source was still claimed then
static bool stays_raised;

static void count_call(void *context)
{
    unsigned source = *(unsigned *)context;

    calls++;
    was_claimed = controller.claimed[source];
    controller.raised[source] = stays_raised;
}

static unsigned sources[] = {0, 1, 64, 127, 5};

// ---- Tests, in the order of the table: the first has no controller yet --------------
static void without_a_controller(void)
{
    CHECK_EQUAL(irq_connect(1, "early", count_call, &sources[1]), -ENODEV);
}

static void connects_once(void)
{
    irq_init(&chip);
    CHECK_EQUAL(irq_connect(0, "none", count_call, &sources[0]), -EINVAL);
    CHECK_EQUAL(irq_connect(IRQ_SOURCES_MAX, "beyond", count_call, &sources[0]), -EINVAL);
    CHECK_EQUAL(irq_connect(1, "first", count_call, &sources[1]), 0);
    CHECK_EQUAL(irq_connect(1, "again", count_call, &sources[1]), -EBUSY);
    CHECK_EQUAL(irq_connect(64, "middle", count_call, &sources[2]), 0);
    CHECK_EQUAL(irq_connect(127, "last", count_call, &sources[3]), 0);
    CHECK(controller.enabled[1] && controller.enabled[64] && controller.enabled[127]);
}

static void handles_between_threads(void)
{
    struct irq_statistics statistics;

    calls = 0;
    for (int i = 1; i < 4; i++)
        controller.raised[sources[i]] = true;
    for (int i = 1; i < 4; i++)
        trap_interrupt(INTERRUPT_DEVICE); // as long as there is one more
    CHECK_EQUAL(calls, 0); // the trap only claims
    CHECK(controller.claimed[1] && controller.claimed[64] && controller.claimed[127]);
    thread_yield();
    CHECK_EQUAL(calls, 3);
    CHECK(was_claimed); // completed only after the handler
    CHECK(!controller.claimed[1] && !controller.claimed[64] && !controller.claimed[127]);
    CHECK(irq_statistics(64, &statistics));
    CHECK_EQUAL(statistics.count, 1);
    CHECK_STRING(statistics.name, "middle");
    CHECK(irq_statistics(2, &statistics));
    CHECK(statistics.name == NULL);
    CHECK(!irq_statistics(IRQ_SOURCES_MAX, &statistics));
    thread_yield();
    CHECK_EQUAL(calls, 3);
}

// A device that never lets go: one trap and one call for each time that threads change.
static void survives_a_storm(void)
{
    calls = 0;
    stays_raised = true;
    controller.raised[1] = true;
    for (unsigned i = 1; i <= 100; i++) {
        trap_interrupt(INTERRUPT_DEVICE);
        trap_interrupt(INTERRUPT_DEVICE); // nothing to claim: it is quiet until handled
        thread_yield();
        CHECK_EQUAL(calls, i);
    }
    stays_raised = false;
    controller.raised[1] = false;
}

static void shuts_off_what_nobody_wants(void)
{
    calls = 0;
    controller.enabled[5] = controller.raised[5] = true;
    controller.enabled[900] = controller.raised[900] = true;
    trap_interrupt(INTERRUPT_DEVICE);
    trap_interrupt(INTERRUPT_DEVICE);
    thread_yield();
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(irq_spurious_count(), 2);
    CHECK(!controller.enabled[5] && !controller.enabled[900]);
    CHECK(!controller.claimed[5] && !controller.claimed[900]); // it may be connected later
    CHECK_EQUAL(irq_connect(5, "late", count_call, &sources[4]), 0);
    trap_interrupt(INTERRUPT_DEVICE);
    thread_yield();
    CHECK_EQUAL(calls, 1);
}

// As messages do, which nobody keeps from coming.
static void takes_again_what_is_in_line(void)
{
    calls = 0;
    controller.always = 64;
    for (unsigned i = 0; i < 3 * IRQ_SOURCES_MAX; i++)
        trap_interrupt(INTERRUPT_DEVICE);
    thread_yield();
    CHECK_EQUAL(calls, 1);
    trap_interrupt(INTERRUPT_DEVICE); // news, now that its handler has run
    thread_yield();
    CHECK_EQUAL(calls, 2);
    controller.always = 0;
}

static void survives_a_broken_controller(void)
{
    uint64_t spurious = irq_spurious_count();
    controller.claims = 0;
    controller.always = 77;
    trap_interrupt(INTERRUPT_DEVICE);
    controller.always = 0;
    CHECK_EQUAL(controller.claims, 1); // whatever it says next time
    CHECK_EQUAL(irq_spurious_count(), spurious + 1);
}

const struct test unit_tests[] = {
    {"without a controller nothing can be connected", without_a_controller},
    {"a source is connected once", connects_once},
    {"a handler runs between threads, then its source is completed", handles_between_threads},
    {"a storm of interrupts lets the threads run", survives_a_storm},
    {"a source that nobody wants is counted and shut off", shuts_off_what_nobody_wants},
    {"a source that is in line is not put there again", takes_again_what_is_in_line},
    {"a controller that offers without end is left alone", survives_a_broken_controller},
    {0},
};
