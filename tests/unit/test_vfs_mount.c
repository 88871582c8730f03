// SPDX-License-Identifier: MIT
//
// The VFS: mounts, and several threads at once, over a ramfs that sleeps in every call.
#include "files.h"

#include "fs/ramfs.h"

// ---- A file system that takes its time ---------------------------------------------------
// ramfs, but others run before and after whatever it does. Two threads in one mount at
// the same time are found.
static struct {
    unsigned inside; // calls under way; never more than one for each mount
    unsigned most;
    unsigned inodes; // that were read and not released
    bool clash;      // a number was read while it was in use
    int sync_error;  // what sync() answers
    unsigned syncs;
} slow;

static void enter(void)
{
    slow.inside++;
    if (slow.inside > slow.most)
        slow.most = slow.inside;
    thread_yield();
}

static int leave(int result)
{
    thread_yield();
    slow.inside--;
    return result;
}

static int slow_read_inode(struct mount *mount, uint64_t number, struct inode **inode)
{
    enter();
    slow.clash = slow.clash || inode_find(mount, number);
    slow.inodes++;
    return leave(ramfs_file_system.read_inode(mount, number, inode));
}

static void slow_release_inode(struct inode *inode)
{
    enter();
    slow.inodes--;
    ramfs_file_system.release_inode(inode);
    leave(0);
}

static int slow_lookup(struct inode *inode, const char *name, size_t length, uint64_t *number)
{
    enter();
    return leave(ramfs_file_system.lookup(inode, name, length, number));
}

static int slow_create(struct inode *inode, const char *name, size_t length,
                       enum os_file_type type, const char *target, uint64_t *number)
{
    enter();
    return leave(ramfs_file_system.create(inode, name, length, type, target, number));
}

static int slow_unlink(struct inode *inode, const char *name, size_t length,
                       struct inode *target)
{
    enter();
    return leave(ramfs_file_system.unlink(inode, name, length, target));
}

static int slow_rename(const struct rename *rename)
{
    enter();
    return leave(ramfs_file_system.rename(rename));
}

static int slow_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
{
    enter();
    return leave(ramfs_file_system.write(inode, offset, bytes, size));
}

static int slow_sync(struct mount *mount)
{
    enter();
    slow.syncs++;
    return leave(slow.sync_error);
}

static struct file_system slow_file_system;
static const struct file_system *const file_systems[] = {&ramfs_file_system, &slow_file_system,
                                                         NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_files(boot, file_systems);
    slow_file_system = ramfs_file_system;
    slow_file_system.name = "slow";
    slow_file_system.read_inode = slow_read_inode;
    slow_file_system.release_inode = slow_release_inode;
    slow_file_system.lookup = slow_lookup;
    slow_file_system.create = slow_create;
    slow_file_system.unlink = slow_unlink;
    slow_file_system.rename = slow_rename;
    slow_file_system.write = slow_write;
    slow_file_system.sync = slow_sync;
}

static int start(void)
{
    slow.most = slow.syncs = 0;
    slow.clash = false;
    int error = vfs_mount("memory", "/", "ramfs", 0);
    if (!error)
        error = os_mkdir("/mnt");
    return error ? error : os_mount("slow", "/mnt", "slow", 0);
}

static int finish(void)
{
    unit_leave_directory();
    int error = os_unmount("/mnt");
    return error ? error : os_unmount("/");
}

