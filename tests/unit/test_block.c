// SPDX-License-Identifier: MIT
//
// The block layer: what it lets through to a driver, in which order, and what comes back.
#include "fake_disk.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    fake_create();
}

// ---- Requests with a note of their end -------------------------------------------------

static struct segment whole_buffer = {buffer, SECTOR_SIZE};

struct job {
    struct block_request request;
    int ends;      // how often done() came
    unsigned turn; // and which of all ends it was
};
static unsigned turns;
static struct job jobs[ROOM_MAX * 2];

static void note_end(struct block_request *request)
{
    struct job *job = container_of(request, struct job, request);
    job->ends++;
    job->turn = ++turns;
}

static int submit_job(unsigned i, enum block_operation operation, uint64_t sector)
{
    jobs[i] = (struct job){.request = {.operation = operation,
                                       .sector = sector,
                                       .sectors = 1,
                                       .segments = &whole_buffer,
                                       .segment_count = 1,
                                       .done = note_end}};
    return block_submit(&fake.device, &jobs[i].request);
}

// What block_submit() says of a request for these sectors with these pieces of the buffer.
static int answer_for(enum block_operation operation, uint64_t sector, uint64_t sectors,
                      const struct segment *segments, unsigned count)
{
    static struct job job;
    job.request = (struct block_request){.operation = operation,
                                         .sector = sector,
                                         .sectors = sectors,
                                         .segments = segments,
                                         .segment_count = count,
                                         .done = note_end};
    return block_submit(&fake.device, &job.request);
}

static int answer_for_one(enum block_operation operation, uint64_t sector, uint64_t sectors)
{
    struct segment piece = {buffer, sectors * SECTOR_SIZE};
    return answer_for(operation, sector, sectors, &piece, 1);
}

// ---- Tests -----------------------------------------------------------------------------

static void has_a_name_and_is_found(void)
{
    static struct block_device second, named, same;
    CHECK_STRING(fake.device.name, "vda");
    CHECK(block_find("vda") == &fake.device);
    CHECK(block_find("/dev/vda") == &fake.device);
    CHECK(block_find("vdb") == NULL);
    CHECK(block_find("") == NULL);

    second = fake.device;
    second.name[0] = '\0';
    CHECK_EQUAL(block_add(&second), 0);
    CHECK_STRING(second.name, "vdb");
    named = fake.device;
    strlcpy(named.name, "ram0", sizeof(named.name));
    CHECK_EQUAL(block_add(&named), 0);
    CHECK_STRING(named.name, "ram0");
    same = named;
    CHECK_EQUAL(block_add(&same), -EINVAL);
    CHECK(block_next(NULL) == &fake.device);
    CHECK(block_next(&second) == &named);
    CHECK(block_next(&named) == NULL);
}

static void nonsense_is_no_disk(void)
{
    const struct block_device good = {.operations = &fake_operations, .sectors = 8,
        .block_size = 4096, .segments_max = 1, .sectors_max = 8, .segment_size_max = 4096};
    static struct block_device bad;
    bad = good, bad.block_size = 0;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.block_size = 256;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.block_size = 1536;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.sectors = 9;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.sectors = UINT64_C(1) << 55;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.segments_max = 0;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.segment_size_max = 2048;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
    bad = good, bad.sectors_max = 7;
    CHECK_EQUAL(block_add(&bad), -EINVAL);
}

static void one_user_at_a_time(void)
{
    CHECK_EQUAL(block_claim(&fake.device, "a file system"), 0);
    CHECK_EQUAL(block_claim(&fake.device, "another"), -EBUSY);
    CHECK_STRING(fake.device.used_by, "a file system");
    block_release(&fake.device);
    CHECK_EQUAL(block_claim(&fake.device, "another"), 0);
    block_release(&fake.device);
}

static void requests_outside_are_refused(void)
{
    fake_reset(0);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, DISK_SECTORS - 1, 1), 0);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, DISK_SECTORS, 1), -EINVAL);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, DISK_SECTORS - 1, 2), -EINVAL);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, UINT64_MAX, 1), -EINVAL);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, UINT64_MAX, 2), -EINVAL); // the sum wraps to 1
    CHECK_EQUAL(answer_for_one(BLOCK_READ, 0, 0), -EINVAL);
    CHECK_EQUAL(fake.submits, 1);
    CHECK_EQUAL(fake.device.counters.errors, 0); // no disk's error: nobody asked one
}

