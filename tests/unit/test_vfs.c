// SPDX-License-Identifier: MIT
//
// The VFS: what paths lead to, what may be opened, and what names may become, over ramfs.
// Random names and calls are test_ramfs.c's business.
#include "files.h"

// ramfs, but while it is mounted somebody else removes a directory.
static int late_mount(struct mount *mount)
{
    int error = vfs_remove("/late", true);
    return error ? error : ramfs_file_system.mount(mount);
}

static struct file_system late_file_system;
static const struct file_system *const file_systems[] = {&ramfs_file_system, &late_file_system,
                                                         NULL};

void unit_setup(const struct boot_info *boot)
{
    late_file_system = ramfs_file_system;
    late_file_system.name = "late";
    late_file_system.mount = late_mount;
    unit_start_files(boot, file_systems);
}

static size_t allocations_before;

static size_t allocations(void)
{
    struct heap_statistics statistics;
    heap_statistics(&statistics);
    return statistics.allocations;
}

// Each test has a tree of its own, and must leave nothing in use.
static int start(void)
{
    allocations_before = allocations();
    return vfs_mount("memory", "/", "ramfs", 0);
}

static int finish(void)
{
    unit_leave_directory();
    int error = vfs_unmount("/");
    return error || allocations() == allocations_before ? error : -E2BIG;
}

static void there_is_no_tree_before_the_first_mount(void)
{
    CHECK_EQUAL(os_open("/", OS_READ_ONLY), -ENOENT);
    CHECK_EQUAL(os_mkdir("/a"), -ENOENT);
    CHECK_EQUAL(vfs_mount("memory", "/a", "ramfs", 0), -ENOENT);
    CHECK_EQUAL(vfs_mount("memory", "/", "nofs", 0), -ENODEV);
    CHECK_EQUAL(vfs_unmount("/"), -ENOENT);
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/a", "hello"), 0);
    CHECK_STRING(unit_read_file("/a"), "hello");
    CHECK_EQUAL(finish(), 0);
}

// ---- Paths ------------------------------------------------------------------------------
static void slashes_and_dots(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_mkdir("/a"), 0);
    CHECK_EQUAL(os_mkdir("/a/b/"), 0);
    CHECK_EQUAL(unit_write_file("//a///b/./../b/f", "f"), 0);
    CHECK_STRING(unit_read_file("/a/b/f"), "f");
    CHECK_EQUAL(unit_type_of("/.."), OS_TYPE_DIRECTORY);
    CHECK_STRING(unit_read_file("/../../a/b/f"), "f");
    CHECK_EQUAL(unit_try_open("", OS_READ_ONLY), -ENOENT);
    CHECK_EQUAL(unit_try_open("/a/b/f/", OS_READ_ONLY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/a/b/f/.", OS_READ_ONLY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/a/b/f/..", OS_READ_ONLY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/a/b/f/g", OS_READ_ONLY | OS_CREATE), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/a/x/f", OS_READ_ONLY | OS_CREATE), -ENOENT);
    CHECK_EQUAL(unit_try_open("/a/new/", OS_WRITE_ONLY | OS_CREATE), -EISDIR);
    CHECK_EQUAL(unit_try_open("/a/b/", OS_READ_ONLY | OS_DIRECTORY), 0);
    CHECK_EQUAL(os_mkdir("/"), -EEXIST);
    CHECK_EQUAL(os_mkdir("/a/."), -EEXIST);
    CHECK_EQUAL(os_mkdir("/a/b/f/.."), -ENOTDIR);
    CHECK_EQUAL(finish(), 0);
}

static void names_and_paths_have_a_longest(void)
{
    static char path[OS_PATH_MAX + 10];
    CHECK_EQUAL(start(), 0);
    path[0] = '/';
    memset(path + 1, 'n', 256);
    path[257] = 0;
    CHECK_EQUAL(os_mkdir(path), -ENAMETOOLONG);
    path[256] = 0;
    CHECK_EQUAL(os_mkdir(path), 0);
    CHECK_EQUAL(unit_type_of(path), OS_TYPE_DIRECTORY);
    CHECK_EQUAL(os_rename(path, "/short"), 0);
    path[256] = 'n';
    CHECK_EQUAL(os_rename("/short", path), -ENAMETOOLONG);

    memset(path, '/', OS_PATH_MAX);
    memcpy(path + OS_PATH_MAX - 6, "short", 6);
    CHECK_EQUAL(strlen(path), OS_PATH_MAX - 1);
    CHECK_EQUAL(unit_type_of(path), OS_TYPE_DIRECTORY);
    memcpy(path + OS_PATH_MAX - 5, "short", 6);
    CHECK_EQUAL(os_rmdir(path), -ENAMETOOLONG);
    CHECK_EQUAL(os_symlink(path, "/link"), -ENAMETOOLONG);
    CHECK_EQUAL(os_symlink("", "/link"), -ENOENT);
    CHECK_EQUAL(finish(), 0);
}

