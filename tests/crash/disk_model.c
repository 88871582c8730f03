// SPDX-License-Identifier: MIT
//
// The disk that remembers. See disk_model.h.
#include "disk_model.h"

#include "error.h"
#include "heap.h"
#include "machine.h"
#include "panic.h"
#include "string.h"
#include "tests/unit/unit.h"
#include "timer.h"

enum {
    SLOTS = 32,
    DELAY_MAX_NS = 1000000,
};

// A request under way.
struct slot {
    struct timer timer; // when it ends
    struct disk_model *disk;
    struct block_request *request;
    unsigned number; // of the write or flush
    unsigned pass;   // which recording it belongs to
};

static struct {
    struct slot slots[SLOTS];
    unsigned pass;
} model;

// ---- The record -------------------------------------------------------------------------
static void grow(void *list, size_t *room, unsigned count, size_t item_size)
{
    void **place = list;
    if (count < *room)
        return;
    *room = *room ? *room * 2 : 256;
    *place = heap_resize(*place, *room * item_size);
    ASSERT(*place);
}

static unsigned add_event(struct disk_model *disk, enum disk_event_kind kind, unsigned number)
{
    grow(&disk->events, &disk->event_room, disk->event_count, sizeof(*disk->events));
    disk->events[disk->event_count] = (struct disk_event){kind, number};
    return disk->event_count++;
}

void disk_model_note(struct disk_model *disk, unsigned operation, bool end)
{
    add_event(disk, end ? EVENT_END : EVENT_BEGIN, operation);
}

// Copies between the pieces of a request and memory in a row.
static void copy_segments(const struct block_request *request, uint8_t *memory, bool to_memory)
{
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *segment = &request->segments[i];
        if (to_memory)
            memcpy(memory, segment->data, segment->size);
        else
            memcpy(segment->data, memory, segment->size);
        memory += segment->size;
    }
}

static unsigned record_write(struct disk_model *disk, const struct block_request *request)
{
    struct disk_write write = {
        .sector = request->sector,
        .sectors = (uint32_t)request->sectors,
        .data = heap_alloc((size_t)request->sectors * SECTOR_SIZE),
    };
    ASSERT(write.data);
    copy_segments(request, write.data, true);
    grow(&disk->writes, &disk->write_room, disk->write_count, sizeof(*disk->writes));
    disk->writes[disk->write_count] = write;
    add_event(disk, EVENT_WRITE, disk->write_count);
    return disk->write_count++;
}

static unsigned record_flush(struct disk_model *disk)
{
    grow(&disk->flushes, &disk->flush_room, disk->flush_count, sizeof(*disk->flushes));
    unsigned number = disk->flush_count++;
    disk->flushes[number].submitted = add_event(disk, EVENT_FLUSH, number);
    return number;
}

// ---- Requests ---------------------------------------------------------------------------
// The memory of a write is the disk's until it has ended: nobody may have changed it.
static void end_write(const struct slot *slot)
{
    struct disk_model *disk = slot->disk;
    const struct block_request *request = slot->request;
    uint8_t *place = disk->now + request->sector * SECTOR_SIZE;
    copy_segments(request, place, true);
    if (!disk->recording || slot->pass != model.pass)
        return;
    struct disk_write *write = &disk->writes[slot->number];
    if (memcmp(place, write->data, (size_t)write->sectors * SECTOR_SIZE) != 0)
        disk->fault = "memory was changed while it was being written";
    write->ended = add_event(disk, EVENT_WRITTEN, slot->number);
}

static void end_request(struct timer *timer)
{
    struct slot *slot = container_of(timer, struct slot, timer);
    struct disk_model *disk = slot->disk;
    struct block_request *request = slot->request;
    if (request->operation == BLOCK_WRITE)
        end_write(slot);
    else if (request->operation == BLOCK_READ)
        copy_segments(request, disk->now + request->sector * SECTOR_SIZE, false);
    else if (disk->recording && slot->pass == model.pass)
        add_event(disk, EVENT_FLUSHED, slot->number);
    slot->request = NULL;
    block_complete(&disk->device, request, 0);
}

static int submit(struct block_device *device, struct block_request *request)
{
    struct disk_model *disk = container_of(device, struct disk_model, device);
    struct slot *slot = model.slots;
    while (slot < model.slots + SLOTS && slot->request)
        slot++;
    if (slot == model.slots + SLOTS)
        return -EBUSY;
    *slot = (struct slot){.disk = disk, .request = request, .pass = model.pass};
    if (disk->recording && request->operation == BLOCK_WRITE)
        slot->number = record_write(disk, request);
    if (disk->recording && request->operation == BLOCK_FLUSH)
        slot->number = record_flush(disk);
    uint64_t delay_ns = 1 + unit_random(&disk->random) % DELAY_MAX_NS;
    timer_start(&slot->timer, machine_clock_ns() + delay_ns, end_request);
    return 0;
}

static void start(struct block_device *device)
{
}

// ---- Disks ------------------------------------------------------------------------------
struct disk_model *disk_model_new(size_t size)
{
    static const struct block_operations operations = {submit, start};
    struct disk_model *disk = heap_alloc(sizeof(*disk));
    ASSERT(disk);
    disk->start = heap_alloc(size);
    disk->now = heap_alloc(size);
    ASSERT(disk->start && disk->now);
    disk->size = size;
    disk->random = 1;
    disk->device = (struct block_device){
        .operations = &operations,
        .sectors = size / SECTOR_SIZE,
        .block_size = SECTOR_SIZE,
        .can_flush = true,
        .segments_max = 16,
        .sectors_max = 256,
        .segment_size_max = 1 << 20,
    };
    int error = block_add(&disk->device);
    ASSERT(error == 0);
    return disk;
}

void disk_model_reset(struct disk_model *disk)
{
    for (unsigned i = 0; i < disk->write_count; i++)
        heap_free(disk->writes[i].data);
    disk->event_count = disk->write_count = disk->flush_count = 0;
    disk->fault = NULL;
    model.pass++;
    memcpy(disk->start, disk->now, disk->size);
}
