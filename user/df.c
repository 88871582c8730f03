// SPDX-License-Identifier: MIT
//
// df: shows how full the file systems are; -i: by files instead of bytes
#include "options.h"
#include "path.h"
#include "show.h"

enum { TEXT_SIZE = 24 };

static void show_blocks(char text[TEXT_SIZE], const struct os_fs_info *info, uint64_t blocks)
{
    show_size(text, blocks * info->block_size);
}

// Rounded up, like a size: 100 % is full.
static unsigned percent(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned)((part * 100 + whole - 1) / whole) : 0;
}

// Where there is no limit, nobody has counted.
static void show_count(char text[TEXT_SIZE], const struct os_fs_info *info, uint64_t count)
{
    snprintf(text, TEXT_SIZE, info->files > 0 ? "%llu" : "-", (unsigned long long)count);
}

static int print(const struct os_fs_info *info, bool files)
{
    void (*show)(char *, const struct os_fs_info *, uint64_t) =
        files ? show_count : show_blocks;
    uint64_t whole = files ? info->files : info->blocks;
    uint64_t rest = files ? info->files_free : info->blocks_free;
    char all[TEXT_SIZE], used[TEXT_SIZE], left[TEXT_SIZE];
    show(all, info, whole);
    show(used, info, whole - rest);
    show(left, info, rest);
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