static void symbolic_links_are_followed(void)
{
    char target[8];
    CHECK_EQUAL(start(), 0);
    CHECK(!os_mkdir("/d") && !os_mkdir("/d/e") && !unit_write_file("/d/f", "f"));
    CHECK_EQUAL(os_symlink("d", "/to-d"), 0);
    CHECK_EQUAL(os_symlink("../f", "/d/e/up"), 0);
    CHECK_EQUAL(os_symlink("/to-d/e/up", "/far"), 0);
    CHECK_STRING(unit_read_file("/to-d/f"), "f");
    CHECK_STRING(unit_read_file("/d/e/up"), "f");
    CHECK_STRING(unit_read_file("/far"), "f");
    CHECK_EQUAL(unit_type_of("/far"), OS_TYPE_SYMLINK);
    CHECK_EQUAL(unit_type_of("/to-d/"), OS_TYPE_DIRECTORY); // a slash follows it
    CHECK_STRING(unit_read_file("/to-d/../d/f"), "f");      // ".." of where it led
    CHECK_EQUAL(unit_try_open("/far/", OS_READ_ONLY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/far", OS_READ_ONLY | OS_NO_FOLLOW), -ELOOP);
    CHECK_EQUAL(unit_try_open("/to-d/f", OS_READ_ONLY | OS_NO_FOLLOW), 0); // in the middle
    CHECK_EQUAL(os_read_link("/far", target, sizeof(target)), 7);
    CHECK_STRING(target, "/to-d/e");
    CHECK_EQUAL(os_read_link("/d", target, sizeof(target)), -EINVAL);
    CHECK_EQUAL(os_unlink("/to-d/"), -ENOTDIR);
    CHECK_EQUAL(os_rmdir("/to-d"), -ENOTDIR);
    CHECK_EQUAL(os_unlink("/to-d"), 0);
    CHECK_EQUAL(unit_type_of("/d"), OS_TYPE_DIRECTORY);
    CHECK_EQUAL(finish(), 0);
}

static void loops_end(void)
{
    char from[8], to[8];
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_symlink("loop", "/loop"), 0);
    CHECK_EQUAL(unit_try_open("/loop", OS_READ_ONLY), -ELOOP);
    CHECK_EQUAL(unit_try_open("/loop", OS_WRITE_ONLY | OS_CREATE), -ELOOP);
    CHECK_EQUAL(os_mkdir("/loop/x"), -ELOOP);
    CHECK_EQUAL(os_mkdir("/loop"), -EEXIST);
    CHECK_EQUAL(unit_write_file("/link0", "end"), 0);
    for (unsigned i = 1; i <= VFS_SYMLINKS_MAX + 1; i++) {
        snprintf(from, sizeof(from), "link%u", i - 1);
        snprintf(to, sizeof(to), "/link%u", i);
        CHECK_EQUAL(os_symlink(from, to), 0);
    }
    CHECK_STRING(unit_read_file("/link8"), "end");
    CHECK_EQUAL(unit_try_open("/link9", OS_READ_ONLY), -ELOOP);
    CHECK_EQUAL(finish(), 0);
}

static void a_link_to_nothing_can_be_filled(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_mkdir("/d"), 0);
    CHECK_EQUAL(os_symlink("d/new", "/dangling"), 0);
    CHECK_EQUAL(os_symlink("x/new", "/hopeless"), 0);
    CHECK_EQUAL(unit_try_open("/dangling", OS_READ_ONLY), -ENOENT);
    CHECK_EQUAL(unit_try_open("/dangling", OS_WRITE_ONLY | OS_CREATE | OS_EXCLUSIVE), -EEXIST);
    CHECK_EQUAL(unit_try_open("/dangling", OS_WRITE_ONLY | OS_CREATE | OS_NO_FOLLOW), -ELOOP);
    CHECK_EQUAL(unit_try_open("/hopeless", OS_WRITE_ONLY | OS_CREATE), -ENOENT);
    CHECK_EQUAL(unit_write_file("/dangling", "now"), 0);
    CHECK_STRING(unit_read_file("/d/new"), "now");
    CHECK_EQUAL(unit_type_of("/dangling"), OS_TYPE_SYMLINK);
    CHECK_EQUAL(finish(), 0);
}

