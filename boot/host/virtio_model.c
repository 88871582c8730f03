// SPDX-License-Identifier: MIT
//
// A virtio device, seen from its own side: its life cycle, its interrupts, its turns.
//
// Requests are served when the device runs, between the threads' turns (device.c). The
// order in which a driver brings a device to life (virtio 1.2, 3.1.1) is not only expected:
// who does otherwise is told so.
// Chapter 14.
#include "boot/host/virtio_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot/host/options.h"
#include "drivers/virtio/virtio.h"
#include "panic.h"

// Where slots lie: above what fits into 32 bits, and where no memory can be.
static const uint64_t SLOTS_ADDRESS = 0x110000000000;

enum { SLOT_SIZE = 0x1000, QUEUE_SIZE = 256 };

void virtio_model_blame(const struct virtio_model *model, const char *section,
                        const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    panic("virtio%u: the driver of the %s device %s (virtio 1.2, %s)", model->slot,
          model->kind->name, text, section);
}

bool virtio_model_has(const struct virtio_model *model, uint64_t feature)
{
    return (model->accepted & feature) != 0;
}

bool virtio_model_is_live(const struct virtio_model *model)
{
    return !model->gone && (model->status & VIRTIO_DRIVER_OK) &&
           !(model->status & (VIRTIO_NEEDS_RESET | VIRTIO_FAILED));
}

// ---- Interrupts ---------------------------------------------------------------------

static unsigned line_of(const struct virtio_model *model)
{
    return HOST_LINE_VIRTIO + model->slot;
}

void virtio_model_interrupt(struct virtio_model *model, unsigned interrupts)
{
    model->interrupts |= (uint8_t)interrupts;
    host_line_raise(line_of(model), model->interrupts != 0);
}

void virtio_model_config_changed(struct virtio_model *model)
{
    model->config_generation++;
    if (model->status & VIRTIO_DRIVER_OK)
        virtio_model_interrupt(model, INTERRUPT_CONFIG);
}

void virtio_model_need_reset(struct virtio_model *model)
{
    model->status |= VIRTIO_NEEDS_RESET;
    if (model->status & VIRTIO_DRIVER_OK)
        virtio_model_interrupt(model, INTERRUPT_CONFIG);
}

// ---- Life cycle ---------------------------------------------------------------------

static void reset(struct virtio_model *model)
{
    virtio_faults_reset(model);
    if (model->kind->reset)
        model->kind->reset(model);
    for (unsigned i = 0; i < MODEL_QUEUES_MAX; i++)
        virtio_ring_reset(&model->rings[i]);
    model->accepted = 0;
    model->device_features_half = model->driver_features_half = model->selected = 0;
    model->status = 0;
    model->interrupts = 0;
    host_line_raise(line_of(model), false);
}

// The steps of virtio 1.2, 3.1.1: each status bit needs those before it.
static void check_status(const struct virtio_model *model, uint32_t status)
{
    static const uint8_t steps[] = {VIRTIO_ACKNOWLEDGE, VIRTIO_DRIVER, VIRTIO_FEATURES_OK,
                                    VIRTIO_DRIVER_OK};
    const uint32_t known = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK |
                           VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET | VIRTIO_FAILED;
    uint32_t added = status & ~(uint32_t)model->status;
    if (status & ~known)
        virtio_model_blame(model, "2.1", "wrote the status %#x, and there are no such bits",
                           status);
    if (model->status & ~status & ~(uint32_t)VIRTIO_NEEDS_RESET)
        virtio_model_blame(model, "2.1.1",
                           "took bits out of the status %#x by writing %#x: only a reset "
                           "does that",
                           model->status, status);
    if (added & VIRTIO_NEEDS_RESET)
        virtio_model_blame(model, "2.1.2",
                           "set DEVICE_NEEDS_RESET, which is the device's to set");
    for (unsigned i = 1; i < sizeof steps; i++)
        if ((added & steps[i]) && !(status & steps[i - 1]))
            virtio_model_blame(model, "3.1.1",
                               "went from the status %#x to %#x and left out a step",
                               model->status, status);
    if ((added & VIRTIO_DRIVER_OK) && (added & VIRTIO_FEATURES_OK))
        virtio_model_blame(model, "3.1.1",
                           "set FEATURES_OK and DRIVER_OK at once: the device has to agree "
                           "first");
}

void virtio_model_set_status(struct virtio_model *model, uint32_t status)
{
    if (status == 0) {
        reset(model);
        return;
    }
    check_status(model, status);
    if ((status & VIRTIO_FEATURES_OK) && !(model->status & VIRTIO_FEATURES_OK) &&
        !(model->accepted & VIRTIO_F_VERSION_1))
        status &= ~(uint32_t)VIRTIO_FEATURES_OK; // we do not do without it: 6.2
    bool starts = (status & VIRTIO_DRIVER_OK) && !(model->status & VIRTIO_DRIVER_OK);
    model->status = (uint8_t)(status | (model->status & VIRTIO_NEEDS_RESET));
    if (starts && model->kind->start)
        model->kind->start(model);
}

