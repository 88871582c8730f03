// SPDX-License-Identifier: MIT
//
// Numbers and strings as text: the printf family.
//
// Flags - + space # 0, width and precision (also *), lengths hh h l ll z t j, conversions d
// i u x X o b c s p %. No floating point: the kernel keeps out of those registers. An
// unknown conversion is copied as it stands.
#pragma once

#include <stdarg.h>
#include <stddef.h>

// Where formatted bytes go: called with pieces in order, never with an empty one.
typedef void format_sink(void *context, const char *bytes, size_t count);

// Returns the number of bytes produced, or of INT_MAX when they were more.
int format_to(format_sink *sink, void *context, const char *format, va_list arguments);

// Writes at most size bytes, the terminating 0 included when size > 0. Returns the length
// without truncation, as C does.
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
