// SPDX-License-Identifier: MIT
//
// Strings: their lengths, compare, search, and numbers read from text.
// Chapter 02.
#include "string.h"

#include <stdbool.h>

#include "error.h"

size_t strlen(const char *string)
{
    const char *end = string;
    while (*end) {
        end++;
        __asm__("" : "+r"(end)); // opaque: else a compiler makes this a call of strlen
    }
    return (size_t)(end - string);
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length])
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (; limit > 0; limit--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

char *strchr(const char *string, int byte)
{
    for (;; string++) {
        if (*string == (char)byte)
            return (char *)(uintptr_t)string;
        if (!*string)
            return NULL;
    }
}

char *strrchr(const char *string, int byte)
{
    const char *last = NULL;
    for (;; string++) {
        if (*string == (char)byte)
            last = string;
        if (!*string)
            return (char *)(uintptr_t)last;
    }
}

char *strstr(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; strncmp(text, word, length) != 0; text++)
        if (!*text)
            return NULL;
    return (char *)(uintptr_t)text;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);
    size_t copied = length < size ? length : size - 1;
    memcpy(to, from, copied);
    to[copied] = '\0';
    return length;
}

// The value of a digit in bases up to 36, or 36 when it is none.
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    char letter = digit | 0x20; // lower case
    if (letter >= 'a' && letter <= 'z')
        return (unsigned)(letter - 'a') + 10;
    return 36;
}

// The base that a number's prefix tells, as in C: 0x 16, 0b 2, 0 8, otherwise 10. Moves
// *text behind it.
static unsigned take_prefix(const char **text)
{
    const char *at = *text;
    if (at[0] != '0')
        return 10;
    unsigned base = (at[1] | 0x20) == 'x' ? 16 : (at[1] | 0x20) == 'b' ? 2 : 8;
    if (base != 8)
        *text += 2;
    return base;
}

int string_to_u64(const char *text, unsigned base, uint64_t *value)
{
    if (base == 0)
        base = take_prefix(&text);
    if (!*text)
        return -EINVAL;

    uint64_t sum = 0;
    bool too_large = false;
    for (; *text; text++) {
        unsigned digit = digit_value(*text);
        if (digit >= base)
            return -EINVAL;
        if (sum > (UINT64_MAX - digit) / base)
            too_large = true;
        sum = sum * base + digit;
    }
    if (too_large)
        return -ERANGE;
    *value = sum;
    return 0;
}
