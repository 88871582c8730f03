// SPDX-License-Identifier: MIT
//
// A disk: requests of a header, data and a status, over a file (virtio 1.2, 5.2).
//
// A request is done when the device takes it: several are under way at once for as long as
// the driver has not yet heard of their end. Where the driver cuts header, data and status
// into segments is its own affair (virtio 1.2, 2.7.4.1). Chapter 15.
#include <stdlib.h>
#include <string.h>

#include "boot/host/disk_file.h"
#include "boot/host/drive.h"
#include "boot/host/options.h"
#include "boot/host/virtio_devices.h"
#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"

// virtio 1.2, 5.2.3
#define F_SEG_MAX (UINT64_C(1) << 2)
#define F_RO (UINT64_C(1) << 5)
#define F_BLK_SIZE (UINT64_C(1) << 6)
#define F_FLUSH (UINT64_C(1) << 9)
#define F_DISCARD (UINT64_C(1) << 13)
#define F_WRITE_ZEROES (UINT64_C(1) << 14)

// Offsets of the configuration's fields (5.2.4).
enum {
    AT_CAPACITY = 0,
    AT_SEG_MAX = 12,
    AT_BLK_SIZE = 20,
    AT_DISCARD_SECTORS = 36,
    AT_DISCARD_RANGES = 40,
    AT_DISCARD_ALIGNMENT = 44,
    AT_ZEROES_SECTORS = 48,
    AT_ZEROES_RANGES = 52,
    CONFIG_SIZE = 60,
};

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 }; // 5.2.6
enum { OK = 0, IOERR = 1, UNSUPP = 2 };

enum {
    SECTOR = 512,
    SEGMENTS_MAX = 254,          // with header and status, what the queue holds
    RANGE_SECTORS_MAX = 1 << 22, // 2 GiB
    ID_SIZE = 20,
    FLAG_UNMAP = 1,
};

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};
struct range {
    uint64_t sector;
    uint32_t sectors, flags;
};

struct blk {
    struct disk_file *file;
    uint64_t sectors;
    uint32_t block_size;
    bool read_only;
    char id[ID_SIZE];
};

// ---- The pieces of a request --------------------------------------------------------

// What is between header and status: the request's own list of segments, cut down to it.
struct data {
    struct segment *segments;
    unsigned count;
    uint64_t size; // bytes
};

static void drop_front(struct data *data, size_t size)
{
    data->size -= size;
    while (size > 0) {
        size_t piece = size < data->segments->size ? size : data->segments->size;
        data->segments->data = (char *)data->segments->data + piece;
        data->segments->size -= piece;
        size -= piece;
        if (data->segments->size == 0)
            data->segments++, data->count--;
    }
}

static void drop_last_byte(struct data *data)
{
    struct segment *last = &data->segments[data->count - 1];
    data->size--;
    if (--last->size == 0)
        data->count--;
}

// ---- Requests -----------------------------------------------------------------------

static bool is_on_disk(const struct blk *blk, uint64_t sector, uint64_t size)
{
    return size % blk->block_size == 0 && sector % (blk->block_size / SECTOR) == 0 &&
           sector <= blk->sectors && size / SECTOR <= blk->sectors - sector;
}

static uint8_t transfer(struct virtio_model *model, const struct header *header,
                        const struct data *data, bool write)
{
    struct blk *blk = model->data;
    if (data->size == 0 || data->size % SECTOR != 0)
        virtio_model_blame(model, "5.2.6", "asks for %llu bytes: expected a multiple of 512",
                           (unsigned long long)data->size);
    if (data->count > SEGMENTS_MAX)
        virtio_model_blame(model, "5.2.4", "gave %u segments of data, and seg_max is %u",
                           data->count, SEGMENTS_MAX);
    if (!is_on_disk(blk, header->sector, data->size) || (write && blk->read_only))
        return IOERR;
    uint64_t offset = header->sector * SECTOR;
    bool done = write ? disk_file_write(blk->file, data->segments, data->count, offset)
                      : disk_file_read(blk->file, data->segments, data->count, offset);
    return done ? OK : IOERR;
}

static uint8_t flush(struct virtio_model *model, const struct header *header,
                     const struct data *data)
{
    if (header->sector != 0 || data->size != 0)
        virtio_model_blame(model, "5.2.6.1",
                           "made a flush of sector %llu with %llu bytes: both have to be 0",
                           (unsigned long long)header->sector, (unsigned long long)data->size);
    struct blk *blk = model->data;
    return disk_file_flush(blk->file) ? OK : IOERR;
}

