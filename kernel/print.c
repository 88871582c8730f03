// SPDX-License-Identifier: MIT
//
// The kernel's own words, and the log that keeps them.
//
// The log is a ring: byte number n of all that was ever logged lies at n modulo LOG_SIZE,
// so the count of bytes written so far says both where the next one goes and which ones are
// lost.
// Chapter 02.
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "format.h"
#include "machine.h"
#include "smaller.h"
#include "string.h"

// Apart from the struct, which has values to start with: so the image need not carry these
// zeros.
static char ring[LOG_SIZE];

static struct {
    size_t written; // bytes since boot
    enum log_level console_level;
} log = {.console_level = LOG_INFO};

static void write_to_console(void *context, const char *bytes, size_t count)
{
    console_write(bytes, count);
}

void vprint(const char *format, va_list arguments)
{
    format_to(write_to_console, NULL, format, arguments);
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprint(format, arguments);
    va_end(arguments);
}

// `context` tells whether the console gets it, too.
static void write_to_log(void *context, const char *bytes, size_t count)
{
    const bool *on_console = context;
    if (*on_console)
        console_write(bytes, count);

    while (count > 0) {
        size_t at = log.written % LOG_SIZE;
        size_t part = smaller(count, LOG_SIZE - at);
        memcpy(ring + at, bytes, part);
        log.written += part;
        bytes += part, count -= part;
    }
}

static void write_stamp(bool *on_console, enum log_level level)
{
    static const char *const marks[] = {[LOG_ERROR] = "error: ",
                                        [LOG_WARNING] = "warning: ",
                                        [LOG_INFO] = "",
                                        [LOG_DEBUG] = ""};

    uint64_t us = machine_clock_ns() / 1000;
    char stamp[48];
    int length =
        snprintf(stamp, sizeof stamp, "[%5llu.%06llu] %s", (unsigned long long)(us / 1000000),
                 (unsigned long long)(us % 1000000), marks[level]);
    write_to_log(on_console, stamp, (size_t)length);
}

void log_line(enum log_level level, const char *format, ...)
{
    bool on_console = level <= log.console_level;
    write_stamp(&on_console, level);

    va_list arguments;
    va_start(arguments, format);
    format_to(write_to_log, &on_console, format, arguments);
    va_end(arguments);
    write_to_log(&on_console, "\n", 1);
}

void log_set_console_level(enum log_level level)
{
    log.console_level = level;
}

// Where the first line begins that is whole in the ring: what has been overwritten ends
// somewhere inside a line.
static size_t oldest_line(void)
{
    size_t at = log.written - LOG_SIZE;
    while (at < log.written && ring[at % LOG_SIZE] != '\n')
        at++;
    return at + 1;
}

size_t log_read(size_t *position, char *buffer, size_t size)
{
    if (log.written > LOG_SIZE && *position < log.written - LOG_SIZE)
        *position = oldest_line();
    if (*position > log.written)
        *position = log.written;

    size_t count = smaller(size, log.written - *position);
    for (size_t i = 0; i < count; i++)
        buffer[i] = ring[(*position + i) % LOG_SIZE];
    *position += count;
    return count;
}