static void pieces_must_fit(void)
{
    struct segment pieces[5];
    for (int i = 0; i < 5; i++)
        pieces[i] = (struct segment){buffer + i * SECTOR_SIZE, SECTOR_SIZE};
    fake_reset(0);
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 4, pieces, 4), 0);
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 5, pieces, 5), -EINVAL); // too many
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 4, pieces, 3), -EINVAL); // too little
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 2, pieces, 3), -EINVAL); // too much
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 1, pieces, 0), -EINVAL);
    pieces[1].size = 100;
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 2, pieces, 2), -EINVAL);
    pieces[1].size = 0;
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 1, pieces, 2), -EINVAL);
    CHECK_EQUAL(answer_for_one(BLOCK_WRITE, 0, 33), -EINVAL); // a piece too large
    pieces[0] = pieces[1] = pieces[2] = (struct segment){buffer, 32 * SECTOR_SIZE};
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 64, pieces, 2), 0);
    CHECK_EQUAL(answer_for(BLOCK_WRITE, 0, 96, pieces, 3), -EINVAL); // too many sectors
    CHECK_EQUAL(fake.submits, 2);
}

static void large_blocks_are_not_cut(void)
{
    fake_reset(0);
    fake.device.block_size = 4096;
    CHECK_EQUAL(answer_for_one(BLOCK_READ, 8, 8), 0);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, 4, 8), -EINVAL);
    CHECK_EQUAL(answer_for_one(BLOCK_READ, 8, 4), -EINVAL);
    fake.device.block_size = SECTOR_SIZE;
}

static void a_disk_does_what_it_can(void)
{
    fake_reset(0);
    fake.device.read_only = true;
    CHECK_EQUAL(answer_for_one(BLOCK_READ, 0, 1), 0);
    CHECK_EQUAL(answer_for_one(BLOCK_WRITE, 0, 1), -EROFS);
    CHECK_EQUAL(answer_for(BLOCK_DISCARD, 0, 1, NULL, 0), -EROFS);
    CHECK_EQUAL(answer_for(BLOCK_WRITE_ZEROES, 0, 1, NULL, 0), -EROFS);
    CHECK_EQUAL(answer_for(BLOCK_FLUSH, 0, 0, NULL, 0), 0);
    fake.device.read_only = false;
    CHECK_EQUAL(answer_for(BLOCK_DISCARD, 0, 1, NULL, 0), -ENOSYS);
    CHECK_EQUAL(answer_for(BLOCK_WRITE_ZEROES, 0, 1, NULL, 0), -ENOSYS);
    CHECK_EQUAL(answer_for(BLOCK_OPERATIONS, 0, 1, NULL, 0), -EINVAL);
    fake.device.can_flush = false;
    CHECK_EQUAL(answer_for(BLOCK_FLUSH, 0, 0, NULL, 0), -ENOSYS);
    CHECK_EQUAL(block_flush(&fake.device), 0); // there is nothing that it could lose
    fake.device.can_flush = true;
}

static void waits_for_room_in_order(void)
{
    fake_reset(2);
    turns = 0;
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQUAL(submit_job(i, BLOCK_READ, i), 0);
    CHECK_EQUAL(fake.count, 2);
    CHECK_EQUAL(fake.device.counters.in_flight, 2);
    fake_end(1, 0); // the second before the first: the third takes its place, behind the first
    CHECK_EQUAL(jobs[1].turn, 1);
    CHECK_EQUAL(fake.count, 2);
    CHECK(fake.taken[0] == &jobs[0].request && fake.taken[1] == &jobs[2].request);
    while (fake.count > 0)
        fake_end(0, 0);
    for (unsigned i = 2; i < 6; i++)
        CHECK_EQUAL(jobs[i].turn, i + 1);
    CHECK_EQUAL(fake.device.counters.in_flight, 0);
    CHECK_EQUAL(fake.device.counters.in_flight_most, 2);
    CHECK_EQUAL(fake.device.counters.requests[BLOCK_READ], 6);
    CHECK_EQUAL(fake.device.counters.sectors[BLOCK_READ], 6);
}

static void submit_another(struct block_request *request)
{
    note_end(request);
    submit_job(1, BLOCK_READ, 7);
}

