// SPDX-License-Identifier: MIT
//
// The board: a process has memory, and the devices that it plays itself.
//
// Which ones there can be is known to the build: host_plugs, made of the chapters' lists
// (flags.mk), has the function that plugs in each.
// Chapter 05.
#include "boot/host/plugs.h"

#include "host.h"

enum { NANOSECONDS_HZ = 1000000000 };

static struct board board = {
    .model = "host,process",
    .hart_count = 1,
    .timebase_hz = NANOSECONDS_HZ, // the system's clock counts those
};

const struct board *board_describe(const struct boot_info *boot)
{
    struct host_range memory = host_memory();
    board.command_line = boot->command_line ? boot->command_line : "";
    board.memory[0] = (struct memory_range){memory.low, memory.high - memory.low};
    board.memory_count = 1;
    board.memory_total = board.memory[0].size;
    board.virtio_count = 0;
    for (unsigned i = 0; host_plugs[i]; i++)
        host_plugs[i](&board);
    return &board;
}
