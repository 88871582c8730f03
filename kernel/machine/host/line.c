// SPDX-License-Identifier: MIT
//
// Interrupt lines of a process: what a device does to be heard.
//
// A line interrupts while its descriptor can be read or its device holds it up, the device
// wants to (listen), the controller lets it (enable) and nobody is at it already (claim to
// complete). A line that is held up costs no system call, so a busy disk is served without
// any; once in a while the descriptors are looked at all the same.
// Chapter 05.
#include <poll.h>
#include <time.h>

#include "host.h"
#include "machine.h"
#include "panic.h"

enum {
    LOOKS_BETWEEN_POLLS = 32, // while lines are held up
    DESCRIPTORS_MAX = 2 * HOST_LINES,
};

struct line {
    int descriptor;
    bool connected, listens, enabled, claimed;
    bool up;    // its device holds it
    bool ready; // its descriptor was found readable, and not claimed since
};

static struct {
    struct line lines[HOST_LINES]; // by source number; 0 stays free
    unsigned end;                  // behind the last that was ever connected
    unsigned unpolled;             // looks since the descriptors were looked at
    void (*wait)(uint64_t timeout_ns); // in place of poll(), or NULL
} lines;

static struct line *line_of(unsigned source)
{
    ASSERT(source > 0 && source < HOST_LINES);
    return &lines.lines[source];
}

void host_line_connect(unsigned source, int descriptor)
{
    *line_of(source) = (struct line){.descriptor = descriptor, .connected = true};
    if (source >= lines.end)
        lines.end = source + 1;
}

void host_line_end(unsigned source)
{
    line_of(source)->connected = false;
}

void host_line_listen(unsigned source, bool on)
{
    line_of(source)->listens = on;
}

void host_line_raise(unsigned source, bool up)
{
    line_of(source)->up = up;
    if (up)
        host_poll_soon();
}

void host_line_enable(unsigned source, bool on)
{
    line_of(source)->enabled = on;
}

static bool may_interrupt(const struct line *line)
{
    return line->connected && line->listens && line->enabled && !line->claimed;
}

// Another one interrupts at the next look, which is soon.
unsigned host_line_claim(void)
{
    unsigned claimed = 0;
    for (unsigned source = 1; source < lines.end; source++) {
        struct line *line = &lines.lines[source];
        if (!(line->ready || line->up) || !may_interrupt(line))
            continue;
        if (claimed != 0) {
            host_poll_soon();
            break;
        }
        line->ready = false;
        line->claimed = true;
        claimed = source;
    }
    return claimed;
}

void host_line_complete(unsigned source)
{
    line_of(source)->claimed = false;
    if (line_of(source)->up)
        host_poll_soon();
}

static bool is_any_up(void)
{
    for (unsigned source = 1; source < lines.end; source++)
        if (lines.lines[source].up && may_interrupt(&lines.lines[source]))
            return true;
    return false;
}

// The lines whose descriptors may interrupt, for poll(), and beside it. Returns how many.
static unsigned collect_lines(struct pollfd *polled, struct line **found)
{
    unsigned count = 0;
    for (unsigned source = 1; source < lines.end; source++) {
        struct line *line = &lines.lines[source];
        if (line->descriptor == HOST_NO_DESCRIPTOR || !may_interrupt(line))
            continue;
        polled[count] = (struct pollfd){.fd = line->descriptor, .events = POLLIN};
        found[count++] = line;
    }
    return count;
}

// Waits for a descriptor, of a line or of a device. True when one of a line is ready.
static bool poll_descriptors(uint64_t timeout_ns)
{
    if (lines.wait) {
        lines.wait(timeout_ns);
        return false;
    }

    struct pollfd polled[DESCRIPTORS_MAX];
    struct line *found[HOST_LINES];
    unsigned of_lines = collect_lines(polled, found);
    unsigned count =
        of_lines + host_devices_watch(polled + of_lines, DESCRIPTORS_MAX - of_lines);
    if (count == 0 && timeout_ns == 0)
        return false;

    const struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ns / 1000000000),
        .tv_nsec = (long)(timeout_ns % 1000000000),
    };
    if (ppoll(polled, count, timeout_ns == MACHINE_NEVER ? NULL : &timeout, NULL) <= 0)
        return false;

    bool ready = false;
    for (unsigned i = 0; i < of_lines; i++) {
        found[i]->ready = polled[i].revents != 0;
        ready |= found[i]->ready;
    }
    host_devices_found(polled + of_lines, count - of_lines);
    return ready;
}

void host_line_wait_by(void (*wait)(uint64_t timeout_ns))
{
    lines.wait = wait;
}

bool host_line_wait(uint64_t timeout_ns)
{
    bool busy = host_devices_run();
    bool up = is_any_up();
    if (up && lines.unpolled++ < LOOKS_BETWEEN_POLLS)
        return true;

    lines.unpolled = 0;
    bool ready = poll_descriptors(up || busy ? 0 : timeout_ns);
    host_devices_run();
    return ready || is_any_up();
}
