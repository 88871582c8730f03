// SPDX-License-Identifier: MIT
//
// fsck.tsfs: is everything in this image as it should be?
//
//   fsck.tsfs [-y] IMAGE        -y: what is not, is repaired
//
// Exit status, as of other systems' fsck: 0: all is well; 1: it is now; 4: it is not; 8: it
// could not be looked at; 16: wrong words.
#include <stddef.h>

#include "block.h"
#include "error.h"
#include "fsck.h"
#include "outside.h"
#include "string.h"
#include "tool.h"

enum {
    STATUS_CLEAN = 0,
    STATUS_REPAIRED = 1,
    STATUS_LEFT = 4,
    STATUS_FAILED = 8,
    STATUS_USAGE = 16,
};

static const char usage[] =
    "usage: fsck.tsfs [-y] IMAGE\n"
    "  Looks at all of the file system in an image, and tells in sentences what is wrong.\n"
    "  -y   repairs it; without, nothing is written (-n says the same)\n";

static void report(void *context, const char *sentence)
{
    tool_print("%s\n", sentence);
}

static int judge(const char *path, const struct fsck_result *result)
{
    if (result->io_errors) {
        tool_complain("%s: the disk itself fails: %u blocks could not be read or written", path,
                      result->io_errors);
        return STATUS_FAILED;
    }
    if (result->findings == 0) {
        tool_print("%s: clean\n", path);
        return STATUS_CLEAN;
    }
    tool_print("%s: %u finding%s, ", path, result->findings, result->findings == 1 ? "" : "s");
    if (result->left == 0) {
        tool_print("all repaired\n");
        return STATUS_REPAIRED;
    }
    tool_print("%u not repaired.  `fsck.tsfs -y %s` repairs what can be\n", result->left, path);
    return STATUS_LEFT;
}

static int check(const char *path, bool repair)
{
    struct fsck_result result;
    struct fsck_options options = {.repair = repair, .report = report};
    struct block_device *device = tool_open_image(path, repair);
    if (!device)
        return STATUS_FAILED;
    int error = fsck_tsfs(device, &options, &result);
    if (repair && tool_close_image(device) < 0)
        return STATUS_FAILED;
    if (!error)
        return judge(path, &result);
    if (error != -EINVAL) // which was told
        tool_complain("%s: %s", path, error_text(error));
    return STATUS_FAILED;
}

int tool_main(int argc, char **argv)
{
    bool repair = false;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            tool_write(usage, sizeof usage - 1);
            return STATUS_CLEAN;
        }
        if (strcmp(argv[i], "-y") == 0) {
            repair = true;
        } else if (strcmp(argv[i], "-n") != 0 && (argv[i][0] == '-' || path)) {
            path = NULL;
            break;
        } else if (argv[i][0] != '-') {
            path = argv[i];
        }
    }
    if (path)
        return check(path, repair);
    outside_write(OUTSIDE_ERRORS, usage, sizeof usage - 1);
    return STATUS_USAGE;
}
