// SPDX-License-Identifier: MIT
//
// virtio_console.c with a device made of variables: words go out whole and in order, what
// nobody takes is dropped and counted, keys come in any portions.
#include "boot/board.h"
#include "console.h"
#include "drivers/virtio/virtio_console.h"
#include "format.h"
#include "page.h"
#include "test.h"
#include "unit.h"
#include "virtio_device.h"

static struct virtio_device *device;
static struct console_device *usual;
static char heard[40000]; // what the device was given
static size_t heard_length;

static void write_nothing(struct console_device *which, const char *bytes, size_t count)
{
}

static size_t read_nothing(struct console_device *which, char *bytes, size_t size)
{
    return 0;
}

static struct console_device silence = {
    .name = "silence", .write = write_nothing, .read = read_nothing};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    usual = console_device();
}

// The test's own words stay away from the device.
static bool begin(uint64_t features)
{
    static const struct virtio_driver *const drivers[] = {&virtio_console_driver, NULL};
    memset(&fake, 0, sizeof(fake));
    heard_length = 0;
    fake.offered = features | VIRTIO_F_VERSION_1;
    fake.size_max = 64;
    device = heap_alloc(sizeof(*device));
    *device = (struct virtio_device){
        .transport = &fake_transport, .name = "fake0", .id = VIRTIO_CONSOLE};
    console_set_device(&silence);
    return virtio_start(device, drivers);
}

static void end(void)
{
    console_set_second(NULL);
    console_set_device(usual);
}

// The device takes the requests with words that there are, and finishes them.
static void take_words(void)
{
    fake.queue = device->queues[1];
    while (fake_has_request()) {
        struct fake_chain chain = fake_take();
        for (const struct virtq_desc *desc; (desc = fake_next(&chain));) {
            memcpy(heard + heard_length, fake_memory(desc->address), desc->length);
            heard_length += desc->length;
        }
        fake_use(chain.head, 0);
    }
    heard[heard_length] = '\0';
    virtio_queues_interrupt(device);
}

static void words_go_out(void)
{
    CHECK(begin(VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC));
    console_write("one", 3);
    console_write("two\n", 4); // waits: one request at a time
    CHECK_EQUAL(virtqueue_in_flight(device->queues[1]), 1);
    take_words();
    take_words();
    end();
    CHECK_STRING(heard, "onetwo\r\n");
    CHECK_EQUAL(device->queues[1]->counters.requests, 2);
}

// Through the ring's end, again and again; collected on writing, without an interrupt.
static void words_go_around(void)
{
    CHECK(begin(0));
    uint64_t state = 7;
    char word[16];
    size_t written = 0;
    for (unsigned i = 0; i < 4000; i++) {
        size_t count = (size_t)snprintf(word, sizeof word, "%u;", i);
        console_write(word, count);
        written += count;
        if (unit_random(&state) % 8 == 0)
            take_words();
    }
    for (unsigned i = 0; i < 3; i++)
        take_words();
    end();
    CHECK_EQUAL(heard_length, written);
    const char *at = heard;
    for (unsigned i = 0; i < 4000; i++) {
        size_t count = (size_t)snprintf(word, sizeof word, "%u;", i);
        CHECK(memcmp(at, word, count) == 0);
        at += count;
    }
}

static void what_nobody_takes_is_dropped(void)
{
    CHECK(begin(0));
    for (unsigned i = 0; i < 1000; i++)
        console_write("0123456789", 10); // 8190 bytes fit
    CHECK_EQUAL(virtqueue_in_flight(device->queues[1]), 1);
    for (unsigned i = 0; i < 3; i++)
        take_words();
    CHECK_EQUAL(heard_length, 8190);
    console_write("again", 5);
    take_words();
    end();
    CHECK_STRING(heard + 8190, "\r\n[1810 bytes lost here]\r\nagain");
}

// ---- Keys -------------------------------------------------------------------------------
static bool give_keys(const char *keys)
{
    fake.queue = device->queues[0];
    if (!fake_has_request())
        return false;
    struct fake_chain chain = fake_take();
    const struct virtq_desc *desc = fake_next(&chain);
    memcpy(fake_memory(desc->address), keys, strlen(keys));
    fake_use(chain.head, (uint32_t)strlen(keys));
    virtio_queues_interrupt(device);
    return true;
}

static int notified;

static void count_notification(void)
{
    notified++;
}

static void keys_come_in(void)
{
    char keys[16] = "";
    CHECK(begin(VIRTIO_F_EVENT_IDX));
    notified = 0;
    console_set_receiver(count_notification);
    CHECK(give_keys("abc"));
    CHECK(give_keys(""));
    CHECK(give_keys("defg"));
    console_set_receiver(NULL);
    size_t first = console_read(keys, 2), second = console_read(keys + 2, 4);
    size_t third = console_read(keys + 6, 4), fourth = console_read(keys + 7, 4);
    end();
    CHECK(notified > 0);
    CHECK_EQUAL(first, 2);
    CHECK_EQUAL(second, 4);
    CHECK_EQUAL(third, 1);
    CHECK_EQUAL(fourth, 0);
    CHECK_STRING(keys, "abcdefg");
    CHECK_EQUAL(virtqueue_in_flight(device->queues[0]), 4); // all pieces are offered again
}

// Nobody reads: the device has no room left, and holds back who types.
static void keys_are_held_back(void)
{
    CHECK(begin(0));
    unsigned count = 0;
    while (give_keys("x"))
        count++;
    CHECK_EQUAL(count, 4);
    char keys[16];
    CHECK_EQUAL(console_read(keys, sizeof keys), 4);
    CHECK(give_keys("y"));
    CHECK_EQUAL(console_read(keys, sizeof keys), 1);
    end();
}

// ---- A device that lies -----------------------------------------------------------------
static void is_given_up(void)
{
    CHECK(begin(0));
    console_write("words", 5);
    fake.queue = device->queues[1];
    fake_use(77, 0);
    console_write("more\n", 5); // finds out, says so on the other console, and goes on
    bool gave_up = device->broken;
    console_write("and more", 8);
    bool taken_off = console_set_second(&silence) == 0;
    end();
    CHECK(gave_up);
    CHECK(taken_off);
    CHECK_EQUAL(virtqueue_in_flight(device->queues[1]), 0);
    CHECK_EQUAL(virtqueue_in_flight(device->queues[0]), 0);
}

const struct test unit_tests[] = {
    {"words go out", words_go_out},
    {"words go around", words_go_around},
    {"what nobody takes is dropped", what_nobody_takes_is_dropped},
    {"keys come in", keys_come_in},
    {"keys are held back", keys_are_held_back},
    {"is given up", is_given_up},
    {0},
};
