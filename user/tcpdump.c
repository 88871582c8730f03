// SPDX-License-Identifier: MIT
//
// tcpdump: shows frames as they pass: tcpdump tcp port 80 and host 10.0.2.2
//
// Lines are in tcpdump's well-known form. They are written when nothing more is waiting to be
// shown, so that a burst is one write and a single frame is seen at once.
// Chapter 20.
#include "tcpdump.h"

#include "options.h"
#include "output.h"

#define USAGE \
    "tcpdump [-enStx] [-i INTERFACE] [-c COUNT] [-s BYTES] [-w FILE | -r FILE] [FILTER...]"

struct tcpdump {
    const char *interface, *write_to, *read_from;
    uint64_t count, snap; // frames to show; bytes of each
    uint64_t shown;
    struct filter filter;
    struct printer printer;
    struct writer file; // with -w
    uint8_t bytes[FRAME_MAX];
};

static int fail(const char *what, int error)
{
    char text[128];
    snprintf(text, sizeof(text), "tcpdump: %s", what);
    return os_print_error(text, error);
}

// ---- Frames -----------------------------------------------------------------------------

static bool is_done(const struct tcpdump *dump)
{
    return (dump->count > 0 && dump->shown >= dump->count) || dump->printer.writer.error ||
           dump->file.error;
}

static void take_frame(struct tcpdump *dump, const struct os_frame *frame)
{
    struct view view;
    view_frame(&view, frame, dump->bytes);
    if (!filter_matches(&dump->filter, &view))
        return;
    dump->shown++;
    if (dump->write_to)
        capture_write(&dump->file, frame, dump->bytes);
    else
        print_frame(&dump->printer, &view);
}

// What is gathered is written before we wait: Ctrl-C ends us there.
static int watch(struct tcpdump *dump, int handle)
{
    while (!is_done(dump)) {
        struct os_frame frame;
        bool has_gathered = dump->printer.writer.count > 0 || dump->file.count > 0;
        uint64_t deadline = has_gathered ? os_clock_ns() : OS_NEVER;
        int result = os_capture_read(handle, &frame, dump->bytes, FRAME_MAX, deadline);
        if (result >= 0) {
            take_frame(dump, &frame);
        } else if (result == -ETIMEDOUT) {
            writer_finish(&dump->printer.writer);
            writer_finish(&dump->file);
        } else {
            return fail("reading frames", result);
        }
    }
    return 0;
}

static int watch_interface(struct tcpdump *dump)
{
    int handle = os_capture_open(dump->interface, (unsigned)dump->snap);
    if (handle < 0)
        return fail(dump->interface ? dump->interface : "frames", handle);
    os_fprintf(OS_ERROR, "tcpdump: listening on %s\n",
               dump->interface ? dump->interface : "all interfaces");
    int status = watch(dump, handle);
    os_fprintf(OS_ERROR, "tcpdump: %llu frames, %llu dropped\n",
               (unsigned long long)dump->shown,
               (unsigned long long)os_capture_dropped(handle));
    return status;
}

static int read_file(struct tcpdump *dump)
{
    struct capture_reader reader;
    struct os_frame frame;
    int handle = os_open(dump->read_from, OS_READ_ONLY);
    int result = handle < 0 ? handle : capture_open(&reader, handle);
    if (result == -EINVAL)
        os_fprintf(OS_ERROR, "tcpdump: expected a pcap file for Ethernet or IP\n");
    if (result < 0)
        return fail(dump->read_from, result);
    while (!is_done(dump) && (result = capture_read(&reader, &frame, dump->bytes)) > 0)
        take_frame(dump, &frame);
    return result < 0 ? fail(dump->read_from, result) : 0;
}

// ---- What we were asked to do -----------------------------------------------------------

// False: that makes no sense.
static bool take_option(struct tcpdump *dump, int letter, const char *value)
{
    switch (letter) {
    case 'e':
        return dump->printer.link = true;
    case 'n':
        return dump->printer.numbers = true;
    case 'S':
        return dump->printer.absolute = true;
    case 't':
        return dump->printer.no_time = true;
    case 'x':
        return dump->printer.hex = true;
    case 'c':
        return options_number(value, &dump->count) && dump->count > 0;
    case 's':
        if (!options_number(value, &dump->snap))
            return false;
        if (dump->snap == 0 || dump->snap > FRAME_MAX) // 0 means all of it
            dump->snap = FRAME_MAX;
        return true;
    case 'i':
        dump->interface = strcmp(value, "any") == 0 ? NULL : value;
        return true;
    case 'r':
        dump->read_from = value;
        return true;
    case 'w':
        dump->write_to = value;
        return true;
    default:
        return false;
    }
}

static bool take_options(struct tcpdump *dump, struct options *options)
{
    int letter;
    while ((letter = options_next(options)) > 0) {
        if (!take_option(dump, letter, options->value))
            return false;
    }
    return letter == 0;
}

static int run(struct tcpdump *dump)
{
    if (dump->write_to) {
        int handle = os_open(dump->write_to, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE);
        if (handle < 0)
            return fail(dump->write_to, handle);
        dump->file.handle = handle;
        capture_begin(&dump->file);
    }
    int status = dump->read_from ? read_file(dump) : watch_interface(dump);
    if (dump->write_to)
        status |= output_status("tcpdump", writer_finish(&dump->file));
    return status | output_status("tcpdump", writer_finish(&dump->printer.writer));
}

int tcpdump_main(int argc, char **argv)
{
    struct tcpdump *dump = os_alloc(sizeof(*dump));
    char error[128];
    if (!dump)
        return fail("starting", -ENOMEM);
    dump->snap = FRAME_MAX;
    dump->printer.writer.handle = OS_OUTPUT;
    struct options options = options_start(argc, argv, "c:ei:nr:s:Stw:x");
    if (!take_options(dump, &options))
        return os_usage(USAGE);
    if (!filter_compile(&dump->filter, options.operands, options.count, error,
                        sizeof(error))) {
        os_fprintf(OS_ERROR, "tcpdump: the filter: %s\n", error);
        return 2;
    }
    return run(dump);
}
