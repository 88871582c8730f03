// SPDX-License-Identifier: MIT
//
// mkfs.tsfs: an image of a disk with a tsfs on it, filled with a folder of the host.
//
//   mkfs.tsfs [-L LABEL] [-i INODES] IMAGE SIZE [FOLDER]
//
// The same folder gives the same image, to the byte, on any host: names are taken in their
// order, all times are the files' own, and the file system's id, which says where in its
// directory a name goes, follows from names and sizes. A copy whose files have other times,
// as a fresh clone has, differs in the times alone. SOURCE_DATE_EPOCH, seconds since 1970,
// is the latest time that is taken over, as reproducible builds have it.
#include <stddef.h>

#include "block.h"
#include "copy.h"
#include "crc32c.h"
#include "error.h"
#include "fs/tsfs_make.h"
#include "fs/vfs.h"
#include "outside.h"
#include "string.h"
#include "tool.h"
#include "wallclock.h"

static const char usage[] =
    "usage: mkfs.tsfs [-L LABEL] [-i INODES] IMAGE SIZE [FOLDER]\n"
    "  IMAGE      a file to make anew\n"
    "  SIZE       of the disk, such as 64M (K, M, G or T)\n"
    "  FOLDER     what is on it at first\n"
    "  -L LABEL   its name, up to 31 bytes\n"
    "  -i INODES  room for so many files (one for every 8 KiB, unless the folder has more)\n";

enum { STATUS_USAGE = 2, BLOCK_SECTORS = TSFS_BLOCK_SIZE / SECTOR_SIZE };

struct order {
    const char *image, *folder, *size_text;
    uint64_t size;
    struct tsfs_make_options options;
    struct copy_count content;
};

// ---- What is asked for ------------------------------------------------------------------
static int refuse(const char *what, const char *word)
{
    tool_complain("%s: %s", word, what);
    outside_write(OUTSIDE_ERRORS, usage, sizeof usage - 1);
    return STATUS_USAGE;
}

static int take_option(struct order *order, const char *option, const char *value)
{
    uint64_t number;
    if (!value)
        return refuse("expected something behind it", option);
    if (strcmp(option, "-L") == 0) {
        size_t length = strlcpy(order->options.label, value, sizeof(order->options.label));
        return length < sizeof(order->options.label) ? 0 : refuse("more than 31 bytes", value);
    }
    if (strcmp(option, "-i") != 0)
        return refuse("no such option", option);
    if (string_to_u64(value, 10, &number) < 0 || number == 0 || number >= 1u << 31)
        return refuse("expected a number of files", value);
    order->options.inodes = (uint32_t)number;
    return 0;
}

static int parse(struct order *order, int argc, char **argv)
{
    const char *words[3] = {NULL};
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            int status = take_option(order, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (status)
                return status;
            i++;
        } else if (count == 3) {
            return refuse("one word too many", argv[i]);
        } else {
            words[count++] = argv[i];
        }
    }
    if (count < 2)
        return refuse("expected an image and a size", count ? words[0] : "no words");
    order->image = words[0];
    order->size_text = words[1];
    order->folder = words[2];
    if (!tool_parse_size(words[1], &order->size))
        return refuse("expected a size such as 64M", words[1]);
    return 0;
}

// ---- Does it fit ------------------------------------------------------------------------
// As many inodes as the folder needs, with room to spare.
static void choose_inodes(struct order *order)
{
    uint64_t wanted = order->content.files + order->content.files / 4 + 16;
    struct tsfs_superblock normal;
    bool given = order->options.inodes != 0;
    if (!given && tsfs_layout(&order->options, &normal) == 0 && wanted > normal.inodes)
        order->options.inodes = wanted < 1u << 30 ? (uint32_t)wanted : 1u << 30;
}

static int check_size(struct order *order)
{
    struct tsfs_superblock superblock;
    order->options.blocks = order->size / TSFS_BLOCK_SIZE;
    if (order->options.blocks > UINT32_MAX) {
        tool_complain("%s is too large: a tsfs has 2^32 blocks of 4 KiB at most, 16T",
                      order->size_text);
        return -EINVAL;
    }
    choose_inodes(order);
    int error = tsfs_layout(&order->options, &superblock);
    if (error && order->options.blocks < TSFS_BLOCKS_MIN) {
        tool_complain("%s is too small for a tsfs: %uK at least", order->size_text,
                      TSFS_BLOCKS_MIN * (TSFS_BLOCK_SIZE / 1024));
        return error;
    }
    if (error) {
        tool_complain("%s is too small for %llu files", order->size_text,
                      (unsigned long long)order->options.inodes);
        return error;
    }
    uint64_t room = superblock.blocks - 1 - superblock.data, need = order->content.blocks;
    if (need <= room)
        return 0;
    char sizes[3][16];
    tool_format_size(need * TSFS_BLOCK_SIZE, sizes[0]);
    tool_format_size(room * TSFS_BLOCK_SIZE, sizes[1]);
    tool_format_size((need - room) * TSFS_BLOCK_SIZE, sizes[2]);
    tool_complain("%s does not fit: it takes %s, a disk of %s has room for %s.\n"
                  "  At least %s are missing: choose a larger disk, or leave something out.",
                  order->folder, sizes[0], order->size_text, sizes[1], sizes[2]);
    return -ENOSPC;
}

// ---- Making it --------------------------------------------------------------------------
// The time of the newest file; without files, now. SOURCE_DATE_EPOCH, where it is given.
static void choose_time(struct order *order)
{
    uint64_t *time = &order->options.now_ns;
    *time = order->folder ? order->content.newest_ns : outside_now_ns();
    tool_latest_time(time);
}

// No time is in it, where there are names that tell this disk from others.
static void choose_id(struct order *order)
{
    uint32_t parts[4] = {order->content.digest};
    if (!order->folder)
        parts[0] = crc32c(0, &order->options.now_ns, sizeof(order->options.now_ns));
    for (unsigned i = 1; i < 4; i++)
        parts[i] = crc32c(parts[i - 1] + i, &order->size, sizeof(order->size));
    memcpy(order->options.id, parts, sizeof(order->options.id));
}

static int fill(struct order *order)
{
    wallclock_set(order->options.now_ns);
    int error = tool_mount(0);
    if (error)
        return error;
    copy_reproducibly(order->options.now_ns);
    error = copy_in(order->folder, "/");
    if (error == -ENOSPC)
        tool_complain("the disk of %s is full before all of %s is on it: choose a larger one",
                      order->size_text, order->folder);
    int unmount_error = tool_unmount();
    return error ? error : unmount_error;
}

static int make(struct order *order)
{
    choose_time(order);
    choose_id(order);
    struct block_device *device = tool_make_image(order->image, order->size);
    if (!device)
        return -EIO;
    int error = tsfs_make(device, &order->options);
    if (error)
        tool_complain("%s: %s", order->image, error_text(error));
    if (!error && order->folder)
        error = fill(order);
    int close_error = tool_close_image(device);
    if (error)
        outside_remove(order->image); // half a disk would pass for a whole one
    return error ? error : close_error;
}

int tool_main(int argc, char **argv)
{
    struct order order = {0};
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        tool_write(usage, sizeof usage - 1);
        return 0;
    }
    int status = parse(&order, argc, argv);
    if (status)
        return status;
    if (order.folder && copy_measure(order.folder, &order.content) != 0)
        return 1;
    if (check_size(&order) != 0 || make(&order) != 0)
        return 1;
    return 0;
}