void virtio_model_set_features(struct virtio_model *model, uint32_t half)
{
    unsigned shift = model->driver_features_half == 1 ? 32 : 0;
    uint64_t mask = (uint64_t)UINT32_MAX << shift;
    uint64_t wish = (uint64_t)half << shift;
    if (!(model->status & VIRTIO_DRIVER) || (model->status & VIRTIO_FEATURES_OK))
        virtio_model_blame(model, "3.1.1", "wrote features at the status %#x", model->status);
    if (model->driver_features_half > 1 ? half != 0 : (wish & ~model->offered) != 0)
        virtio_model_blame(model, "2.2.1", "wants the features %#llx, and %#llx are offered",
                           (unsigned long long)wish,
                           (unsigned long long)(model->offered & mask));
    if (model->driver_features_half <= 1)
        model->accepted = (model->accepted & ~mask) | wish;
}

// ---- Work ---------------------------------------------------------------------------

struct virtio_request *virtio_model_take(struct virtio_model *model, unsigned queue)
{
    if (!virtio_model_is_live(model) || !model->rings[queue].ready)
        return NULL;
    if (model->faults.turns_until_reset > 0)
        return NULL; // it has lied
    return virtio_ring_take(model, queue);
}

void virtio_model_give(struct virtio_model *model, struct virtio_request *request,
                       uint32_t written)
{
    request->written = written;
    if (model->faults.kinds)
        virtio_faults_give(model, request);
    else if (virtio_ring_give(model, request))
        virtio_model_interrupt(model, INTERRUPT_USED);
}

bool virtio_model_is_to_fail(struct virtio_model *model)
{
    return virtio_faults_strike(&model->faults, FAULT_FAIL);
}

static void run(struct host_device *device)
{
    struct virtio_model *model = (struct virtio_model *)device;
    for (unsigned i = 0; i < model->kind->queues; i++) {
        if (!model->rings[i].notified || !virtio_model_is_live(model))
            continue;
        model->rings[i].notified = false;
        model->kind->serve(model, i);
    }
    if (model->kind->run && virtio_model_is_live(model))
        model->kind->run(model);
    if (!virtio_model_is_live(model))
        device->input = device->output = HOST_NO_DESCRIPTOR; // nothing would be taken there
    if (model->faults.kinds)
        virtio_faults_run(model);
}

void virtio_model_notified(struct virtio_model *model, unsigned queue)
{
    model->rings[queue].notified = true;
    if (model->kind->at_once)
        run(&model->device);
    else
        host_device_wake(&model->device);
}

struct virtio_model *virtio_model_create(const struct virtio_model_kind *kind)
{
    struct virtio_model *model = calloc(1, sizeof(*model));
    if (!model)
        abort();
    model->kind = kind;
    model->device.input = model->device.output = HOST_NO_DESCRIPTOR;
    model->queue_size = QUEUE_SIZE;
    model->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC;
    return model;
}

void virtio_model_plug_option(struct virtio_model *model, unsigned slot, struct board *board)
{
    const char *faults = host_options()->faults;
    if (faults && !virtio_faults_parse(faults, &model->faults))
        options_refuse("expected some of reorder,delay,fail,lie,withdraw and perhaps "
                       ",seed=N,rate=N",
                       faults);
    model->faults.state += slot; // each device has a fate of its own
    virtio_model_plug(model, slot, board);
}

void virtio_model_plug(struct virtio_model *model, unsigned slot, struct board *board)
{
    ASSERT(slot < HOST_LINES - HOST_LINE_VIRTIO && board->virtio_count < BOARD_VIRTIO_MAX);

    model->slot = slot;
    model->device.name = model->kind->name;
    model->device.address = SLOTS_ADDRESS + (uint64_t)slot * SLOT_SIZE;
    model->device.size = SLOT_SIZE;
    model->device.read = virtio_register_read;
    model->device.write = virtio_register_write;
    model->device.run = run;
    host_device_add(&model->device);
    host_line_connect(line_of(model), HOST_NO_DESCRIPTOR);
    host_line_listen(line_of(model), true);

    struct board_device place = {model->device.address, SLOT_SIZE, line_of(model)};
    unsigned i = board->virtio_count++;
    for (; i > 0 && board->virtio[i - 1].address > place.address; i--)
        board->virtio[i] = board->virtio[i - 1];
    board->virtio[i] = place;
}
