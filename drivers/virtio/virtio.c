// SPDX-License-Identifier: MIT
//
// virtio devices: found, brought to life, and given to their drivers (virtio 1.2, 3.1).
//
//   virtio_probe(board, drivers)       once: every device of the board that a driver wants
//   virtio_break(device, why)          the end of one that breaks the rules
//
// Driver and device agree in steps, each of which the driver writes into the device's
// status; the last one, DRIVER_OK, sets it live. Whoever finds on the way that it does not
// work says FAILED instead.
// Chapter 14.
#include "drivers/virtio/virtio.h"

#include "boot/board.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_mmio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "print.h"

enum {
    CONFIG_TRIES = 100, // a configuration that changes more often than that never stands still
    REASON_SIZE = 128,
};

static struct {
    struct list devices; // in the order in which they were started
} virtio = {{&virtio.devices, &virtio.devices}};

// ---- Giving up --------------------------------------------------------------------------
// After the reset it uses no memory of ours any more. False: it does not even reset.
static bool stop(struct virtio_device *device)
{
    bool stopped = device->transport->set_status(device, 0) == 0;
    if (!stopped)
        log_error("%s: it does not reset: what it still writes may damage memory",
                  device->name);
    device->transport->set_status(device, VIRTIO_FAILED);
    return stopped;
}

void virtio_break(struct virtio_device *device, const char *format, ...)
{
    if (device->broken)
        return;
    device->broken = true;

    char reason[REASON_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    log_error("%s: %s; the device is given up", device->name, reason);

    stop(device);
    if (device->live && device->driver->broken)
        device->driver->broken(device);
}

// Of a device that has not gone live. Memory that it may still write to is not used again.
static void discard(struct virtio_device *device)
{
    if (stop(device)) {
        for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
            if (device->queues[i])
                virtqueue_destroy(device->queues[i]);
        }
        heap_free(device->data);
        heap_free(device);
    }
}

// ---- Bringing up ------------------------------------------------------------------------
static uint64_t unless_switched_off(const char *word, uint64_t feature)
{
    return cmdline_number(word, 1) ? feature : 0;
}

// What we want of any device.
static uint64_t general_features(void)
{
    return unless_switched_off("virtio.event_idx", VIRTIO_F_EVENT_IDX) |
           unless_switched_off("virtio.indirect_desc", VIRTIO_F_INDIRECT_DESC);
}

static int check_offer(const struct virtio_device *device, uint64_t offered)
{
    const struct virtio_driver *driver = device->driver;
    uint64_t missing = driver->required & ~offered;

    if (!(offered & VIRTIO_F_VERSION_1)) {
        log_warning("%s: it does not offer VIRTIO_F_VERSION_1: a legacy device; see "
                    "disable-legacy= and force-legacy= among QEMU's options",
                    device->name);
        return -ENODEV;
    }
    if (missing) {
        log_warning("%s: %s needs the features %#llx, missing is %#llx: %s", device->name,
                    driver->name, (unsigned long long)driver->required,
                    (unsigned long long)missing,
                    driver->required_hint ? driver->required_hint : "see QEMU's options");
        return -ENODEV;
    }
    return 0;
}

// Steps 4 to 6: we choose from what it offers, and it says whether it can do with that.
static int negotiate(struct virtio_device *device, uint8_t *status)
{
    const struct virtio_driver *driver = device->driver;
    uint64_t offered = device->transport->features(device);
    int error = check_offer(device, offered);
    if (error)
        return error;

    uint64_t wanted = offered & driver->wanted;
    if (driver->choose)
        wanted = driver->choose(wanted);
    uint64_t general = general_features() | VIRTIO_F_VERSION_1;
    device->features = wanted | (offered & (driver->required | general));
    device->transport->set_features(device, device->features);
    *status |= VIRTIO_FEATURES_OK;
    device->transport->set_status(device, *status);
    if (device->transport->status(device) & VIRTIO_FEATURES_OK)
        return 0;
    log_warning("%s: it offers the features %#llx but refuses %#llx of them", device->name,
                (unsigned long long)offered, (unsigned long long)device->features);
    return -ENODEV;
}