// ---- The current directory --------------------------------------------------------------
static void paths_begin_at_the_current_directory(void)
{
    char path[32];
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), 0);
    CHECK_STRING(path, "/");
    CHECK(!os_mkdir("/a") && !os_mkdir("/a/bc") && !unit_write_file("/a/bc/f", "f"));
    CHECK_EQUAL(os_chdir("/a/x"), -ENOENT);
    CHECK_EQUAL(os_chdir("/a/bc/f"), -ENOTDIR);
    CHECK_EQUAL(os_chdir("a/bc"), 0);
    CHECK_STRING(unit_read_file("f"), "f");
    CHECK_STRING(unit_read_file("../../a/bc/f"), "f");
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), 0);
    CHECK_STRING(path, "/a/bc");
    CHECK_EQUAL(os_current_directory(path, 6), 0);
    CHECK_EQUAL(os_current_directory(path, 5), -ERANGE);
    CHECK_EQUAL(os_current_directory(path, 0), -ERANGE);
    CHECK_EQUAL(os_rename("/a", "/z"), 0); // it moves with its parents
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), 0);
    CHECK_STRING(path, "/z/bc");
    CHECK_EQUAL(finish(), 0);
}

static void a_removed_directory_has_nothing(void)
{
    char path[32];
    struct os_entry entry;
    CHECK_EQUAL(start(), 0);
    CHECK(!os_mkdir("/a") && !os_chdir("/a"));
    int handle = os_open(".", OS_READ_ONLY);
    CHECK_EQUAL(os_rmdir("."), -EINVAL);
    CHECK_EQUAL(os_rmdir("../a"), 0);
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), -ENOENT);
    CHECK_EQUAL(unit_write_file("f", ""), -ENOENT);
    CHECK_EQUAL(os_mkdir("d"), -ENOENT);
    CHECK_EQUAL(os_chdir(".."), -ENOENT);
    CHECK_EQUAL(unit_type_of("."), OS_TYPE_DIRECTORY);
    CHECK_EQUAL(unit_links_of("."), 0);
    CHECK_EQUAL(os_read_directory(handle, &entry), 0);
    CHECK_EQUAL(unit_write_file("/f", "f"), 0);
    CHECK_EQUAL(os_rename("/f", "f"), -ENOENT);
    CHECK_EQUAL(os_link("/f", "f"), -ENOENT);
    CHECK_EQUAL(os_chdir("/"), 0);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(finish(), 0);
}

// ---- Names ------------------------------------------------------------------------------
static void only_empty_directories_are_removed(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!os_mkdir("/a") && !os_mkdir("/a/b") && !unit_write_file("/f", ""));
    CHECK_EQUAL(unit_links_of("/a"), 3);
    CHECK_EQUAL(os_rmdir("/a"), -ENOTEMPTY);
    CHECK_EQUAL(os_rmdir("/a/b/.."), -ENOTEMPTY);
    CHECK_EQUAL(os_rmdir("/f"), -ENOTDIR);
    CHECK_EQUAL(os_rmdir("/"), -EBUSY);
    CHECK_EQUAL(os_rmdir("/x"), -ENOENT);
    CHECK_EQUAL(os_unlink("/a"), -EISDIR);
    CHECK_EQUAL(os_unlink("/"), -EISDIR);
    CHECK_EQUAL(os_unlink("/f/"), -ENOTDIR);
    CHECK_EQUAL(os_unlink("/x"), -ENOENT);
    CHECK_EQUAL(os_rmdir("/a/b/"), 0);
    CHECK_EQUAL(unit_links_of("/a"), 2);
    CHECK_EQUAL(os_rmdir("/a"), 0);
    CHECK_EQUAL(unit_links_of("/"), 2);
    CHECK_EQUAL(finish(), 0);
}

static void renaming_replaces(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/a", "a") && !unit_write_file("/b", "b"));
    CHECK(!os_mkdir("/d") && !os_mkdir("/e") && !unit_write_file("/e/f", "f"));
    CHECK_EQUAL(os_rename("/a", "/b"), 0);
    CHECK_STRING(unit_read_file("/b"), "a");
    CHECK_EQUAL(unit_type_of("/a"), 0);
    CHECK_EQUAL(os_rename("/b", "/d"), -EISDIR);
    CHECK_EQUAL(os_rename("/d", "/b"), -ENOTDIR);
    CHECK_EQUAL(os_rename("/d", "/e"), -ENOTEMPTY);
    CHECK_EQUAL(os_rename("/b", "/c/"), -ENOTDIR);
    CHECK_EQUAL(os_rename("/b/", "/c"), -ENOTDIR);
    CHECK_EQUAL(os_rename("/d", "/c/"), 0);
    CHECK_EQUAL(os_rename("/e", "/c"), 0);
    CHECK_STRING(unit_read_file("/c/f"), "f");
    CHECK_EQUAL(os_rename("/c", "/c/f"), -EINVAL);
    CHECK_EQUAL(os_rename("/c", "/c/new"), -EINVAL);
    CHECK_EQUAL(os_rename("/", "/x"), -EBUSY);
    CHECK_EQUAL(os_rename("/c", "/"), -EBUSY);
    CHECK_EQUAL(os_rename("/c/.", "/x"), -EINVAL);
    CHECK_EQUAL(os_rename("/x", "/y"), -ENOENT);
    CHECK_EQUAL(os_rename("/c", "/c"), 0);
    CHECK_EQUAL(unit_links_of("/"), 3);
    CHECK_EQUAL(finish(), 0);
}

