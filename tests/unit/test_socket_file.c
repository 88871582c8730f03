// SPDX-License-Identifier: MIT
//
// Files sent from where they lie: whole, with a head, from any place; and nothing of the cache
// is kept for longer than it takes.
#include "error.h"
#include "net/tcp_parts.h"
#include "print.h"
#include "sockets.h"
#include "string.h"
#include "tsfs_disk.h"

static const struct file_system *const file_systems[] = {&tsfs_file_system, &ramfs_file_system,
                                                         NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_streams(boot);
    vfs_init(file_systems);
    cache_init(0);
    disk = ram_disk_create(8192 * CACHE_BLOCK_SECTORS);
}

enum { PORT = 8001, SIZE = 300000, HOLE = 20000 }; // not a multiple of a block

static char contents[SIZE], got[2 * SIZE];

// A file with a hole in it.
static int make_file(const char *path)
{
    uint64_t state = 77;
    for (size_t i = 0; i < SIZE; i++)
        contents[i] = i < HOLE ? 0 : (char)unit_random(&state);
    int file = os_open(path, OS_READ_WRITE | OS_CREATE | OS_TRUNCATE);
    if (os_write_at(file, HOLE, contents + HOLE, SIZE - HOLE) != SIZE - HOLE)
        return -EIO;
    return file;
}

static int receiver;

// All that comes until the end.
static void receive_all(void *count)
{
    int size;
    size_t received = 0;
    while ((size = os_receive(receiver, got + received, sizeof(got) - received, unit_late())) >
           0)
        received += (size_t)size;
    *(size_t *)count = received;
}

static int sent;

// Sends a part to a reader of its own; got[] is what arrived. How much that was.
static size_t pass(const struct os_file_part *part)
{
    int ends[2];
    size_t count = 0;
    unit_connect_pair(PORT, ends);
    receiver = ends[1];
    struct thread *reader = thread_create("reader", receive_all, &count);
    sent = os_send_file(ends[0], part, unit_late());
    os_close(ends[0]);
    thread_join(reader, NULL, MACHINE_NEVER);
    os_close(ends[1]);
    return count;
}

static void check_parts(const char *path)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    size_t head_size = strlen(head);
    int file = make_file(path);
    CHECK(file >= 0);
    struct os_file_part all = {head, head_size, file, 0, SIZE_MAX};
    CHECK_EQUAL(pass(&all), SIZE + head_size);
    CHECK_EQUAL(sent, SIZE + (int)head_size);
    CHECK_EQUAL(memcmp(got, head, head_size), 0);
    CHECK_EQUAL(memcmp(got + head_size, contents, SIZE), 0);

    uint64_t seed = machine_clock_ns() | 1;
    print("seed %llu ", (unsigned long long)seed);
    for (int i = 0; i < 10; i++) {
        struct os_file_part part = {.file = file, .offset = unit_random(&seed) % SIZE};
        part.size = 1 + unit_random(&seed) % (SIZE - part.offset);
        CHECK_EQUAL(pass(&part), part.size);
        CHECK_EQUAL(sent, (int)part.size);
        CHECK_EQUAL(memcmp(got, contents + part.offset, part.size), 0);
    }
    struct os_file_part behind = {.file = file, .offset = SIZE, .size = 10};
    CHECK_EQUAL(pass(&behind), 0);
    CHECK_EQUAL(sent, 0);
    os_close(file);
}