// ---- One at a time ----------------------------------------------------------------------
static void mounts_cover_directories(void)
{
    char path[16];
    struct os_status above, below;
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/mnt/f", "f") && !os_mkdir("/mnt/d"));
    CHECK_EQUAL(os_stat("/", &above), 0);
    CHECK_EQUAL(os_stat("/mnt", &below), 0);
    CHECK(above.device != below.device);
    CHECK_EQUAL(os_stat("/mnt/d/../..", &below), 0);
    CHECK_EQUAL(above.device, below.device);
    CHECK_EQUAL(os_chdir("/mnt/d"), 0);
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), 0);
    CHECK_STRING(path, "/mnt/d");
    CHECK_EQUAL(os_chdir("../.."), 0);
    CHECK_EQUAL(os_current_directory(path, sizeof(path)), 0);
    CHECK_STRING(path, "/");
    CHECK_EQUAL(os_unmount("/mnt"), 0);
    CHECK_EQUAL(unit_type_of("/mnt/f"), 0); // what was covered is back: nothing
    CHECK_EQUAL(unit_write_file("/mnt/g", "g"), 0);
    CHECK_EQUAL(os_mount("slow", "mnt/", "slow", 0), 0);
    CHECK_EQUAL(unit_type_of("/mnt/g"), 0);
    CHECK_EQUAL(finish(), 0);
}

static void mounting_has_conditions(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", ""), 0);
    CHECK_EQUAL(os_mount("x", "/", "ramfs", 0), -EBUSY);
    CHECK_EQUAL(os_mount("x", "/mnt", "ramfs", 0), -EBUSY);
    CHECK_EQUAL(os_mount("x", "/f", "ramfs", 0), -ENOTDIR);
    CHECK_EQUAL(os_mount("x", "/x", "ramfs", 0), -ENOENT);
    CHECK_EQUAL(os_mkdir("/d"), 0);
    CHECK_EQUAL(os_mount("x", "/d", "nofs", 0), -ENODEV);
    CHECK_EQUAL(os_mount("vdz", "/d", NULL, 0), -ENODEV);
    CHECK_EQUAL(os_mount("x", "/d", "ramfs", 2), -EINVAL);
    CHECK_EQUAL(os_unmount("/d"), -EINVAL);
    CHECK_EQUAL(os_unmount("/mnt/x"), -ENOENT);
    CHECK_EQUAL(os_unmount("/"), -EBUSY);
    CHECK_EQUAL(finish(), 0);
}

static void what_is_in_use_stays(void)
{
    CHECK_EQUAL(start(), 0);
    int handle = os_open("/mnt/f", OS_WRITE_ONLY | OS_CREATE);
    CHECK_EQUAL(os_unmount("/mnt"), -EBUSY);
    CHECK_EQUAL(os_unlink("/mnt/f"), 0);
    CHECK_EQUAL(os_unmount("/mnt"), -EBUSY); // without a name, too
    CHECK_EQUAL(os_write(handle, "x", 1), 1);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(os_chdir("/mnt"), 0);
    CHECK_EQUAL(os_unmount("/mnt"), -EBUSY);
    CHECK_EQUAL(os_chdir("/"), 0);
    CHECK_EQUAL(os_rmdir("/mnt"), -EBUSY);
    CHECK_EQUAL(os_rename("/mnt", "/other"), -EBUSY);
    CHECK_EQUAL(os_mkdir("/d"), 0);
    CHECK_EQUAL(os_rename("/d", "/mnt"), -EBUSY);
    CHECK(!os_mkdir("/mnt/d") && !os_mount("x", "/mnt/d", "ramfs", 0));
    CHECK_EQUAL(os_unmount("/mnt"), -EBUSY); // a mount on it
    CHECK_EQUAL(os_unmount("/mnt/d"), 0);
    CHECK_EQUAL(finish(), 0);
}

static void nothing_crosses_mounts(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/a", "a") && !unit_write_file("/mnt/b", "b"));
    CHECK_EQUAL(os_rename("/a", "/mnt/a"), -EXDEV);
    CHECK_EQUAL(os_rename("/a", "/mnt/b"), -EXDEV);
    CHECK_EQUAL(os_link("/a", "/mnt/a"), -EXDEV);
    CHECK_EQUAL(os_link("/a", "/mnt/b"), -EEXIST);
    CHECK_EQUAL(os_symlink("../a", "/mnt/a"), 0); // a name does
    CHECK_STRING(unit_read_file("/mnt/a"), "a");
    CHECK_EQUAL(finish(), 0);
}

