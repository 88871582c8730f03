// SPDX-License-Identifier: MIT
//
// Block devices: what all disks have in common.
//
//   block_add(device)                    by a driver
//   block_submit(device, request)        checks, and hands over
//   block_complete(device, request, e)   by the driver: counts, logs, calls done()
//
// A request goes to the driver at once. When the driver has no room it waits in a queue,
// and so does all that comes after it: nobody is overtaken here, though the device may end
// requests in any order. Each end makes room, and the queue is offered again.
//
// This is the layer that puts I/O errors into the log, one line for each request that
// failed; callers pass the number on and say nothing. Nothing is tried again here: whether
// that makes sense only the caller can know.
// Chapter 15.
#include "block.h"

#include "error.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum { LOGGED_ERRORS_MAX = 50 }; // of one device: a dying disk must not fill the log

static struct {
    struct list all; // devices, in the order in which they were added
    unsigned named;  // how many got their name from us
} blocks = {.all = {&blocks.all, &blocks.all}};

static const char *const operation_names[BLOCK_OPERATIONS] = {
    [BLOCK_READ] = "reading",       [BLOCK_WRITE] = "writing",
    [BLOCK_FLUSH] = "flushing",     [BLOCK_DISCARD] = "discarding",
    [BLOCK_WRITE_ZEROES] = "zeroing",
};

// ---- Devices ---------------------------------------------------------------------------

// "vda" to "vdz", then "vdaa" ...
static void give_name(struct block_device *device)
{
    unsigned number = blocks.named++;
    char *end = device->name;
    *end++ = 'v';
    *end++ = 'd';
    if (number >= 26)
        *end++ = (char)('a' + number / 26 - 1);
    *end++ = (char)('a' + number % 26);
    *end = '\0';
}

static bool is_sensible(const struct block_device *device)
{
    uint32_t size = device->block_size;
    if (size < SECTOR_SIZE || (size & (size - 1)) != 0)
        return false;
    if (device->sectors > BLOCK_SECTORS_MAX)
        return false;
    return device->sectors % (size / SECTOR_SIZE) == 0 && device->segments_max > 0 &&
           device->segment_size_max >= size && device->sectors_max >= size / SECTOR_SIZE;
}

int block_add(struct block_device *device)
{
    if (!is_sensible(device) || (device->name[0] && block_find(device->name)))
        return -EINVAL;
    if (!device->name[0])
        give_name(device);
    list_init(&device->waiting);
    list_append(&blocks.all, &device->all);
    return 0;
}

struct block_device *block_next(struct block_device *device)
{
    struct list *next = device ? device->all.next : blocks.all.next;
    return next == &blocks.all ? NULL : container_of(next, struct block_device, all);
}

struct block_device *block_find(const char *name)
{
    static const char folder[] = "/dev/";
    if (strncmp(name, folder, sizeof(folder) - 1) == 0)
        name += sizeof(folder) - 1;
    for (struct block_device *device = block_next(NULL); device; device = block_next(device)) {
        if (strcmp(device->name, name) == 0)
            return device;
    }
    return NULL;
}

int block_claim(struct block_device *device, const char *who)
{
    if (device->used_by)
        return -EBUSY;
    device->used_by = who;
    return 0;
}

void block_release(struct block_device *device)
{
    device->used_by = NULL;
}

// ---- Checks: what reaches a driver makes sense -----------------------------------------

static int check_range(const struct block_device *device, const struct block_request *request,
                       uint64_t sectors_max)
{
    uint64_t part_of_block = device->block_size / SECTOR_SIZE - 1;
    if (request->sectors == 0 || request->sectors > sectors_max)
        return -EINVAL;
    if (((request->sector | request->sectors) & part_of_block) != 0)
        return -EINVAL;
    if (request->sector > device->sectors ||
        request->sectors > device->sectors - request->sector)
        return -EINVAL;
    return 0;
}

static int check_segments(const struct block_device *device,
                          const struct block_request *request)
{
    uint64_t left = request->sectors * SECTOR_SIZE;
    if (request->segment_count > device->segments_max)
        return -EINVAL;
    for (unsigned i = 0; i < request->segment_count; i++) {
        size_t size = request->segments[i].size;
        if (size == 0 || size % SECTOR_SIZE != 0 || size > left ||
            size > device->segment_size_max)
            return -EINVAL;
        left -= size;
    }
    return left == 0 ? 0 : -EINVAL;
}