// Far below itself, and to a place beside a longer way down.
static void a_directory_does_not_move_below_itself(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!os_mkdir("/a") && !os_mkdir("/a/b") && !os_mkdir("/a/b/c") && !os_mkdir("/z"));
    CHECK_EQUAL(os_rename("/a", "/a/b/c/d"), -EINVAL);
    CHECK_EQUAL(os_rename("/a/b", "/a/b/c"), -EINVAL);
    CHECK_EQUAL(os_rename("/a/b/c", "/a"), -ENOTEMPTY);
    CHECK_EQUAL(os_rename("/a/b", "/z/b"), 0);
    CHECK_EQUAL(unit_type_of("/z/b/c/../../../a"), OS_TYPE_DIRECTORY);
    CHECK_EQUAL(unit_links_of("/a"), 2);
    CHECK_EQUAL(unit_links_of("/z"), 3);
    CHECK_EQUAL(finish(), 0);
}

static void links_share_a_file(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/a", "one") && !os_mkdir("/d") && !os_symlink("a", "/s"));
    CHECK_EQUAL(os_link("/a", "/d/b"), 0);
    CHECK_EQUAL(unit_links_of("/a"), 2);
    CHECK_EQUAL(unit_write_file("/d/b", "two"), 0);
    CHECK_STRING(unit_read_file("/a"), "two");
    CHECK_EQUAL(os_rename("/a", "/d/b"), 0); // both are left
    CHECK_EQUAL(unit_links_of("/a"), 2);
    CHECK_EQUAL(os_link("/a", "/d/b"), -EEXIST);
    CHECK_EQUAL(os_link("/a", "/new/"), -ENOENT);
    CHECK_EQUAL(os_link("/a/", "/new"), -ENOTDIR);
    CHECK_EQUAL(os_link("/d", "/new"), -EPERM);
    CHECK_EQUAL(os_link("/x", "/new"), -ENOENT);
    CHECK_EQUAL(os_link("/s", "/new"), 0);
    CHECK_EQUAL(unit_type_of("/new"), OS_TYPE_SYMLINK);
    CHECK_EQUAL(os_unlink("/a"), 0);
    CHECK_STRING(unit_read_file("/d/b"), "two");
    CHECK_EQUAL(unit_links_of("/d/b"), 1);
    CHECK_EQUAL(finish(), 0);
}

static void nothing_is_mounted_on_what_has_gone(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_mkdir("/late"), 0);
    CHECK_EQUAL(os_mount("x", "/late", "late", 0), -ENOENT);
    CHECK(!vfs_mount_next(vfs_mount_next(NULL)));
    CHECK_EQUAL(finish(), 0);
}

static void times_are_set(void)
{
    struct os_status status;
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/a", "") && !os_symlink("a", "/s"));
    CHECK_EQUAL(os_set_times("/s", 1000, 2000), 0);
    CHECK_EQUAL(os_stat("/a", &status), 0);
    CHECK_EQUAL(status.accessed_ns, 1000);
    CHECK_EQUAL(status.modified_ns, 2000);
    CHECK_EQUAL(os_set_times("/a", OS_TIME_KEEP, 3000), 0);
    CHECK_EQUAL(os_stat("/a", &status), 0);
    CHECK_EQUAL(status.accessed_ns, 1000);
    CHECK_EQUAL(status.modified_ns, 3000);
    CHECK_EQUAL(os_set_times("/x", 0, 0), -ENOENT);
    CHECK_EQUAL(finish(), 0);
}

const struct test unit_tests[] = {
    {"there is no tree before the first mount", there_is_no_tree_before_the_first_mount},
    {"slashes and dots", slashes_and_dots},
    {"names and paths have a longest", names_and_paths_have_a_longest},
    {"symbolic links are followed", symbolic_links_are_followed},
    {"loops end", loops_end},
    {"a link to nothing can be filled", a_link_to_nothing_can_be_filled},
    {"paths begin at the current directory", paths_begin_at_the_current_directory},
    {"a removed directory has nothing", a_removed_directory_has_nothing},
    {"only empty directories are removed", only_empty_directories_are_removed},
    {"renaming replaces", renaming_replaces},
    {"a directory does not move below itself", a_directory_does_not_move_below_itself},
    {"links share a file", links_share_a_file},
    {"nothing is mounted on what has gone", nothing_is_mounted_on_what_has_gone},
    {"times are set", times_are_set},
    {0},
};
