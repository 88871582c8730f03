// SPDX-License-Identifier: MIT
//
// virtio_blk: a disk behind one queue (virtio 1.2, 5.2).
//
//   start()      reads what the disk is, makes its queue
//   submit()     a header that the device reads, the data, a byte for the status
//   completed()  status bytes become error numbers
//
// The header and the status byte lie in the caller's request, the data where the caller has
// it: nothing is copied, and a request needs no memory of its own. What the device says of
// itself is cut down to what the queue can carry; what makes no sense gives the disk up.
// Chapter 15.
#include "drivers/virtio/virtio_blk.h"

#include "block.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "heap.h"
#include "print.h"
#include "smaller.h"

// virtio 1.2, 5.2.3
#define F_SIZE_MAX (UINT64_C(1) << 1)
#define F_SEG_MAX (UINT64_C(1) << 2)
#define F_RO (UINT64_C(1) << 5)
#define F_BLK_SIZE (UINT64_C(1) << 6)
#define F_FLUSH (UINT64_C(1) << 9)
#define F_DISCARD (UINT64_C(1) << 13)
#define F_WRITE_ZEROES (UINT64_C(1) << 14)

// Offsets of the configuration's fields (virtio 1.2, 5.2.4).
enum {
    AT_CAPACITY = 0, // 64 bits, in sectors of 512 bytes, whatever BLK_SIZE says
    AT_SIZE_MAX = 8, // of a segment
    AT_SEG_MAX = 12, // segments
    AT_BLK_SIZE = 20,
    AT_MAX_DISCARD = 36,
    AT_MAX_WRITE_ZEROES = 48,
};

// Types and answers of requests (virtio 1.2, 5.2.6).
enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11, TYPE_WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_UNSUPP = 2, STATUS_NONE = 0xff };

enum {
    QUEUE_SIZE = 256,
    EXTRA = 2,                    // segments: the header and the status
    REQUEST_BYTES_MAX = 4u << 20, // no request keeps the others waiting for longer
};

struct disk {
    struct block_device block;
    struct virtqueue *queue;
    struct segment *segments; // of the request that is being submitted, header and all
};

static const uint32_t request_types[BLOCK_OPERATIONS] = {
    [BLOCK_READ] = TYPE_IN,           [BLOCK_WRITE] = TYPE_OUT,
    [BLOCK_FLUSH] = TYPE_FLUSH,       [BLOCK_DISCARD] = TYPE_DISCARD,
    [BLOCK_WRITE_ZEROES] = TYPE_WRITE_ZEROES,
};

static struct disk *disk_of(struct block_device *device)
{
    return container_of(device, struct disk, block);
}

// ---- Requests --------------------------------------------------------------------------

static bool has_data(const struct block_request *request)
{
    return request->operation == BLOCK_READ || request->operation == BLOCK_WRITE;
}

// What is between the header and the status: the caller's pieces of memory, or the range.
static unsigned put_body(struct disk *disk, struct block_request *request)
{
    struct segment *body = disk->segments + 1;
    if (request->operation == BLOCK_FLUSH)
        return 0;
    if (has_data(request)) {
        for (unsigned i = 0; i < request->segment_count; i++)
            body[i] = request->segments[i];
        return request->segment_count;
    }
    request->range.sector = request->sector;
    request->range.sectors = (uint32_t)request->sectors;
    request->range.flags = 0;
    body[0] = (struct segment){&request->range, sizeof(request->range)};
    return 1;
}

// Never sleeps, so one array of segments serves all requests of the disk.
static int submit(struct block_device *device, struct block_request *request)
{
    struct disk *disk = disk_of(device);
    request->header.type = request_types[request->operation];
    request->header.reserved = 0;
    request->header.sector = has_data(request) ? request->sector : 0;
    request->status = STATUS_NONE; // a device that writes nothing has not done it

    disk->segments[0] = (struct segment){&request->header, sizeof(request->header)};
    unsigned body = put_body(disk, request);
    disk->segments[1 + body] = (struct segment){&request->status, sizeof(request->status)};
    unsigned in = request->operation == BLOCK_READ ? body : 0;
    return virtqueue_submit(disk->queue, disk->segments, 1 + body - in, in + 1, request);
}

static void start_queue(struct block_device *device)
{
    virtqueue_notify(disk_of(device)->queue);
}

static const struct block_operations operations = {.submit = submit, .start = start_queue};

// What the device has answered, as an error number. `length`: how much it says it has
// written, the status among it.
static int result_of(const struct block_request *request, uint32_t length)
{
    if (request->status == STATUS_UNSUPP && !has_data(request))
        return -ENOSYS;
    if (request->status != STATUS_OK)
        return -EIO;
    if (request->operation == BLOCK_READ && length < request->sectors * SECTOR_SIZE)
        return -EIO; // it says all is well, and has not given all
    return 0;
}

// All that the device has finished; then it is told, once, of all that came in on the way.
static void completed(struct virtqueue *queue)
{
    struct disk *disk = queue->device->data;
    struct block_request *request;
    uint32_t length;

    while ((request = virtqueue_collect(queue, &length)))
        block_complete(&disk->block, request, result_of(request, length));
    virtqueue_notify(queue);
}

