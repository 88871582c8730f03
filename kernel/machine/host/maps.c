// SPDX-License-Identifier: MIT
//
// What the process may do with an address, as the system sees it: /proc/self/maps, a
// line for each range.
//
//     200000000000-200008000000 rw-p 00000000 00:00 0
//
// Read a piece at a time and without any memory of its own, since a fault's report
// needs it.
// Chapter 03.
#include <fcntl.h>
#include <unistd.h>

#include "host.h"
#include "machine.h"

// A line as far as it has been read. After "low-high rwx" nothing of it matters.
struct line {
    uintptr_t low, high;
    unsigned access;
    enum { IN_LOW, IN_HIGH, IN_ACCESS, IN_REST } part;
};

static void take_digit(uintptr_t *number, char digit)
{
    *number = *number << 4 | (uintptr_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static unsigned access_of(char c)
{
    switch (c) {
    case 'r': return MACHINE_READ;
    case 'w': return MACHINE_WRITE;
    case 'x': return MACHINE_EXECUTE;
    default: return MACHINE_NO_ACCESS;
    }
}

// Takes the next character of the file. True at the end of a line.
static bool read_on(struct line *line, char c)
{
    if (c == '\n')
        return true;
    if (c == '-' && line->part == IN_LOW)
        line->part = IN_HIGH;
    else if (c == ' ' && line->part < IN_REST)
        line->part++;
    else if (line->part == IN_LOW)
        take_digit(&line->low, c);
    else if (line->part == IN_HIGH)
        take_digit(&line->high, c);
    else if (line->part == IN_ACCESS)
        line->access |= access_of(c);
    return false;
}

static unsigned search(int file, uintptr_t address)
{
    char text[1024];
    struct line line = {0};
    ssize_t count;
    while ((count = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (!read_on(&line, text[i]))
                continue;
            if (address >= line.low && address < line.high)
                return line.access;
            line = (struct line){0};
        }
    }
    return MACHINE_NO_ACCESS;
}

unsigned host_access(uintptr_t address)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return MACHINE_NO_ACCESS;
    unsigned access = search(file, address);
    close(file);
    return access;
}
