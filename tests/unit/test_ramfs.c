// SPDX-License-Identifier: MIT
//
// ramfs: against a model, with its limit, and what it leaves behind.
#include "fs/ramfs.h"

#include "fs_model.h"
#include "machine.h"
#include "process.h"
#include "terminal.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
    vfs_init(file_systems);
}

// Back to where processes start: nothing is in use any more.
static void leave_directory(void)
{
    file_put(process_current()->directory);
    process_current()->directory = NULL;
}

static void does_what_a_model_does(void)
{
    static const struct fs_model_options options = {
        .root = "", .steps = 20000, .size_max = 50000};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(vfs_mount("none", "/", "ramfs", 0), 0);
    CHECK(fs_model_run(&options, seed));
    leave_directory();
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

const struct test unit_tests[] = {
    {"does what a model does", does_what_a_model_does},
    {0},
};