// virtio 1.2, 3.1.1, with its numbers.
static int bring_up(struct virtio_device *device)
{
    const struct virtio_transport *transport = device->transport;

    int error = transport->set_status(device, 0); // 1: reset
    if (error)
        return error;
    uint8_t status = VIRTIO_ACKNOWLEDGE; // 2: we have seen it
    transport->set_status(device, status);
    status |= VIRTIO_DRIVER; // 3: and know how to drive it
    transport->set_status(device, status);
    error = negotiate(device, &status); // 4, 5, 6
    if (!error)
        error = device->driver->start(device); // 7: its configuration, its queues
    if (!error && device->broken)
        error = -EIO;
    if (!error)
        error = transport->connect(device);
    if (error)
        return error;
    list_append(&virtio.devices, &device->all);
    device->live = true;
    transport->set_status(device, status | VIRTIO_DRIVER_OK); // 8: it is live
    return 0;
}

static const struct virtio_driver *find_driver(const struct virtio_driver *const *drivers,
                                               enum virtio_id id)
{
    while (*drivers && (*drivers)->id != id)
        drivers++;
    return *drivers;
}

bool virtio_start(struct virtio_device *device, const struct virtio_driver *const *drivers)
{
    device->driver = find_driver(drivers, device->id);
    if (!device->driver) {
        log_debug("%s: no driver for devices with the number %u", device->name,
                  (unsigned)device->id);
        heap_free(device);
        return false;
    }
    int error = bring_up(device);
    if (error) {
        log_warning("%s: %s does not start: %s", device->name, device->driver->name,
                    error_text(error));
        discard(device);
        return false;
    }
    if (device->driver->ready)
        device->driver->ready(device);
    return true;
}

unsigned virtio_probe(const struct board *board, const struct virtio_driver *const *drivers)
{
    unsigned started = 0;
    for (unsigned i = 0; i < board->virtio_count; i++) {
        struct virtio_device *device = virtio_mmio_find(&board->virtio[i], i);
        if (device && virtio_start(device, drivers))
            started++;
    }
    return started;
}

struct virtio_device *virtio_next(struct virtio_device *device)
{
    struct list *next = device ? device->all.next : virtio.devices.next;
    return next == &virtio.devices ? NULL : container_of(next, struct virtio_device, all);
}

// ---- While it lives ---------------------------------------------------------------------
uint64_t virtio_config_read64(struct virtio_device *device, unsigned offset)
{
    const struct virtio_transport *transport = device->transport;
    uint64_t value = 0;
    for (unsigned i = 0; i < CONFIG_TRIES; i++) {
        uint32_t before = transport->config_generation(device);
        value = transport->config_read32(device, offset);
        value |= (uint64_t)transport->config_read32(device, offset + 4) << 32;
        if (transport->config_generation(device) == before)
            return value;
    }
    virtio_break(device, "its configuration does not stand still");
    return value;
}

// The queues share one interrupt, which counts for those with something to collect that want
// one. One that came in vain counts only where there is no doubt whose it was.
void virtio_queues_interrupt(struct virtio_device *device)
{
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX && !device->broken; i++) {
        struct virtqueue *queue = device->queues[i];
        if (!queue || queue->is_quiet)
            continue;
        bool used = virtqueue_has_used(queue);
        if (used || !device->queues[1])
            queue->counters.interrupts++;
        if (used)
            virtqueue_interrupted(queue);
    }
}

void virtio_queue_interrupt(struct virtqueue *queue)
{
    if (queue->device->broken)
        return;
    queue->counters.interrupts++;
    if (virtqueue_has_used(queue))
        virtqueue_interrupted(queue);
}

void virtio_config_interrupt(struct virtio_device *device)
{
    if (device->broken)
        return;
    if (device->transport->status(device) & VIRTIO_NEEDS_RESET)
        virtio_break(device, "it asks to be reset");
    else if (device->driver->config_changed)
        device->driver->config_changed(device);
}