// `request` begins with the range: the header is taken off.
static uint8_t change_range(struct virtio_model *model, const struct header *header,
                            const struct virtio_request *request, uint64_t size)
{
    struct blk *blk = model->data;
    struct range range;
    uint64_t feature = header->type == DISCARD ? F_DISCARD : F_WRITE_ZEROES;
    if (!virtio_model_has(model, feature))
        return UNSUPP;
    if (size != sizeof range || virtio_request_read(request, 0, &range, size) != size)
        virtio_model_blame(model, "5.2.6",
                           "described ranges with %llu bytes: one has 16, and no more are "
                           "allowed",
                           (unsigned long long)size);
    if (range.sectors > RANGE_SECTORS_MAX)
        virtio_model_blame(model, "5.2.4", "gave a range of %u sectors, and %u are allowed",
                           range.sectors, RANGE_SECTORS_MAX);
    if (range.flags & ~(header->type == DISCARD ? 0u : FLAG_UNMAP))
        return UNSUPP;
    uint64_t offset = range.sector * SECTOR, length = (uint64_t)range.sectors * SECTOR;
    if (!is_on_disk(blk, range.sector, length) || blk->read_only)
        return IOERR;
    if (header->type == WRITE_ZEROES)
        return disk_file_zero(blk->file, offset, length) ? OK : IOERR;
    disk_file_discard(blk->file, offset, length);
    return OK;
}

static uint8_t execute(struct virtio_model *model, struct virtio_request *request,
                       const struct header *header)
{
    struct data out = {request->segments, request->out, request->out_size};
    struct data in = {request->segments + request->out, request->in, request->in_size};
    drop_front(&out, sizeof *header);
    drop_last_byte(&in);
    if (header->type != IN && header->type != GET_ID && in.size != 0)
        virtio_model_blame(model, "5.2.6",
                           "gave a request of type %u %llu bytes to write into besides the "
                           "status",
                           header->type, (unsigned long long)in.size);
    switch (header->type) {
    case IN: return transfer(model, header, &in, false);
    case OUT: return transfer(model, header, &out, true);
    case FLUSH: return flush(model, header, &out);
    case GET_ID:
        virtio_request_write(request, 0, ((struct blk *)model->data)->id, ID_SIZE);
        return OK;
    case DISCARD:
    case WRITE_ZEROES: return change_range(model, header, request, out.size);
    default: return UNSUPP;
    }
}

static void serve(struct virtio_model *model, unsigned queue)
{
    struct virtio_request *request;
    while ((request = virtio_model_take(model, queue))) {
        struct header header;
        uint32_t size = (uint32_t)request->in_size;
        if (virtio_request_read(request, 0, &header, sizeof header) < sizeof header ||
            size == 0)
            virtio_model_blame(model, "5.2.6",
                               "made a request of %llu bytes to read and %u to write: expected "
                               "a header of 16, and a byte for the status",
                               (unsigned long long)request->out_size, size);
        const struct segment *last = &request->segments[request->out + request->in - 1];
        uint8_t *status = (uint8_t *)last->data + last->size - 1;
        *status = virtio_model_is_to_fail(model) ? IOERR : execute(model, request, &header);
        virtio_model_give(model, request, size);
    }
}

// ---- The device ---------------------------------------------------------------------

static void put_config(struct virtio_model *model, unsigned offset, uint64_t value,
                       unsigned size)
{
    memcpy(&model->config[offset], &value, size); // little endian, as this process is
}

static void describe(struct virtio_model *model, const struct blk *blk, bool discards)
{
    model->config_size = CONFIG_SIZE;
    put_config(model, AT_CAPACITY, blk->sectors, 8);
    put_config(model, AT_SEG_MAX, SEGMENTS_MAX, 4);
    put_config(model, AT_BLK_SIZE, blk->block_size, 4);
    model->offered |= F_SEG_MAX | F_BLK_SIZE | F_FLUSH | (blk->read_only ? F_RO : 0);
    if (!discards)
        return;
    model->offered |= F_DISCARD | F_WRITE_ZEROES;
    put_config(model, AT_DISCARD_SECTORS, RANGE_SECTORS_MAX, 4);
    put_config(model, AT_DISCARD_RANGES, 1, 4);
    put_config(model, AT_DISCARD_ALIGNMENT, blk->block_size / SECTOR, 4);
    put_config(model, AT_ZEROES_SECTORS, RANGE_SECTORS_MAX, 4);
    put_config(model, AT_ZEROES_RANGES, 1, 4);
}

struct virtio_model *virtio_blk_model(const struct drive *drive)
{
    static const struct virtio_model_kind kind = {
        .name = "blk", .id = VIRTIO_BLK, .queues = 1, .serve = serve};
    struct virtio_model *model = virtio_model_create(&kind);
    struct blk *blk = calloc(1, sizeof(*blk));
    if (!blk)
        abort();
    blk->file = disk_file_open(drive);
    blk->block_size = drive->block_size ? drive->block_size : SECTOR;
    blk->sectors = disk_file_size(blk->file) / blk->block_size * (blk->block_size / SECTOR);
    blk->read_only = drive->read_only;
    const char *name = strrchr(drive->file, '/');
    name = name ? name + 1 : drive->file;
    memcpy(blk->id, name, strnlen(name, ID_SIZE)); // need not end with a 0: 5.2.6
    model->data = blk;
    describe(model, blk, !drive->no_discard && !drive->read_only);
    return model;
}

void virtio_blk_model_plug(struct board *board)
{
    for (unsigned i = 0; i < host_options()->drive_count; i++) {
        struct drive drive = drive_parse(host_options()->drives[i]);
        virtio_model_plug_option(virtio_blk_model(&drive), VIRTIO_SLOT_DRIVES + i, board);
    }
}
