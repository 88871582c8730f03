// SPDX-License-Identifier: MIT
//
// kernel/console.c and kernel/print.c: line ends, a driver that fails, a second console, the
// ring of log lines.
#include "console.h"
#include "error.h"
#include "format.h"
#include "print.h"
#include "string.h"
#include "unit.h"

// A console that keeps what it is given.
static struct {
    char text[2048];
    size_t length;
    bool prints_while_writing; // a driver with a fault
} recorder;

static void record(struct console_device *device, const char *bytes, size_t count)
{
    if (recorder.prints_while_writing)
        print("(a driver that prints while it writes: this line comes by the firmware)\n");
    for (size_t i = 0; i < count && recorder.length + 1 < sizeof recorder.text; i++)
        recorder.text[recorder.length++] = bytes[i];
    recorder.text[recorder.length] = '\0';
}

static size_t read_ab(struct console_device *device, char *bytes, size_t size)
{
    size_t count = size < 2 ? size : 2;
    memcpy(bytes, "ab", count);
    return count;
}

static struct console_device device = {.name = "recorder", .write = record, .read = read_ab};
static struct console_device *usual;

void unit_setup(const struct boot_info *boot)
{
    usual = console_device();
}

static void start_recording(void)
{
    recorder.length = 0;
    recorder.text[0] = '\0';
    recorder.prints_while_writing = false;
    console_set_device(&device);
}

static const char *stop_recording(void)
{
    console_set_device(usual);
    return recorder.text;
}

static void line_ends(void)
{
    start_recording();
    console_write("\n\none\ntwo", 9);
    console_write("\n", 1);
    console_write("", 0);
    CHECK_STRING(stop_recording(), "\r\n\r\none\r\ntwo\r\n");
}

static void printing(void)
{
    start_recording();
    print("%d %s\n", 42, "words");
    CHECK_STRING(stop_recording(), "42 words\r\n");
}

static void reading(void)
{
    char bytes[4];
    start_recording();
    size_t count = console_read(bytes, sizeof bytes);
    stop_recording();
    CHECK_EQUAL(count, 2);
    CHECK(memcmp(bytes, "ab", 2) == 0);
}

static int notified;

static void count_notification(void)
{
    notified++;
}

static void notifying(void)
{
    console_notify(); // nobody there yet
    console_set_receiver(count_notification);
    console_notify();
    console_set_receiver(NULL);
    CHECK_EQUAL(notified, 1);
}

static void a_failing_driver_is_given_up(void)
{
    start_recording();
    recorder.prints_while_writing = true;
    print("one piece\n");
    struct console_device *left = console_device();
    stop_recording();
    CHECK(left == NULL);
}

// ---- A second one -----------------------------------------------------------------------
static char seconds[64]; // what it was given
static bool second_prints;

static void write_second(struct console_device *which, const char *bytes, size_t count)
{
    strlcpy(seconds, bytes, count < sizeof seconds ? count + 1 : sizeof seconds);
    if (second_prints)
        print("about the second\n");
}

static bool first_ended(struct console_device *which)
{
    return true;
}

static struct console_device second = {
    .name = "second", .write = write_second, .read = read_ab};

static void both_are_served(void)
{
    char bytes[8];
    start_recording();
    CHECK_EQUAL(console_set_second(&second), 0);
    CHECK_EQUAL(console_set_second(&device), -EBUSY);
    console_write("words", 5);
    size_t count = console_read(bytes, 3); // as many as there is room for
    bool all = console_read(bytes + 3, 5) == 4;
    device.has_ended = first_ended;
    bool ended = console_has_ended();
    console_set_second(NULL);
    bool ended_alone = console_has_ended();
    device.has_ended = NULL;
    console_write("alone", 5);
    CHECK_STRING(stop_recording(), "wordsalone");
    CHECK_STRING(seconds, "words");
    CHECK_EQUAL(count, 3);
    CHECK(all && memcmp(bytes, "abaabab", 7) == 0);
    CHECK(!ended && ended_alone);
}

// What it says about its own fault reaches the first.
static void a_failing_second_is_given_up(void)
{
    start_recording();
    console_set_second(&second);
    second_prints = true;
    console_write("one", 3);
    second_prints = false;
    console_write("two", 3);
    CHECK_STRING(stop_recording(), "oneabout the second\r\ntwo");
    CHECK_STRING(seconds, "one");
    CHECK_EQUAL(console_set_second(NULL), 0);
}

// ---- The log ----------------------------------------------------------------------------
// From *position on, in pieces of odd size.
static char text[2 * LOG_SIZE];

static size_t read_log(size_t *position)
{
    size_t length = 0, count;
    while ((count = log_read(position, text + length, 77)) > 0)
        length += count;
    text[length] = '\0';
    return length;
}

static void marks_and_levels(void)
{
    size_t position = 0;
    read_log(&position); // to the end
    start_recording();
    log_error("no %s", "disk");
    log_warning("slow disk");
    log_info("a disk");
    log_debug("a secret");
    const char *seen = stop_recording();

    CHECK(strstr(seen, "] error: no disk\r\n"));
    CHECK(strstr(seen, "] warning: slow disk\r\n"));
    CHECK(strstr(seen, "] a disk\r\n"));
    CHECK(!strstr(seen, "secret"));
    CHECK(seen[0] == '[' && seen[6] == '.' && seen[13] == ']'); // [    0.000123]
    read_log(&position);
    CHECK(strstr(text, "] a secret\n"));
}

static void quiet_console(void)
{
    start_recording();
    log_set_console_level(LOG_ERROR);
    log_warning("not shown");
    log_error("shown");
    log_set_console_level(LOG_INFO);
    const char *seen = stop_recording();
    CHECK(!strstr(seen, "not shown"));
    CHECK(strstr(seen, "shown"));
}

static void the_ring_keeps_the_last_lines(void)
{
    log_set_console_level(LOG_ERROR);
    for (int i = 0; i < 1000; i++)
        log_info("line %d", i);
    log_set_console_level(LOG_INFO);

    size_t position = 0;
    size_t length = read_log(&position);
    CHECK(length <= LOG_SIZE && length > LOG_SIZE - 64);
    CHECK(text[0] == '['); // whole lines only
    CHECK(strstr(text, "] line 999\n"));
    CHECK(!strstr(text, "] line 1\n"));
    CHECK_EQUAL(read_log(&position), 0);
    log_debug("one more");
    read_log(&position);
    CHECK(strstr(text, "one more\n"));
}

static void a_line_longer_than_the_ring(void)
{
    log_debug("%*d", 3 * LOG_SIZE, 7);
    size_t position = 0;
    CHECK(read_log(&position) <= LOG_SIZE);
    log_debug("after it");
    position = 0;
    read_log(&position);
    CHECK(text[0] == '[' && strstr(text, "after it\n"));
    position = SIZE_MAX; // from nowhere
    CHECK_EQUAL(read_log(&position), 0);
}

const struct test unit_tests[] = {
    {"line ends", line_ends},
    {"printing", printing},
    {"reading", reading},
    {"notifying", notifying},
    {"a failing driver is given up", a_failing_driver_is_given_up},
    {"both are served", both_are_served},
    {"a failing second is given up", a_failing_second_is_given_up},
    {"marks and levels", marks_and_levels},
    {"quiet console", quiet_console},
    {"the ring keeps the last lines", the_ring_keeps_the_last_lines},
    {"a line longer than the ring", a_line_longer_than_the_ring},
    {0},
};
