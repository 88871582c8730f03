// SPDX-License-Identifier: MIT
//
// df: shows how full the file systems are; -i: by files instead of bytes
#include "options.h"
#include "path.h"
#include "show.h"

static void show_blocks(char text[SHOW_SIZE], const struct os_fs_info *info, uint64_t blocks)
{
    show_size(text, blocks * info->block_size);
}

// Rounded up, like a size: 100 % is full.
static unsigned percent(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned)((part * 100 + whole - 1) / whole) : 0;
}

static int print(const struct os_fs_info *info, bool files)
{
    char all[24], used[24], left[24];
    uint64_t whole = files ? info->files : info->blocks;
    uint64_t rest = files ? info->files_free : info->blocks_free;
    if (files) {
        snprintf(all, sizeof(all), "%llu", (unsigned long long)whole);
        snprintf(used, sizeof(used), "%llu", (unsigned long long)(whole - rest));
        snprintf(left, sizeof(left), "%llu", (unsigned long long)rest);
    } else {
        show_blocks(all, info, whole);
        show_blocks(used, info, whole - rest);
        show_blocks(left, info, rest);
    }
    return os_printf("%-12s %-6s %10s %10s %10s %3u%%  %s\n", info->source, info->type, all,
                     used, left, percent(whole - rest, whole), info->path) < 0;
}

static int print_all(bool files)
{
    struct os_fs_info info;
    for (unsigned i = 0; os_fs_next(i, &info); i++) {
        if (print(&info, files))
            return 1;
    }
    return 0;
}

int df_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "hi");
    bool files = false;
    int letter, status = 0;
    while ((letter = options_next(&options)) > 0)
        files = files || letter == 'i'; // -h is what it does anyway
    if (letter < 0)
        return os_usage("df [-i] [FILE...]");
    os_printf("%-12s %-6s %10s %10s %10s %4s  %s\n", "SOURCE", "TYPE", files ? "FILES" : "SIZE",
              "USED", "FREE", "USE", "MOUNTED ON");
    if (options.count == 0)
        return print_all(files);
    for (int i = 0; i < options.count; i++) {
        struct os_fs_info info;
        int error = os_fs_info(options.operands[i], &info);
        status |= error ? path_error("df", options.operands[i], error) : print(&info, files);
    }
    return status;
}