// The device has lied or wants a reset: nothing will be answered any more.
static void broken(struct virtio_device *device)
{
    struct disk *disk = device->data;
    struct block_request *request;

    if (!disk->block.name[0])
        return; // it was no disk of anybody's yet
    block_device_gone(&disk->block);
    while ((request = virtqueue_abandon(disk->queue)))
        block_complete(&disk->block, request, -ENXIO);
}

// ---- The disk --------------------------------------------------------------------------

// In whole blocks of the disk.
static uint64_t capacity_of(struct virtio_device *device, uint32_t block_size)
{
    uint64_t sectors = virtio_config_read64(device, AT_CAPACITY);
    return sectors - sectors % (block_size / SECTOR_SIZE);
}

// A field that is there with its feature, or what holds without it.
static uint32_t field(struct virtio_device *device, uint64_t feature, unsigned offset,
                      uint32_t otherwise)
{
    if (!virtio_has(device, feature))
        return otherwise;
    return device->transport->config_read32(device, offset);
}

// How much one request may carry. A device that does not say how many segments it takes,
// takes one.
static void read_limits(struct virtio_device *device, struct disk *disk)
{
    struct block_device *block = &disk->block;
    uint64_t room = smaller(virtqueue_segments_max(disk->queue), QUEUE_SIZE);
    uint64_t size = field(device, F_SIZE_MAX, AT_SIZE_MAX, UINT32_MAX);

    block->segments_max = (unsigned)smaller(field(device, F_SEG_MAX, AT_SEG_MAX, 1),
                                            room > EXTRA ? room - EXTRA : 0);
    block->segment_size_max = smaller(size, REQUEST_BYTES_MAX) / SECTOR_SIZE * SECTOR_SIZE;
    block->sectors_max = REQUEST_BYTES_MAX / SECTOR_SIZE;
    block->discard_sectors_max = field(device, F_DISCARD, AT_MAX_DISCARD, 0);
    block->write_zeroes_sectors_max = field(device, F_WRITE_ZEROES, AT_MAX_WRITE_ZEROES, 0);
    block->can_discard = block->discard_sectors_max >= block->block_size / SECTOR_SIZE;
    block->can_write_zeroes =
        block->write_zeroes_sectors_max >= block->block_size / SECTOR_SIZE;
}

// Fills in what the disk is. -EINVAL: it cannot be that; has said so.
static int describe(struct virtio_device *device, struct disk *disk)
{
    struct block_device *block = &disk->block;
    block->operations = &operations;
    block->block_size = field(device, F_BLK_SIZE, AT_BLK_SIZE, SECTOR_SIZE);
    if (block->block_size < SECTOR_SIZE || block->block_size % SECTOR_SIZE != 0) {
        log_error("%s: a disk with blocks of %u bytes; expected a multiple of %u. Give it "
                  "-device virtio-blk-device,logical_block_size=512", device->name,
                  block->block_size, SECTOR_SIZE);
        return -EINVAL;
    }
    block->sectors = capacity_of(device, block->block_size);
    block->read_only = virtio_has(device, F_RO);
    block->can_flush = virtio_has(device, F_FLUSH);
    read_limits(device, disk);
    disk->segments = heap_alloc((block->segments_max + EXTRA) * sizeof(*disk->segments));
    return disk->segments ? 0 : -ENOMEM;
}

static int start(struct virtio_device *device)
{
    struct disk *disk = heap_alloc(sizeof(*disk));
    if (!disk)
        return -ENOMEM;
    int error = virtqueue_create(device, 0, QUEUE_SIZE, "requests", completed, &disk->queue);
    if (!error)
        error = describe(device, disk);
    if (error) {
        heap_free(disk->segments);
        heap_free(disk);
        return error;
    }
    device->data = disk;
    return 0;
}

// Only now: before, the device could still be taken back.
static void ready(struct virtio_device *device)
{
    struct block_device *block = &((struct disk *)device->data)->block;
    if (block_add(block)) {
        virtio_break(device, "a disk of %llu sectors that takes %u segments of %llu bytes",
                     (unsigned long long)block->sectors, block->segments_max,
                     (unsigned long long)block->segment_size_max);
        return;
    }
    log_info("%s: %llu MiB on %s%s", block->name,
             (unsigned long long)(block->sectors * SECTOR_SIZE >> 20), device->name,
             block->read_only ? ", read-only" : "");
}

// A disk can grow while it is used. What is on its way beyond a new end, the device fails.
static void config_changed(struct virtio_device *device)
{
    struct block_device *block = &((struct disk *)device->data)->block;
    uint64_t sectors = capacity_of(device, block->block_size);
    if (device->broken || sectors == block->sectors)
        return;
    if (sectors > BLOCK_SECTORS_MAX) {
        virtio_break(device, "a disk of %llu sectors now", (unsigned long long)sectors);
        return;
    }
    log_info("%s: %llu sectors now, %llu before", block->name, (unsigned long long)sectors,
             (unsigned long long)block->sectors);
    block->sectors = sectors;
}

const struct virtio_driver virtio_blk_driver = {
    .name = "virtio_blk",
    .id = VIRTIO_BLK,
    .wanted = F_SIZE_MAX | F_SEG_MAX | F_RO | F_BLK_SIZE | F_FLUSH | F_DISCARD | F_WRITE_ZEROES,
    .start = start,
    .ready = ready,
    .config_changed = config_changed,
    .broken = broken,
};
