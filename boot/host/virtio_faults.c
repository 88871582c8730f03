// SPDX-License-Identifier: MIT
//
// A device that cannot be relied on: stands between a model and its queues and does what
// hardware, or a hostile hypervisor, might do.
//
//   reorder    requests end in another order than they came in
//   delay      they end later, interrupts come later, and some for nothing
//   fail       the device says that it could not (the model asks virtio_faults_strike())
//   lie        ids, lengths and indexes that cannot be
//   withdraw   the device wants a reset, or is gone from one moment to the next
//
// What is held back counts turns, not time, so a seed gives the same faults again. The
// driver has to survive: requests end or fail, and nothing else is harmed.
// Chapter 14.
#include <stdlib.h>
#include <string.h>

#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"

enum {
    RATE = 16,      // unless said otherwise: one chance in so many
    DELAY_MAX = 16, // turns
    REORDER_MAX = 3,
};

// ---- Options ------------------------------------------------------------------------

static unsigned kind_of(const char *word, size_t length)
{
    static const struct {
        const char *word;
        enum virtio_fault kind;
    } kinds[] = {
        {"reorder", FAULT_REORDER}, {"delay", FAULT_DELAY},       {"fail", FAULT_FAIL},
        {"lie", FAULT_LIE},         {"withdraw", FAULT_WITHDRAW},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].word) == length && strncmp(word, kinds[i].word, length) == 0)
            return kinds[i].kind;
    return 0;
}

// The number behind "seed=" or "rate=", 0 when it is none.
static uint64_t number_of(const char *word, size_t length)
{
    uint64_t number = 0;
    for (size_t i = strlen("seed="); i < length; i++) {
        if (word[i] < '0' || word[i] > '9')
            return 0;
        number = number * 10 + (uint64_t)(word[i] - '0');
    }
    return number;
}

static bool parse_word(const char *word, size_t length, struct virtio_faults *faults)
{
    uint64_t number = number_of(word, length);
    unsigned kind = kind_of(word, length);
    faults->kinds |= kind;
    if (strncmp(word, "seed=", 5) == 0)
        faults->state = number * 0x9e3779b97f4a7c15; // small numbers become different ones
    else if (strncmp(word, "rate=", 5) == 0)
        faults->rate = (unsigned)number;
    else
        return kind != 0;
    return number != 0;
}

bool virtio_faults_parse(const char *text, struct virtio_faults *faults)
{
    *faults = (struct virtio_faults){.rate = RATE, .state = 1};
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!parse_word(text, length, faults))
            return false;
        if (text[length] == '\0')
            return faults->kinds != 0;
        text += length + 1;
    }
}

// ---- Chance -------------------------------------------------------------------------

// A number below `below`; the sequence follows from the seed (Marsaglia's xorshift64*).
static uint32_t draw(struct virtio_faults *faults, uint32_t below)
{
    faults->state ^= faults->state << 13;
    faults->state ^= faults->state >> 7;
    faults->state ^= faults->state << 17;
    return (uint32_t)(faults->state * 0x2545f4914f6cdd1d >> 32) % below;
}

bool virtio_faults_strike(struct virtio_faults *faults, enum virtio_fault fault)
{
    return (faults->kinds & fault) != 0 && draw(faults, faults->rate) == 0;
}

// ---- Lies and withdrawal ------------------------------------------------------------

// The device is broken from here on, and the driver may find out by anything it does.
static void withdraw(struct virtio_model *model)
{
    if (draw(&model->faults, 2) == 0) {
        virtio_model_need_reset(model);
        return;
    }
    virtio_model_interrupt(model, INTERRUPT_USED);
    model->gone = true;
}

// A descriptor that is no request's head, or one that does not exist.
static uint32_t head_of_nothing(struct virtio_model *model, const struct virtio_ring *ring)
{
    uint32_t head = draw(&model->faults, ring->size);
    return ring->owner[head] == head + 1 ? ring->size : head;
}

