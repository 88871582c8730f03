// SPDX-License-Identifier: MIT
//
// cachestat: shows how well the block cache does
#include "os.h"

// "12.3" of parts in a whole, times `factor`: 100 for percent, 1 for a ratio.
static void print_ratio(const char *before, uint64_t part, uint64_t whole, unsigned factor,
                        const char *after)
{
    uint64_t tenths = whole ? part * factor * 10 / whole : 0;
    os_printf("%s%llu.%llu%s", before, (unsigned long long)(tenths / 10),
              (unsigned long long)(tenths % 10), after);
}

static void print_requests(const char *name, uint64_t requests, uint64_t blocks,
                           uint64_t past_cache)
{
    os_printf("%-8s%10llu requests of", name, (unsigned long long)requests);
    print_ratio(" ", blocks, requests, 1, " blocks each, and ");
    os_printf("%llu blocks past the cache\n", (unsigned long long)past_cache);
}

int cachestat_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("cachestat");
    struct os_cache_info info;
    os_cache(&info);
    size_t kib = info.block_bytes / 1024;
    os_printf("memory  %10zu of %zu KiB: %zu dirty, %zu held\n", info.blocks * kib,
              info.blocks_max * kib, info.dirty * kib, info.held * kib);
    os_printf("lookups %10llu of blocks:", (unsigned long long)info.lookups);
    print_ratio(" ", info.hits, info.lookups, 100, " % hits\n");
    print_requests("read", info.reads, info.read_blocks, info.direct_read_blocks);
    print_requests("written", info.writes, info.written_blocks, info.direct_written_blocks);
    os_printf("ahead   %10llu blocks:", (unsigned long long)info.read_ahead_blocks);
    print_ratio(" ", info.read_ahead_used, info.read_ahead_blocks, 100, " % used\n");
    return 0;
}
