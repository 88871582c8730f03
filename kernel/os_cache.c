// SPDX-License-Identifier: MIT
//
// os_devices.h: what the block cache does.
// Chapter 16.
#include "cache.h"
#include "user/os_devices.h"

void os_cache(struct os_cache_info *info)
{
    struct cache_statistics now;
    cache_statistics(&now);
    *info = (struct os_cache_info){
        .lookups = now.lookups,
        .hits = now.hits,
        .reads = now.reads,
        .read_blocks = now.read_blocks,
        .read_ahead_blocks = now.read_ahead_blocks,
        .read_ahead_used = now.read_ahead_used,
        .writes = now.writes,
        .written_blocks = now.written_blocks,
        .direct_read_blocks = now.direct_read_blocks,
        .direct_written_blocks = now.direct_written_blocks,
        .blocks = now.blocks,
        .blocks_max = now.blocks_max,
        .dirty = now.dirty,
        .held = now.held,
        .block_bytes = CACHE_BLOCK_SIZE,
    };
}