static void a_read_only_mount_refuses(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK(!unit_write_file("/mnt/f", "f") && !os_mkdir("/mnt/d"));
    int handle = os_open("/mnt/f", OS_READ_WRITE);
    for (struct mount *mount = vfs_mount_next(NULL); mount; mount = vfs_mount_next(mount)) {
        if (strcmp(mount->path, "/mnt") == 0)
            vfs_make_read_only(mount, "a test says that %s", "it cannot go on");
    }
    CHECK_EQUAL(os_write(handle, "x", 1), -EROFS);
    CHECK_EQUAL(os_truncate(handle, 0), -EROFS);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(unit_try_open("/mnt/f", OS_READ_WRITE), -EROFS);
    CHECK_EQUAL(unit_try_open("/mnt/g", OS_READ_ONLY | OS_CREATE), -EROFS);
    CHECK_EQUAL(unit_try_open("/mnt/f", OS_READ_ONLY | OS_CREATE), 0);
    CHECK_EQUAL(os_mkdir("/mnt/d"), -EEXIST); // first what is wrong with the names
    CHECK_EQUAL(os_mkdir("/mnt/e"), -EROFS);
    CHECK_EQUAL(os_unlink("/mnt/f"), -EROFS);
    CHECK_EQUAL(os_rmdir("/mnt/d"), -EROFS);
    CHECK_EQUAL(os_rename("/mnt/f", "/mnt/g"), -EROFS);
    CHECK_EQUAL(os_link("/mnt/f", "/mnt/g"), -EROFS);
    CHECK_EQUAL(os_symlink("f", "/mnt/g"), -EROFS);
    CHECK_EQUAL(os_set_times("/mnt/f", 0, 0), -EROFS);
    CHECK_STRING(unit_read_file("/mnt/f"), "f");
    CHECK_EQUAL(finish(), 0);
}

static void what_cannot_be_written_stays_mounted(void)
{
    CHECK_EQUAL(start(), 0);
    slow.sync_error = -EIO;
    CHECK_EQUAL(os_sync(), -EIO);
    CHECK_EQUAL(os_unmount("/mnt"), -EIO);
    CHECK_EQUAL(unit_type_of("/mnt"), OS_TYPE_DIRECTORY);
    slow.sync_error = 0;
    CHECK_EQUAL(os_sync(), 0);
    CHECK_EQUAL(finish(), 0);
    CHECK_EQUAL(slow.syncs, 4);
}

static void mounts_are_listed(void)
{
    struct os_fs_info info;
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(os_mkdir("/mnt/d"), 0);
    CHECK_EQUAL(os_mount("some memory", "/mnt/../mnt/d", "ramfs", OS_MOUNT_READ_ONLY), 0);
    CHECK(os_fs_next(0, &info) && os_fs_next(1, &info));
    CHECK_STRING(info.path, "/mnt");
    CHECK_STRING(info.type, "slow");
    CHECK(os_fs_next(2, &info) && info.read_only && info.blocks > 0 && info.name_max == 255);
    CHECK_STRING(info.path, "/mnt/d");
    CHECK_STRING(info.source, "some memory");
    CHECK(!os_fs_next(3, &info));
    CHECK_EQUAL(os_mkdir("/mnt/d/x"), -EROFS);
    CHECK_EQUAL(os_fs_info("/mnt/d/.", &info), 0);
    CHECK_STRING(info.path, "/mnt/d");
    CHECK_EQUAL(os_fs_info("/mnt/x", &info), -ENOENT);
    CHECK_EQUAL(os_unmount("/mnt/d"), 0);
    CHECK_EQUAL(finish(), 0);
}

// ---- Several at once --------------------------------------------------------------------
enum { THREADS = 6, ROUNDS = 60 };
static struct thread *threads[THREADS];
static int results[THREADS];

