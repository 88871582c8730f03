// SPDX-License-Identifier: MIT
//
// Numbers and strings as text: the printf family.
//
// A format is taken apart into plain text, handed on as it stands, and conversions. A
// conversion is first read (`struct conversion`), then turned into pieces: padding, sign or
// prefix, zeros, digits. Pieces go to a sink, so that the same code writes to the console,
// into the log and into memory, and needs no buffer of its own.
// (C11, 7.21.6.1.)
// Chapter 02.
#include "format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "string.h"

enum { DIGITS_MAX = 64 }; // of a 64-bit number in base 2

enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_64 };

// What stands between the % and the end of a conversion, and the job it belongs to.
struct conversion {
    bool left, plus, space, zero, alternate;
    size_t width;
    int precision; // -1: none given
    enum length length;
    char letter;
};

struct job {
    format_sink *sink;
    void *context;
    size_t total;      // bytes produced so far
    va_list arguments; // what is left of them
};

static void emit(struct job *job, const char *bytes, size_t count)
{
    if (count == 0)
        return;
    job->total += count;
    job->sink(job->context, bytes, count);
}

// `count` times the byte that `sixteen` repeats.
static void emit_fill(struct job *job, const char sixteen[16], size_t count)
{
    for (; count > 16; count -= 16)
        emit(job, sixteen, 16);
    emit(job, sixteen, count);
}

static const char spaces[16] = "                ";
static const char zeros[16] = "0000000000000000";

static size_t missing(size_t have, size_t want)
{
    return want > have ? want - have : 0;
}

static void emit_text(struct job *job, const struct conversion *to, const char *text,
                      size_t length)
{
    size_t padding = missing(length, to->width);
    if (!to->left)
        emit_fill(job, spaces, padding);
    emit(job, text, length);
    if (to->left)
        emit_fill(job, spaces, padding);
}

// `prefix` is what stands before the zeros: a sign, "0x" or nothing.
static void emit_number(struct job *job, const struct conversion *to, const char *prefix,
                        uint64_t value, unsigned base)
{
    const char *alphabet = to->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[DIGITS_MAX];
    char *first = digits + DIGITS_MAX;
    for (; value != 0; value /= base)
        *--first = alphabet[value % base];

    size_t count = (size_t)(digits + DIGITS_MAX - first), signs = strlen(prefix);
    // Without a precision there is at least one digit; %#o makes sure that the first one is
    // a 0.
    size_t least = to->precision < 0 ? 1 : (size_t)to->precision;
    if (to->letter == 'o' && to->alternate && least <= count)
        least = count + 1;
    size_t leading = missing(count, least);
    size_t padding = missing(signs + leading + count, to->width);
    if (to->zero && !to->left && to->precision < 0) {
        leading += padding;
        padding = 0;
    }

    if (!to->left)
        emit_fill(job, spaces, padding);
    emit(job, prefix, signs);
    emit_fill(job, zeros, leading);
    emit(job, first, count);
    if (to->left)
        emit_fill(job, spaces, padding);
}

