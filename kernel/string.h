// SPDX-License-Identifier: MIT
//
// Bytes and strings, with the names and meanings of the C standard (section 7.24). The
// compiler calls the first four by itself. (Bytes: bytes.c; strings: string.c.)
#pragma once

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *memory, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
void *memchr(const void *memory, int byte, size_t count);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *string, int byte);
char *strrchr(const char *string, int byte);
char *strstr(const char *text, const char *word);
// Copies with truncation and always terminates (size > 0). Returns strlen(from): >= size
// means it was cut.
size_t strlcpy(char *to, const char *from, size_t size);
// A whole number in base 2 to 36, or 0 with its usual prefix. 0, -EINVAL (no number, or
// something after it), -ERANGE.
int string_to_u64(const char *text, unsigned base, uint64_t *value);
