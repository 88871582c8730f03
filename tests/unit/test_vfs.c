// SPDX-License-Identifier: MIT
//
// The VFS: paths, handles, names and mounts, over ramfs.
#include "fs/vfs.h"

#include "fs/devfs.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"
#include "heap.h"
#include "process.h"
#include "terminal.h"
#include "test.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, &devfs_file_system,
                                                         &procfs_file_system, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
    vfs_init(file_systems);
}

static void a_file_is_written_and_read(void)
{
    char text[16] = "";
    CHECK_EQUAL(os_open("/", OS_READ_ONLY), -ENOENT); // no tree yet
    CHECK_EQUAL(vfs_mount("none", "/", "ramfs", 0), 0);
    int handle = os_open("/a", OS_READ_WRITE | OS_CREATE);
    CHECK(handle >= 0);
    CHECK_EQUAL(os_write(handle, "hello", 5), 5);
    CHECK_EQUAL(os_seek(handle, 0, OS_SEEK_SET), 0);
    CHECK_EQUAL(os_read(handle, text, sizeof(text)), 5);
    CHECK_STRING(text, "hello");
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(os_unlink("/a"), 0);
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

const struct test unit_tests[] = {
    {"a file is written and read", a_file_is_written_and_read},
    {0},
};