static void an_end_may_begin_another(void)
{
    fake_reset(1);
    CHECK_EQUAL(submit_job(0, BLOCK_READ, 0), 0);
    jobs[0].request.done = submit_another;
    fake_end(0, 0);
    CHECK_EQUAL(fake.count, 1);
    CHECK(fake.taken[0] == &jobs[1].request);
    fake_end(0, 0);
    CHECK_EQUAL(jobs[1].ends, 1);
    // With nothing in flight any more, but one that waits: that has its turn first.
    CHECK_EQUAL(submit_job(0, BLOCK_READ, 0), 0);
    jobs[0].request.done = submit_another;
    CHECK_EQUAL(submit_job(2, BLOCK_READ, 0), 0);
    fake_end(0, 0);
    CHECK(fake.taken[0] == &jobs[2].request);
    fake_end(0, 0);
    CHECK(fake.taken[0] == &jobs[1].request);
    fake_end(0, 0);
}

static void errors_reach_the_caller_alone(void)
{
    fake_reset(3);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQUAL(submit_job(i, BLOCK_WRITE, i), 0);
    fake_end(1, -EIO);
    CHECK_EQUAL(jobs[1].ends, 1);
    CHECK_EQUAL(jobs[1].request.error, -EIO);
    while (fake.count > 0)
        fake_end(0, 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(jobs[i].ends, 1);
        CHECK_EQUAL(jobs[i].request.error, i == 1 ? -EIO : 0);
    }
    CHECK_EQUAL(fake.device.counters.errors, 1);
    CHECK_EQUAL(fake.device.counters.requests[BLOCK_WRITE], 3);
    CHECK_EQUAL(fake.submits, 4 + 1); // the fourth twice, for want of room; nothing again
}

static void a_refusal_is_the_answer(void)
{
    fake_reset(1);
    fake.refusal = -EIO;
    CHECK_EQUAL(submit_job(0, BLOCK_READ, 0), -EIO);
    CHECK_EQUAL(jobs[0].ends, 0);
    CHECK_EQUAL(fake.device.counters.in_flight, 0);

    // Of one that has waited already, done() hears of it.
    fake.refusal = 0;
    CHECK_EQUAL(submit_job(0, BLOCK_READ, 0), 0);
    CHECK_EQUAL(submit_job(1, BLOCK_READ, 1), 0);
    fake.refusal = -EIO;
    fake_end(0, 0);
    CHECK_EQUAL(jobs[1].ends, 1);
    CHECK_EQUAL(jobs[1].request.error, -EIO);
}

static void a_device_goes_away(void)
{
    fake_reset(2);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQUAL(submit_job(i, BLOCK_READ, i), 0);
    block_device_gone(&fake.device);
    for (unsigned i = 2; i < 5; i++) {
        CHECK_EQUAL(jobs[i].ends, 1);
        CHECK_EQUAL(jobs[i].request.error, -ENXIO);
    }
    CHECK_EQUAL(jobs[0].ends, 0); // it may still be writing there
    while (fake.count > 0)
        fake_end(0, -ENXIO);
    block_device_gone(&fake.device);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQUAL(jobs[i].ends, 1);
    CHECK_EQUAL(submit_job(0, BLOCK_READ, 0), -ENXIO);
    CHECK_EQUAL(block_read(&fake.device, 0, buffer, SECTOR_SIZE), -ENXIO);
    CHECK_EQUAL(block_flush(&fake.device), -ENXIO);
    fake_reset(0);
}

const struct test unit_tests[] = {
    {"has a name and is found", has_a_name_and_is_found},
    {"nonsense is no disk", nonsense_is_no_disk},
    {"one user at a time", one_user_at_a_time},
    {"requests outside are refused", requests_outside_are_refused},
    {"pieces must fit", pieces_must_fit},
    {"large blocks are not cut", large_blocks_are_not_cut},
    {"a disk does what it can", a_disk_does_what_it_can},
    {"waits for room, in order", waits_for_room_in_order},
    {"an end may begin another", an_end_may_begin_another},
    {"errors reach the caller alone", errors_reach_the_caller_alone},
    {"a refusal is the answer", a_refusal_is_the_answer},
    {"a device goes away", a_device_goes_away},
    {0},
};
