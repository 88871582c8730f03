// SPDX-License-Identifier: MIT
//
// free: shows how much memory is used and free
#include "os.h"

int free_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("free");
    struct os_memory_info info;
    os_memory(&info);
    size_t kib = info.page_bytes / 1024;
    os_printf("memory  %8zu KiB: %zu used, %zu free, longest free run %zu\n",
              info.pages_total * kib, (info.pages_total - info.pages_free) * kib,
              info.pages_free * kib, info.pages_largest * kib);
    os_printf("heap    %8zu KiB: %zu allocations, %zu bytes\n", info.heap_pages * kib,
              info.heap_allocations, info.heap_bytes);
    return os_printf("stacks  %8zu KiB kept for the next threads\n", info.stack_pages * kib) <
           0;
}