static void a_file_on_a_disk_is_lent(void)
{
    struct file_loan loan;
    CHECK_EQUAL(unit_format(4096, 64), 0);
    CHECK_EQUAL(unit_mount(), 0);
    check_parts("/file");
    int handle = os_open("/file", OS_READ_ONLY);
    struct file *file = file_table_find(&process_current()->files, handle);
    CHECK_EQUAL(file_lend(file, SIZE - 1, &loan, 1), 1);
    CHECK_EQUAL(loan.size, 1);
    CHECK_EQUAL(*(char *)loan.bytes, contents[SIZE - 1]);
    loan.release(loan.context);
    CHECK_EQUAL(file_lend(file, SIZE, &loan, 1), 0);
    CHECK_EQUAL(file_lend(file, 0, &loan, 1), -EOPNOTSUPP); // a hole
    os_close(handle);
    handle = os_open("/file", OS_WRITE_ONLY);
    file = file_table_find(&process_current()->files, handle);
    CHECK_EQUAL(file_lend(file, 0, &loan, 1), -EBADF);
    os_close(handle);
    CHECK_EQUAL(os_unlink("/file"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

// The file goes while its bytes are still on their way: they arrive as they were.
static void blocks_stay_until_they_have_arrived(void)
{
    int ends[2];
    CHECK_EQUAL(unit_format(4096, 64), 0);
    CHECK_EQUAL(unit_mount(), 0);
    int file = make_file("/file");
    unit_connect_pair(PORT, ends);
    struct os_file_part part = {.file = file, .offset = HOLE, .size = 40000};
    CHECK_EQUAL(os_send_file(ends[0], &part, unit_late()), 40000);
    os_close(file);
    CHECK_EQUAL(os_unlink("/file"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
    os_close(ends[0]);
    size_t count = 0;
    receiver = ends[1];
    receive_all(&count);
    CHECK_EQUAL(count, 40000);
    CHECK_EQUAL(memcmp(got, contents + HOLE, 40000), 0);
    os_close(ends[1]);
    os_sleep_ns(1000000);
    CHECK_EQUAL(unit_holdings().packets, 0);
}

static void a_file_in_memory_is_copied(void)
{
    CHECK_EQUAL(vfs_mount("memory", "/", "ramfs", 0), 0);
    check_parts("/file");
    CHECK_EQUAL(os_unlink("/file"), 0);
    CHECK_EQUAL(unit_unmount(), 0);
}

// However long it is, whoever does not read holds no more than a few pages of it.
static void a_slow_reader_takes_little_where_memory_is_short(void)
{
    int ends[2];
    const size_t all = tcp_limits()->memory + 1;
    CHECK_EQUAL(vfs_mount("memory", "/", "ramfs", 0), 0);
    struct os_file_part part = {.file = make_file("/file"), .size = SIZE};
    unit_connect_pair(PORT, ends);
    tcp_memory_add(NULL, all);
    int count = os_send_file(ends[0], &part, 0);
    CHECK(count > 0 && count <= 3 * PACKET_ROOM); // one is on its way to the reader
    CHECK_EQUAL(os_send_file(ends[0], &part, 0), -ETIMEDOUT);
    tcp_memory_subtract(NULL, all);
    for (int i = 0; i < 2; i++)
        os_close(ends[i]);
    os_close(part.file);
    CHECK_EQUAL(unit_unmount(), 0);
}

static void errors_have_their_names(void)
{
    int ends[2], pipe[2];
    unit_connect_pair(PORT, ends);
    CHECK_EQUAL(os_pipe(pipe), 0);
    struct os_file_part part = {.file = 99, .size = 1};
    CHECK_EQUAL(os_send_file(ends[0], &part, unit_late()), -EBADF);
    part.file = pipe[0];
    CHECK_EQUAL(os_send_file(ends[0], &part, unit_late()), -ESPIPE);
    CHECK_EQUAL(os_send_file(pipe[1], &part, unit_late()), -ENOTSOCK);
    part.head = "x";
    part.head_size = 1;
    CHECK_EQUAL(os_send_file(ends[0], &part, unit_late()), 1); // the head went
    os_shutdown(ends[0], OS_SHUTDOWN_WRITE);
    CHECK_EQUAL(os_send_file(ends[0], &part, unit_late()), -EPIPE);
    for (int i = 0; i < 2; i++) {
        os_close(ends[i]);
        os_close(pipe[i]);
    }
}

const struct test unit_tests[] = {
    {"a file on a disk is lent", a_file_on_a_disk_is_lent},
    {"blocks stay until they have arrived", blocks_stay_until_they_have_arrived},
    {"a file in memory is copied", a_file_in_memory_is_copied},
    {"a slow reader takes little where memory is short",
     a_slow_reader_takes_little_where_memory_is_short},
    {"errors have their names", errors_have_their_names},
    {0},
};