static void run_all(void (*function)(void *number))
{
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = thread_create("one of many", function, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        thread_join(threads[i], NULL, MACHINE_NEVER);
}

static void open_same(void *number)
{
    struct file *file;
    results[(uintptr_t)number] = vfs_open("/mnt/new", OS_READ_WRITE | OS_CREATE, &file);
    if (results[(uintptr_t)number] == 0) {
        file_write(file, "x", 1);
        thread_yield();
        file_put(file);
    }
}

static void all_create_the_same_file(void)
{
    CHECK_EQUAL(start(), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        run_all(open_same);
        for (unsigned i = 0; i < THREADS; i++)
            CHECK_EQUAL(results[i], 0);
        CHECK_EQUAL(unit_size_of("/mnt/new"), 1);
        CHECK_EQUAL(os_unlink("/mnt/new"), 0);
    }
    CHECK_EQUAL(slow.inodes, 1); // the root
    CHECK(!slow.clash && slow.most == 1);
    CHECK_EQUAL(finish(), 0);
}

static void create_exclusively(void *number)
{
    struct file *file;
    int error = vfs_open("/mnt/new", OS_WRITE_ONLY | OS_CREATE | OS_EXCLUSIVE, &file);
    results[(uintptr_t)number] = error;
    if (!error)
        file_put(file);
}

static void only_one_creates_exclusively(void)
{
    unsigned winners = 0;
    CHECK_EQUAL(start(), 0);
    run_all(create_exclusively);
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK(results[i] == 0 || results[i] == -EEXIST);
        winners += results[i] == 0;
    }
    CHECK_EQUAL(winners, 1);
    CHECK_EQUAL(finish(), 0);
}

// Names come, move and go under the hands of everybody; and somebody unmounts all the time.
static void disturb(void *number)
{
    uint64_t state = (uintptr_t)number + 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char path[16], other[16];
        snprintf(path, sizeof(path), "/mnt/%u", (unsigned)(unit_random(&state) % 3));
        snprintf(other, sizeof(other), "/mnt/d/%u", (unsigned)(unit_random(&state) % 3));
        switch (unit_random(&state) % 7) {
        case 0:
            vfs_make(path, OS_TYPE_DIRECTORY, NULL);
            break;
        case 1:
            vfs_remove(path, unit_random(&state) % 2);
            break;
        case 2:
            vfs_rename(path, other);
            break;
        case 3:
            vfs_rename(other, path);
            break;
        case 4:
            vfs_link(path, other);
            break;
        case 5:
            vfs_unmount("/mnt");
            vfs_mount("slow", "/mnt", "slow", 0);
            vfs_make("/mnt/d", OS_TYPE_DIRECTORY, NULL);
            break;
        default: {
            struct file *file;
            if (vfs_open(path, OS_READ_WRITE | OS_CREATE, &file) == 0) {
                file_write(file, path, sizeof(path));
                file_put(file);
            }
        }
        }
    }
}

static void nothing_is_left_when_all_work_at_once(void)
{
    CHECK_EQUAL(start(), 0);
    struct heap_statistics before, after;
    CHECK_EQUAL(os_unmount("/mnt"), 0);
    heap_statistics(&before);
    CHECK_EQUAL(os_mount("slow", "/mnt", "slow", 0), 0);
    run_all(disturb);
    if (unit_type_of("/mnt/d") == OS_TYPE_DIRECTORY)
        os_rename("/mnt/d", "/mnt/e");
    CHECK(!slow.clash && slow.inodes <= 1);
    os_unmount("/mnt");
    heap_statistics(&after);
    CHECK_EQUAL(after.allocations, before.allocations);
    CHECK_EQUAL(slow.inodes, 0);
    CHECK_EQUAL(os_unmount("/"), 0);
}

const struct test unit_tests[] = {
    {"mounts cover directories", mounts_cover_directories},
    {"mounting has conditions", mounting_has_conditions},
    {"what is in use stays", what_is_in_use_stays},
    {"nothing crosses mounts", nothing_crosses_mounts},
    {"a read-only mount refuses", a_read_only_mount_refuses},
    {"what cannot be written stays mounted", what_cannot_be_written_stays_mounted},
    {"mounts are listed", mounts_are_listed},
    {"all create the same file", all_create_the_same_file},
    {"only one creates exclusively", only_one_creates_exclusively},
    {"nothing is left when all work at once", nothing_is_left_when_all_work_at_once},
    {0},
};
