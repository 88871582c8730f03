// SPDX-License-Identifier: MIT
//
// The kernel's own words, and the log that keeps them.
//
//   print("%s: %d\n", name, n)          to the console, as it stands
//   log_info("disk: %u sectors", n)     with a time stamp, to the console and into the log
//
// A log line has no newline of its own. Every line goes into a ring of the last LOG_SIZE
// bytes, whatever its level (`dmesg` shows it); the console gets those of the console level
// and above.
#pragma once

#include <stdarg.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum { LOG_SIZE = 8192 };

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

// Lines less important than this stay off the console. LOG_INFO at the start.
void log_set_console_level(enum log_level level);
// Copies log text from byte `position` on (0: the oldest there ever was); bytes that the
// ring has lost are skipped. Returns the count, 0 at the end, and moves *position past what
// it gave.
size_t log_read(size_t *position, char *buffer, size_t size);