static void convert_signed(struct job *job, const struct conversion *to)
{
    int64_t value;
    if (to->length == LENGTH_64)
        value = va_arg(job->arguments, int64_t);
    else
        value = va_arg(job->arguments, int);
    if (to->length == LENGTH_CHAR)
        value = (signed char)value;
    else if (to->length == LENGTH_SHORT)
        value = (short)value;

    const char *sign = value < 0 ? "-" : to->plus ? "+" : to->space ? " " : "";
    // Negated as unsigned: the smallest number has no positive counterpart.
    emit_number(job, to, sign, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void convert_unsigned(struct job *job, const struct conversion *to, unsigned base,
                             const char *prefix)
{
    uint64_t value;
    if (to->length == LENGTH_64)
        value = va_arg(job->arguments, uint64_t);
    else
        value = va_arg(job->arguments, unsigned);
    if (to->length == LENGTH_CHAR)
        value = (unsigned char)value;
    else if (to->length == LENGTH_SHORT)
        value = (unsigned short)value;

    emit_number(job, to, to->alternate && value != 0 ? prefix : "", value, base);
}

// Always 0x and sixteen digits, so that addresses stand below each other.
static void convert_pointer(struct job *job, struct conversion *to)
{
    to->precision = 16;
    emit_number(job, to, "0x", (uintptr_t)va_arg(job->arguments, void *), 16);
}

static void convert_string(struct job *job, const struct conversion *to)
{
    const char *text = va_arg(job->arguments, const char *);
    if (!text)
        text = "(null)";
    // With a precision the string need not be terminated.
    emit_text(job, to, text,
              to->precision < 0 ? strlen(text) : strnlen(text, (size_t)to->precision));
}

static void convert_character(struct job *job, const struct conversion *to)
{
    char byte = (char)va_arg(job->arguments, int);
    emit_text(job, to, &byte, 1);
}

// False when there is no such conversion.
static bool convert(struct job *job, struct conversion *to)
{
    switch (to->letter) {
    case 'd':
    case 'i': convert_signed(job, to); return true;
    case 'u': convert_unsigned(job, to, 10, ""); return true;
    case 'x': convert_unsigned(job, to, 16, "0x"); return true;
    case 'X': convert_unsigned(job, to, 16, "0X"); return true;
    case 'o': convert_unsigned(job, to, 8, ""); return true;
    case 'b': convert_unsigned(job, to, 2, "0b"); return true;
    case 'p': convert_pointer(job, to); return true;
    case 's': convert_string(job, to); return true;
    case 'c': convert_character(job, to); return true;
    case '%': emit(job, "%", 1); return true;
    default: return false;
    }
}

static const char *read_flags(struct conversion *to, const char *at)
{
    for (;; at++) {
        switch (*at) {
        case '-': to->left = true; break;
        case '+': to->plus = true; break;
        case ' ': to->space = true; break;
        case '0': to->zero = true; break;
        case '#': to->alternate = true; break;
        default: return at;
        }
    }
}

// A width or a precision: digits, or * for the next argument, which may be negative.
static const char *read_size(struct job *job, const char *at, int *size)
{
    if (*at == '*') {
        *size = va_arg(job->arguments, int);
        return at + 1;
    }
    *size = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        *size = *size > (INT_MAX - 9) / 10 ? INT_MAX : *size * 10 + (*at - '0');
    return at;
}

static const char *read_length(struct conversion *to, const char *at)
{
    switch (*at) {
    case 'h':
        to->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return at[1] == 'h' ? at + 2 : at + 1;
    case 'l':
        to->length = LENGTH_64;
        return at[1] == 'l' ? at + 2 : at + 1;
    case 'z':
    case 't':
    case 'j': to->length = LENGTH_64; return at + 1;
    default: return at;
    }
}
_Static_assert(sizeof(long) == 8 && sizeof(size_t) == 8 && sizeof(intmax_t) == 8,
               "l z t j mean 64 bits");

// Reads what follows a % and leaves *to filled in. Returns the place of the conversion's
// letter.
static const char *read_conversion(struct job *job, struct conversion *to, const char *at)
{
    *to = (struct conversion){.precision = -1};
    at = read_flags(to, at);

    int width;
    at = read_size(job, at, &width);
    to->left |= width < 0;
    to->width = width < 0 ? -(size_t)width : (size_t)width;

    if (*at == '.')
        at = read_size(job, at + 1, &to->precision);
    at = read_length(to, at);
    to->letter = *at;
    return at;
}

int format_to(format_sink *sink, void *context, const char *format, va_list arguments)
{
    struct job job = {.sink = sink, .context = context};
    va_copy(job.arguments, arguments);

    for (;;) {
        const char *percent = format;
        while (*percent && *percent != '%')
            percent++;
        emit(&job, format, (size_t)(percent - format));
        if (!*percent)
            break;

        struct conversion conversion;
        format = read_conversion(&job, &conversion, percent + 1);
        if (*format)
            format++;
        if (!convert(&job, &conversion))
            emit(&job, percent, (size_t)(format - percent));
    }
    va_end(job.arguments);
    return job.total > INT_MAX ? INT_MAX : (int)job.total;
}

// Where snprintf's bytes go, and how many more fit (the terminating 0 not counted).
struct buffer {
    char *at;
    size_t room;
};

static void write_to_buffer(void *context, const char *bytes, size_t count)
{
    struct buffer *buffer = context;
    if (count > buffer->room)
        count = buffer->room;
    memcpy(buffer->at, bytes, count);
    buffer->at += count;
    buffer->room -= count;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct buffer to = {.at = buffer, .room = size > 0 ? size - 1 : 0};
    int length = format_to(write_to_buffer, &to, format, arguments);
    if (size > 0)
        *to.at = '\0';
    return length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