static void lie(struct virtio_model *model, struct virtio_request *request)
{
    struct virtio_faults *faults = &model->faults;
    const struct virtio_ring *ring = &model->rings[request->queue];
    switch (draw(faults, 5)) {
    case 0: // an id beyond the queue
        virtio_ring_give_raw(model, request->queue, ring->size + draw(faults, UINT32_MAX / 2),
                             request->written);
        break;
    case 1: // an id that nobody waits for
        virtio_ring_give_raw(model, request->queue, head_of_nothing(model, ring), 0);
        break;
    case 2: // more done than was ever asked for
        virtio_ring_jump(model, request->queue, ring->size + 1 + draw(faults, ring->size));
        break;
    case 3: // more bytes than there is room for
        request->written = (uint32_t)request->in_size + 1 + draw(faults, 1u << 20);
        return;
    default: // fewer than there are
        request->written = draw(faults, request->written + 1);
        return;
    }
    // Requests may look ended now that are not: nothing more is done to their memory.
    faults->turns_until_reset = 1 + draw(faults, DELAY_MAX);
    virtio_model_interrupt(model, INTERRUPT_USED);
}

// ---- In between ---------------------------------------------------------------------

static void hold(struct virtio_faults *faults, struct virtio_request *request)
{
    if (!faults->held)
        faults->held_end = &faults->held;
    request->next = NULL;
    *faults->held_end = request;
    faults->held_end = &request->next;
}

void virtio_faults_give(struct virtio_model *model, struct virtio_request *request)
{
    struct virtio_faults *faults = &model->faults;
    request->turns_left = 0;
    if (virtio_faults_strike(faults, FAULT_DELAY))
        request->turns_left += 1 + draw(faults, DELAY_MAX);
    if (virtio_faults_strike(faults, FAULT_REORDER))
        request->turns_left += 1 + draw(faults, REORDER_MAX);
    if (virtio_faults_strike(faults, FAULT_LIE))
        lie(model, request);
    hold(faults, request);
    if (virtio_faults_strike(faults, FAULT_WITHDRAW))
        withdraw(model);
    host_device_wake(&model->device);
}

// Gives back what has been held for long enough; without FAULT_REORDER nothing passes what
// came before it. True when the driver wants an interrupt.
static bool release(struct virtio_model *model)
{
    struct virtio_faults *faults = &model->faults;
    struct virtio_request *request = faults->held;
    bool interrupt = false, blocked = false;
    faults->held = NULL;
    while (request) {
        struct virtio_request *next = request->next;
        bool due = request->turns_left == 0;
        if (!due)
            request->turns_left--;
        if (due && !blocked) {
            interrupt |= virtio_ring_give(model, request);
        } else {
            blocked = !(faults->kinds & FAULT_REORDER);
            hold(faults, request);
        }
        request = next;
    }
    return interrupt;
}

// A driver may be unable to tell: what had ended in its eyes, it has used again.
static void give_up_lying(struct virtio_model *model)
{
    if (--model->faults.turns_until_reset == 0)
        virtio_model_need_reset(model);
    else
        host_device_wake(&model->device);
}

void virtio_faults_run(struct virtio_model *model)
{
    struct virtio_faults *faults = &model->faults;
    if (!virtio_model_is_live(model))
        return; // what is held stays so, until the reset
    if (faults->turns_until_reset > 0) {
        give_up_lying(model);
        return;
    }

    bool interrupt = release(model);
    if (faults->turns_until_interrupt > 0) {
        interrupt = --faults->turns_until_interrupt == 0; // one for both
    } else if (virtio_faults_strike(faults, FAULT_DELAY)) {
        faults->turns_until_interrupt = 1 + draw(faults, DELAY_MAX);
        interrupt = false;
    }
    if (interrupt)
        virtio_model_interrupt(model, INTERRUPT_USED);
    if (faults->held || faults->turns_until_interrupt > 0)
        host_device_wake(&model->device);
}

void virtio_faults_reset(struct virtio_model *model)
{
    struct virtio_faults *faults = &model->faults;
    while (faults->held) {
        struct virtio_request *request = faults->held;
        faults->held = request->next;
        virtio_request_free(request);
    }
    faults->turns_until_interrupt = faults->turns_until_reset = 0;
}
