// SPDX-License-Identifier: MIT
//
// os.h: disks, for those who look.
// Chapter 15.
#include "block.h"
#include "string.h"
#include "user/os_devices.h"

bool os_disk_next(unsigned i, struct os_disk_info *info)
{
    struct block_device *device = block_next(NULL);
    while (device && i-- > 0)
        device = block_next(device);
    if (!device)
        return false;

    const struct block_counters *counters = &device->counters;
    *info = (struct os_disk_info){
        .sectors = device->sectors,
        .read_only = device->read_only,
        .can_discard = device->can_discard,
        .can_write_zeroes = device->can_write_zeroes,
        .reads = counters->requests[BLOCK_READ],
        .writes = counters->requests[BLOCK_WRITE],
        .read_sectors = counters->sectors[BLOCK_READ],
        .written_sectors = counters->sectors[BLOCK_WRITE],
        .flushes = counters->requests[BLOCK_FLUSH],
        .errors = counters->errors,
        .in_flight = counters->in_flight,
        .in_flight_most = counters->in_flight_most,
    };
    strlcpy(info->name, device->name, sizeof(info->name));
    return true;
}
