// SPDX-License-Identifier: MIT
//
// The VFS: open files and directories, over ramfs.
#include "files.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_files(boot, file_systems);
}

static int start(void)
{
    return vfs_mount("memory", "/", "ramfs", 0);
}

static int finish(void)
{
    file_table_close_all(&process_current()->files);
    return vfs_unmount("/");
}

// ---- Opening ----------------------------------------------------------------------------
static void flags_must_make_sense(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_try_open("/", 0), -EINVAL);
    CHECK_EQUAL(unit_try_open("/f", OS_CREATE), -EINVAL);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | 256), -EINVAL);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | OS_CREATE | OS_TRUNCATE), -EINVAL);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_WRITE | OS_CREATE | OS_DIRECTORY), -EINVAL);
    CHECK_EQUAL(unit_type_of("/f"), 0); // and nothing was created
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | OS_CREATE | OS_EXCLUSIVE), 0);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | OS_CREATE | OS_EXCLUSIVE), -EEXIST);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | OS_CREATE), 0);
    CHECK_EQUAL(unit_try_open("/f", OS_READ_ONLY | OS_DIRECTORY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/", OS_READ_WRITE), -EISDIR);
    CHECK_EQUAL(unit_try_open("/", OS_READ_ONLY | OS_CREATE), -EISDIR);
    CHECK_EQUAL(unit_try_open("/", OS_READ_ONLY), 0);
    CHECK_EQUAL(finish(), 0);
}

static void too_many_handles_change_nothing(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", "kept"), 0);
    int handle = os_open("/f", OS_READ_ONLY);
    while (os_dup(handle) >= 0)
        ;
    CHECK_EQUAL(os_open("/new", OS_WRITE_ONLY | OS_CREATE), -EMFILE);
    CHECK_EQUAL(os_open("/f", OS_WRITE_ONLY | OS_TRUNCATE), -EMFILE);
    CHECK_EQUAL(unit_type_of("/new"), 0);
    CHECK_EQUAL(unit_size_of("/f"), 4);
    CHECK_EQUAL(finish(), 0);
}

static void a_handle_has_its_directions(void)
{
    char byte;
    CHECK_EQUAL(start(), 0);
    int reader = os_open("/f", OS_READ_ONLY | OS_CREATE);
    int writer = os_open("/f", OS_WRITE_ONLY);
    CHECK_EQUAL(os_write(reader, "x", 1), -EBADF);
    CHECK_EQUAL(os_write_at(reader, 0, "x", 1), -EBADF);
    CHECK_EQUAL(os_truncate(reader, 0), -EBADF);
    CHECK_EQUAL(os_read(writer, &byte, 1), -EBADF);
    CHECK_EQUAL(os_read_at(writer, 0, &byte, 1), -EBADF);
    CHECK_EQUAL(os_write(writer, "x", 1), 1);
    CHECK_EQUAL(os_read(reader, &byte, 1), 1);
    CHECK_EQUAL(os_read(reader, &byte, 1), 0);
    int directory = os_open("/", OS_READ_ONLY);
    CHECK_EQUAL(os_read(directory, &byte, 1), -EISDIR);
    CHECK_EQUAL(os_truncate(directory, 0), -EBADF);
    CHECK_EQUAL(os_fsync(directory), 0);
    CHECK_EQUAL(os_read(99, &byte, 1), -EBADF);
    CHECK_EQUAL(os_seek(99, 0, OS_SEEK_SET), -EBADF);
    CHECK_EQUAL(finish(), 0);
}

// ---- Positions --------------------------------------------------------------------------
static void seeking(void)
{
    CHECK_EQUAL(start(), 0);
    int handle = os_open("/f", OS_READ_WRITE | OS_CREATE);
    CHECK_EQUAL(os_write(handle, "0123456789", 10), 10);
    CHECK_EQUAL(os_seek(handle, 0, OS_SEEK_CURRENT), 10);
    CHECK_EQUAL(os_seek(handle, -3, OS_SEEK_END), 7);
    CHECK_EQUAL(os_seek(handle, -2, OS_SEEK_CURRENT), 5);
    CHECK_EQUAL(os_seek(handle, -6, OS_SEEK_CURRENT), -EINVAL);
    CHECK_EQUAL(os_seek(handle, 0, 3), -EINVAL);
    CHECK_EQUAL(os_seek(handle, INT64_MAX, OS_SEEK_SET), INT64_MAX);
    CHECK_EQUAL(os_seek(handle, 1, OS_SEEK_CURRENT), -EOVERFLOW);
    CHECK_EQUAL(os_seek(handle, INT64_MAX, OS_SEEK_END), -EOVERFLOW);
    CHECK_EQUAL(os_write(handle, "x", 1), -EFBIG);
    char byte = 0;
    CHECK_EQUAL(os_read(handle, &byte, 1), 0);
    CHECK_EQUAL(os_seek(handle, 5, OS_SEEK_SET), 5); // a failed one has moved nothing
    CHECK_EQUAL(os_read(handle, &byte, 1), 1);
    CHECK_EQUAL(byte, '5');
    int pipe[2];
    CHECK_EQUAL(os_pipe(pipe), 0);
    CHECK_EQUAL(os_seek(pipe[0], 0, OS_SEEK_SET), -ESPIPE);
    CHECK_EQUAL(os_read_at(pipe[0], 0, &byte, 1), -ESPIPE);
    CHECK_EQUAL(os_truncate(pipe[1], 0), -EINVAL);
    CHECK_EQUAL(os_fsync(pipe[1]), -EINVAL);
    CHECK_EQUAL(finish(), 0);
}

static void the_largest_file_has_one_byte(void)
{
    char bytes[2] = {0};
    CHECK_EQUAL(start(), 0);
    int handle = os_open("/f", OS_READ_WRITE | OS_CREATE);
    CHECK_EQUAL(os_write_at(handle, INT64_MAX - 1, "xy", 2), 1); // what fits
    CHECK_EQUAL(os_write_at(handle, INT64_MAX, "x", 1), -EFBIG);
    CHECK_EQUAL(os_write_at(handle, UINT64_MAX, "x", 1), -EFBIG);
    CHECK_EQUAL(os_read_at(handle, INT64_MAX - 1, bytes, 2), 1);
    CHECK_EQUAL(bytes[0], 'x');
    CHECK_EQUAL(os_read_at(handle, UINT64_MAX, bytes, 1), 0);
    CHECK_EQUAL(os_seek(handle, 0, OS_SEEK_END), INT64_MAX);
    CHECK_EQUAL(unit_size_of("/f"), INT64_MAX);
    CHECK_EQUAL(os_truncate(handle, (uint64_t)INT64_MAX + 1), -EFBIG);
    CHECK_EQUAL(os_truncate(handle, 1), 0);
    CHECK_EQUAL(os_read_at(handle, 0, bytes, 2), 1);
    CHECK_EQUAL(bytes[0], 0);
    CHECK_EQUAL(finish(), 0);
}

static void appending_goes_to_the_end(void)
{
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", "ab"), 0);
    int one = os_open("/f", OS_READ_WRITE | OS_APPEND), other = os_open("/f", OS_WRITE_ONLY);
    CHECK_EQUAL(os_seek(other, 0, OS_SEEK_END), 2);
    CHECK_EQUAL(os_write(other, "cd", 2), 2);
    CHECK_EQUAL(os_write(one, "e", 1), 1);
    CHECK_EQUAL(os_seek(one, 0, OS_SEEK_CURRENT), 5);
    CHECK_EQUAL(os_write_at(one, 0, "A", 1), 1); // has a place of its own
    CHECK_STRING(unit_read_file("/f"), "Abcde");
    CHECK_EQUAL(finish(), 0);
}

static void handles_share_a_position_when_duplicated(void)
{
    char text[3] = "";
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", "abcd"), 0);
    int one = os_open("/f", OS_READ_ONLY), same = os_dup(one);
    CHECK_EQUAL(os_read(one, text, 2), 2);
    CHECK_EQUAL(os_read(same, text, 2), 2);
    CHECK_STRING(text, "cd");
    CHECK_EQUAL(os_close(one), 0);
    CHECK_EQUAL(os_seek(same, 0, OS_SEEK_CURRENT), 4);
    CHECK_EQUAL(finish(), 0);
}

static void who_has_it_open_keeps_it(void)
{
    char text[5] = "";
    struct os_status status;
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", "old"), 0);
    int handle = os_open("/f", OS_READ_WRITE);
    CHECK_EQUAL(os_unlink("/f"), 0);
    CHECK_EQUAL(unit_write_file("/f", "new"), 0);
    CHECK_EQUAL(os_write_at(handle, 3, "!", 1), 1);
    CHECK_EQUAL(os_read_at(handle, 0, text, 5), 4);
    CHECK_STRING(text, "old!");
    CHECK_EQUAL(os_fstat(handle, &status), 0);
    CHECK_EQUAL(status.links, 0);
    CHECK_STRING(unit_read_file("/f"), "new");
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(finish(), 0);
}

// ---- Directories ------------------------------------------------------------------------
enum { ENTRIES = 200 };

static void name_of(unsigned i, char name[16])
{
    snprintf(name, 16, "/d/entry%u", i);
}

// Half of them go, one by one, while the directory is read; others come.
static void entries_that_stay_are_listed_once(void)
{
    static unsigned char seen[2 * ENTRIES];
    char name[16];
    struct os_entry entry;
    CHECK(!start() && !os_mkdir("/d"));
    for (unsigned i = 0; i < ENTRIES; i++) {
        name_of(i, name);
        CHECK_EQUAL(unit_write_file(name, ""), 0);
    }
    int handle = os_open("/d", OS_READ_ONLY | OS_DIRECTORY), found;
    for (unsigned step = 0; (found = os_read_directory(handle, &entry)) > 0; step++) {
        uint64_t number;
        CHECK_EQUAL(string_to_u64(entry.name + strlen("entry"), 10, &number), 0);
        CHECK(number < 2 * ENTRIES && !seen[number]);
        seen[number] = 1;
        name_of(2 * step % ENTRIES, name); // even ones go
        os_unlink(name);
        name_of(ENTRIES + step, name);
        if (step < ENTRIES)
            CHECK_EQUAL(unit_write_file(name, ""), 0);
    }
    CHECK_EQUAL(found, 0);
    for (unsigned i = 1; i < ENTRIES; i += 2)
        CHECK(seen[i]);
    CHECK_EQUAL(os_seek(handle, 0, OS_SEEK_SET), 0); // once more
    CHECK_EQUAL(os_read_directory(handle, &entry), 1);
    CHECK_EQUAL(os_seek(handle, 1, OS_SEEK_SET), -EINVAL);
    int file = os_open("/d/entry1", OS_READ_ONLY);
    CHECK_EQUAL(os_read_directory(file, &entry), -ENOTDIR);
    CHECK_EQUAL(finish(), 0);
}

static void status_of_all_kinds(void)
{
    struct os_status file, root;
    int pipe[2];
    CHECK_EQUAL(start(), 0);
    CHECK_EQUAL(unit_write_file("/f", "12345"), 0);
    CHECK_EQUAL(os_stat("/f", &file), 0);
    CHECK_EQUAL(os_stat("/", &root), 0);
    CHECK(file.type == OS_TYPE_FILE && file.size == 5 && file.blocks == 8);
    CHECK(root.type == OS_TYPE_DIRECTORY && root.device == file.device);
    CHECK(root.number != file.number && file.block_size == 4096);
    CHECK_EQUAL(os_pipe(pipe), 0);
    CHECK_EQUAL(os_fstat(pipe[0], &file), 0);
    CHECK_EQUAL(file.type, OS_TYPE_PIPE);
    CHECK_EQUAL(os_fstat(FILE_HANDLES_MAX - 1, &file), -EBADF);
    CHECK_EQUAL(finish(), 0);
}

static void set_flag(void *flag)
{
    *(bool *)flag = true;
}

// Reading what is in memory waits for nothing, and lets the others run all the same.
static void who_never_waits_gives_way(void)
{
    bool others_ran = false;
    char byte;
    unsigned calls = 0;
    CHECK(!start() && !unit_write_file("/f", "x"));
    int handle = os_open("/f", OS_READ_ONLY);
    struct thread *other = thread_create("other", set_flag, &others_ran);
    while (!others_ran && calls < 10000) {
        CHECK_EQUAL(os_read_at(handle, 0, &byte, 1), 1);
        calls++;
    }
    thread_join(other, NULL, MACHINE_NEVER);
    CHECK(calls > 100 && calls < 10000); // not at each of them, either
    CHECK_EQUAL(finish(), 0);
}

const struct test unit_tests[] = {
    {"flags must make sense", flags_must_make_sense},
    {"too many handles change nothing", too_many_handles_change_nothing},
    {"a handle has its directions", a_handle_has_its_directions},
    {"seeking", seeking},
    {"the largest file has one byte", the_largest_file_has_one_byte},
    {"appending goes to the end", appending_goes_to_the_end},
    {"handles share a position when duplicated", handles_share_a_position_when_duplicated},
    {"who has it open keeps it", who_has_it_open_keeps_it},
    {"entries that stay are listed once", entries_that_stay_are_listed_once},
    {"status of all kinds", status_of_all_kinds},
    {"who never waits gives way", who_never_waits_gives_way},
    {0},
};
