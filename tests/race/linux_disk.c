// SPDX-License-Identifier: MIT
//
// What a disk gives to a Linux program, past the page cache (O_DIRECT): so many MiB in
// sequence, and blocks of 4 KiB at random places, one at a time and many in flight.
//
//   disk DEVICE MiB
//
// Many in flight: io_uring, by its three system calls. What has ended is begun anew with the
// same call that waits for the next.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "linux.h"

enum { MIB = 1 << 20, BLOCK = 4096, BATCH = 32, ROUNDS = 4096 };

static struct {
    int file;
    uint64_t blocks, random;
    char *buffer; // a MiB, and so BATCH blocks
} disk;

static off_t random_place(void)
{
    disk.random ^= disk.random << 13;
    disk.random ^= disk.random >> 7;
    disk.random ^= disk.random << 17;
    return (off_t)(disk.random % disk.blocks * BLOCK);
}

static void measure_sequence(const char *name, unsigned count, int is_write)
{
    uint64_t start = now_ns();
    for (unsigned i = 0; i < count; i++) {
        ssize_t moved = is_write ? pwrite(disk.file, disk.buffer, MIB, (off_t)i * MIB)
                                 : pread(disk.file, disk.buffer, MIB, (off_t)i * MIB);
        check(moved == MIB, name);
    }
    if (is_write)
        check(fdatasync(disk.file) == 0, name);
    report(name, (double)(now_ns() - start) / count);
}

static void measure_one(unsigned rounds)
{
    uint64_t start = now_ns();
    for (unsigned i = 0; i < rounds; i++)
        check(pread(disk.file, disk.buffer, BLOCK, random_place()) == BLOCK, "one");
    report("one", (double)(now_ns() - start) / rounds);
}

// ---- io_uring ---------------------------------------------------------------------------
static struct {
    int handle;
    struct io_uring_params params;
    char *rings; // both, in one mapping
    struct io_uring_sqe *entries;
    unsigned tail; // of the submissions, ours
} ring;

static atomic_uint *index_at(unsigned offset)
{
    return (atomic_uint *)(ring.rings + offset);
}

// The kernel looks at it once, and not with each request.
static void lend(unsigned what, const void *it)
{
    check(syscall(SYS_io_uring_register, ring.handle, what, it, 1) == 0, "io_uring_register");
}

static void start_ring(void)
{
    struct iovec memory = {disk.buffer, MIB};
    ring.handle = (int)syscall(SYS_io_uring_setup, BATCH, &ring.params);
    check(ring.handle >= 0, "io_uring_setup");
    size_t size = ring.params.cq_off.cqes +
                  ring.params.cq_entries * sizeof(struct io_uring_cqe);
    ring.rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                      ring.handle, IORING_OFF_SQ_RING);
    ring.entries = mmap(NULL, BATCH * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, ring.handle, IORING_OFF_SQES);
    check(ring.rings != MAP_FAILED && ring.entries != MAP_FAILED, "io_uring");
    lend(IORING_REGISTER_BUFFERS, &memory);
    lend(IORING_REGISTER_FILES, &disk.file);
}

static void begin(unsigned which)
{
    unsigned place = ring.tail++ & (ring.params.sq_entries - 1);
    ring.entries[place] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ_FIXED,
        .flags = IOSQE_FIXED_FILE,
        .off = (uint64_t)random_place(),
        .addr = (uint64_t)(uintptr_t)(disk.buffer + which * BLOCK),
        .len = BLOCK,
        .user_data = which,
    };
    unsigned *array = (unsigned *)(ring.rings + ring.params.sq_off.array);
    array[place] = place;
    atomic_store_explicit(index_at(ring.params.sq_off.tail), ring.tail, memory_order_release);
}

static void measure_many(unsigned rounds)
{
    struct io_uring_cqe *ends = (void *)(ring.rings + ring.params.cq_off.cqes);
    unsigned begun = 0, ended = 0, waiting = 0;
    uint64_t start = now_ns();
    for (; begun < BATCH; begun++, waiting++)
        begin(begun);
    while (ended < rounds) {
        long taken = syscall(SYS_io_uring_enter, ring.handle, waiting, 1,
                             IORING_ENTER_GETEVENTS, NULL, 0);
        check(taken >= 0, "io_uring_enter");
        waiting -= (unsigned)taken;
        unsigned head = atomic_load(index_at(ring.params.cq_off.head));
        unsigned tail = atomic_load_explicit(index_at(ring.params.cq_off.tail),
                                             memory_order_acquire);
        for (; head != tail; head++, ended++) {
            struct io_uring_cqe *end = &ends[head & (ring.params.cq_entries - 1)];
            check(end->res == BLOCK, "many");
            if (begun < rounds) {
                begin((unsigned)end->user_data);
                begun++;
                waiting++;
            }
        }
        atomic_store_explicit(index_at(ring.params.cq_off.head), head, memory_order_release);
    }
    report("many", (double)(now_ns() - start) / rounds);
}

int main(int argc, char **argv)
{
    check(argc == 3, "usage: disk DEVICE MiB");
    unsigned count = (unsigned)atoi(argv[2]);
    disk.file = open(argv[1], O_RDWR | O_DIRECT);
    disk.blocks = (uint64_t)count * (MIB / BLOCK);
    disk.random = 1;
    disk.buffer = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    check(disk.file >= 0 && disk.buffer != MAP_FAILED, argv[1]);
    start_ring();
    measure_one(ROUNDS / 16);
    measure_one(ROUNDS);
    measure_many(ROUNDS);
    measure_sequence("read", count, 0);
    measure_sequence("write", count, 1);
    puts("end");
    for (;;)
        pause();
}