static int check_data(const struct block_device *device, const struct block_request *request)
{
    int error = check_range(device, request, device->sectors_max);
    return error ? error : check_segments(device, request);
}

static int check(const struct block_device *device, const struct block_request *request)
{
    if (device->gone)
        return -ENXIO;
    if (device->read_only && request->operation != BLOCK_READ &&
        request->operation != BLOCK_FLUSH)
        return -EROFS;
    switch (request->operation) {
    case BLOCK_READ:
    case BLOCK_WRITE:
        return check_data(device, request);
    case BLOCK_FLUSH:
        return device->can_flush ? 0 : -ENOSYS;
    case BLOCK_DISCARD:
        if (!device->can_discard)
            return -ENOSYS;
        return check_range(device, request, device->discard_sectors_max);
    case BLOCK_WRITE_ZEROES:
        if (!device->can_write_zeroes)
            return -ENOSYS;
        return check_range(device, request, device->write_zeroes_sectors_max);
    default:
        return -EINVAL;
    }
}

// ---- Requests on their way -------------------------------------------------------------

// Gives the request to the driver. It may have ended when this returns.
static int hand_over(struct block_device *device, struct block_request *request)
{
    struct block_counters *counters = &device->counters;
    unsigned in_flight = ++counters->in_flight;
    int error = device->operations->submit(device, request);
    if (error)
        counters->in_flight--;
    else if (counters->in_flight_most < in_flight)
        counters->in_flight_most = in_flight;
    // Whatever the driver calls it: it broke while it was asked.
    return error && device->gone ? -ENXIO : error;
}

int block_submit(struct block_device *device, struct block_request *request)
{
    int error = check(device, request);
    if (error)
        return error;
    error = list_is_empty(&device->waiting) ? hand_over(device, request) : -EBUSY;
    if (error != -EBUSY)
        return error;
    // Or nothing would ever make room. (Those that wait already have their turn after done().)
    ASSERT(device->counters.in_flight > 0 || !list_is_empty(&device->waiting));
    list_append(&device->waiting, &request->link);
    return 0;
}

void block_start(struct block_device *device)
{
    device->operations->start(device);
}

// One line for each failed request. That a device is gone was said when it went.
static void log_failure(const struct block_device *device, const struct block_request *request,
                        int error)
{
    if (error == -ENXIO || error == -ENOSYS || device->counters.errors > LOGGED_ERRORS_MAX)
        return;
    log_error("%s: %s %llu sectors at %llu failed: %s", device->name,
              operation_names[request->operation], (unsigned long long)request->sectors,
              (unsigned long long)request->sector, error_text(error));
    if (device->counters.errors == LOGGED_ERRORS_MAX)
        log_error("%s: that were %d errors; more are only counted", device->name,
                  LOGGED_ERRORS_MAX);
}

static void finish(struct block_device *device, struct block_request *request, int error)
{
    request->error = error;
    if (error) {
        device->counters.errors++;
        log_failure(device, request, error);
    } else {
        device->counters.requests[request->operation]++;
        device->counters.sectors[request->operation] += request->sectors;
    }
    request->done(request);
}

// As many of those that wait as there is room for.
static void offer_waiting(struct block_device *device)
{
    struct list *first;
    while ((first = list_take_first(&device->waiting))) {
        struct block_request *request = container_of(first, struct block_request, link);
        int error = hand_over(device, request);
        if (error == -EBUSY) {
            list_prepend(&device->waiting, first);
            return;
        }
        if (error)
            finish(device, request, error);
    }
}

void block_complete(struct block_device *device, struct block_request *request, int error)
{
    device->counters.in_flight--;
    finish(device, request, error);
    if (!list_is_empty(&device->waiting))
        offer_waiting(device);
}

void block_device_gone(struct block_device *device)
{
    struct list *first;

    if (device->gone)
        return;
    device->gone = true;
    log_error("%s is gone: requests fail from now on", device->name);
    while ((first = list_take_first(&device->waiting)))
        finish(device, container_of(first, struct block_request, link), -ENXIO);
}
