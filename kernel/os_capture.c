// SPDX-License-Identifier: MIT
//
// os.h: frames as they pass, for tcpdump.
//
// A capture is a file with a ring of bytes: each frame that passes is copied into it, with a
// few words about it in front. What finds no room is counted and left out, so looking never
// holds anything up.
// Chapter 20.
#include "error.h"
#include "file.h"
#include "heap.h"
#include "machine.h"
#include "net/netdev.h"
#include "page.h"
#include "poll.h"
#include "process.h"
#include "smaller.h"
#include "string.h"
#include "user/os.h"
#include "wait.h"
#include "wallclock.h"

enum {
    RING_PAGES = 64, // several frames of 64 KiB; a quarter where memory is scarce
    RING_PAGES_SCARCE = 16,
};

struct capture {
    struct file file;
    struct net_tap tap;
    const struct net_device *device; // NULL: all of them
    uint32_t snap;
    uint64_t dropped;
    struct wait_queue readers;
    struct poll_source source;
    uint8_t *ring;
    size_t ring_size; // bytes, a power of two
    size_t first, end; // of what is in it; these only grow
};

// ---- The ring ---------------------------------------------------------------------------

// How many bytes there are from `position` to the ring's upper end: they lie in a row.
static size_t row_at(const struct capture *capture, size_t position)
{
    return capture->ring_size - position % capture->ring_size;
}

static void put(struct capture *capture, const void *bytes, size_t size)
{
    size_t row = smaller(size, row_at(capture, capture->end));
    memcpy(capture->ring + capture->end % capture->ring_size, bytes, row);
    memcpy(capture->ring, (const uint8_t *)bytes + row, size - row);
    capture->end += size;
}

static void put_packet(struct capture *capture, const struct packet *packet, size_t size)
{
    size_t row = smaller(size, row_at(capture, capture->end));
    packet_read(packet, 0, capture->ring + capture->end % capture->ring_size, row);
    packet_read(packet, row, capture->ring, size - row);
    capture->end += size;
}

static void take(struct capture *capture, void *bytes, size_t size)
{
    size_t row = smaller(size, row_at(capture, capture->first));
    memcpy(bytes, capture->ring + capture->first % capture->ring_size, row);
    memcpy((uint8_t *)bytes + row, capture->ring, size - row);
    capture->first += size;
}

// ---- Frames come ------------------------------------------------------------------------

static uint64_t time_now_ns(void)
{
    uint64_t now_ns = wallclock_now_ns();
    return now_ns ? now_ns : machine_clock_ns() - process_start_ns();
}

static void keep_frame(struct net_tap *tap, const struct net_device *device,
                       const struct packet *packet, bool is_sent)
{
    struct capture *capture = container_of(tap, struct capture, tap);
    if (capture->device && capture->device != device)
        return;
    if (is_sent && !device->has_ethernet)
        return; // the loopback gives what it takes: once is enough
    const struct os_frame frame = {.time_ns = time_now_ns(),
                                   .size = packet->total,
                                   .captured = (uint32_t)smaller(packet->total, capture->snap),
                                   .is_sent = is_sent,
                                   .interface = (uint8_t)device->index,
                                   .has_ethernet = device->has_ethernet};
    size_t free = capture->ring_size - (capture->end - capture->first);
    if (free < sizeof(frame) + frame.captured) {
        capture->dropped++;
        return;
    }
    put(capture, &frame, sizeof(frame));
    put_packet(capture, packet, frame.captured);
    wait_queue_wake_all(&capture->readers, 0);
    poll_changed(&capture->source);
}

// ---- The file ---------------------------------------------------------------------------

static void free_capture(struct capture *capture)
{
    if (capture->ring)
        page_free(capture->ring, capture->ring_size / PAGE_SIZE);
    heap_free(capture);
}

static void release(struct file *file)
{
    struct capture *capture = container_of(file, struct capture, file);
    netdev_tap_remove(&capture->tap);
    poll_source_end(&capture->source);
    free_capture(capture);
}

static unsigned poll(struct file *file, struct poll_source **source)
{
    struct capture *capture = container_of(file, struct capture, file);
    *source = &capture->source;
    return capture->first != capture->end ? OS_POLL_READ : 0;
}

static const struct file_operations operations = {
    .kind = "capture", .release = release, .poll = poll};

static struct capture *capture_of(int handle)
{
    struct file *file = file_table_find(&process_current()->files, handle);
    if (!file || file->operations != &operations)
        return NULL;
    return container_of(file, struct capture, file);
}

static struct capture *create(void)
{
    struct capture *capture = heap_alloc(sizeof(*capture));
    if (!capture)
        return NULL;
    size_t pages = RING_PAGES;
    capture->ring = page_alloc_dirty(pages);
    if (!capture->ring)
        capture->ring = page_alloc_dirty(pages = RING_PAGES_SCARCE);
    if (!capture->ring) {
        free_capture(capture);
        return NULL;
    }
    capture->ring_size = pages * PAGE_SIZE;
    wait_queue_init(&capture->readers);
    poll_source_init(&capture->source);
    file_init(&capture->file, &operations);
    return capture;
}

int os_capture_open(const char *interface, unsigned snap)
{
    const struct net_device *device = interface ? netdev_find(interface) : NULL;
    if (interface && !device)
        return -ENODEV;
    struct capture *capture = create();
    if (!capture)
        return -ENOMEM;
    capture->device = device;
    capture->snap = snap;
    capture->tap.frame = keep_frame;
    netdev_tap_add(&capture->tap);
    return file_table_add(&process_current()->files, &capture->file);
}

// The reference keeps it while we wait: another thread may close the handle.
static int read_frame(struct capture *capture, struct os_frame *frame, void *bytes,
                      size_t size, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "frame", .external = true};
    while (capture->first == capture->end) {
        int error = wait_queue_wait(&capture->readers, &reason, deadline_ns);
        if (error)
            return error;
    }
    take(capture, frame, sizeof(*frame));
    size_t given = smaller(frame->captured, size);
    take(capture, bytes, given);
    capture->first += frame->captured - given;
    frame->captured = (uint32_t)given;
    return (int)given;
}

int os_capture_read(int handle, struct os_frame *frame, void *bytes, size_t size,
                    uint64_t deadline_ns)
{
    struct capture *capture = capture_of(handle);
    if (!capture)
        return -EINVAL;
    file_get(&capture->file);
    int result = read_frame(capture, frame, bytes, size, deadline_ns);
    file_put(&capture->file);
    return process_leave(result);
}

uint64_t os_capture_dropped(int handle)
{
    const struct capture *capture = capture_of(handle);
    return capture ? capture->dropped : 0;
}
