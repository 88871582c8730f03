// SPDX-License-Identifier: MIT
//
// Bytes of memory: copy, fill, compare, search.
//
// The loops go eight bytes at a time, and many such words a turn where there are many. A word
// is only read or written at a multiple of eight, since a processor may trap on anything else,
// and never reaches outside what the caller named. Where two places cannot both be aligned,
// words are read at multiples of eight and shifted together.
// Chapter 02.
#include "string.h"

enum {
    WORD = sizeof(uint64_t),
    HALF = WORD / 2,
    MANY = 32, SOME = 4,  // words that one turn of a loop moves
    WORTHWHILE = 2 * WORD // fewer bytes than this go one by one
};

// A compiler that recognises a loop as "this is memset" would replace it with a call of
// memset: of itself. A pointer that went through here is opaque to it; no instruction is
// produced.
#define HIDE(pointer) __asm__("" : "+r"(pointer))

static inline size_t bytes_until_aligned(const void *pointer)
{
    return -(uintptr_t)pointer % WORD;
}

static inline void copy_four(uint64_t *to, const uint64_t *from)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
}

static inline void copy_sixteen(uint64_t *to, const uint64_t *from)
{
    copy_four(to, from);
    copy_four(to + 4, from + 4);
    copy_four(to + 8, from + 8);
    copy_four(to + 12, from + 12);
}

static inline void copy_four_halves(uint32_t *to, const uint32_t *from)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
}

static inline void copy_sixteen_halves(uint32_t *to, const uint32_t *from)
{
    copy_four_halves(to, from);
    copy_four_halves(to + 4, from + 4);
    copy_four_halves(to + 8, from + 8);
    copy_four_halves(to + 12, from + 12);
}

static inline void copy_bytes(uint8_t *to, const uint8_t *from, size_t count)
{
    for (const uint8_t *end = from + count; from != end; from++, to++) {
        *to = *from;
        HIDE(to);
    }
}

// Both aligned.
static inline void copy_words(uint64_t *to, const uint64_t *from, size_t count)
{
    const uint64_t *end = from + count / MANY * MANY;
    for (; from != end; from += MANY, to += MANY) {
        copy_sixteen(to, from);
        copy_sixteen(to + 16, from + 16);
        HIDE(to);
    }
    for (end = from + count % MANY / SOME * SOME; from != end; from += SOME, to += SOME) {
        copy_four(to, from);
        HIDE(to);
    }
    for (end = from + count % SOME; from != end; from++, to++) {
        *to = *from;
        HIDE(to);
    }
}

// The same with words of half the size: `from` lies in the middle of one of the others, as the
// data of a packet does.
static inline void copy_halves(uint32_t *to, const uint32_t *from, size_t count)
{
    const uint32_t *end = from + count / MANY * MANY;
    for (; from != end; from += MANY, to += MANY) {
        copy_sixteen_halves(to, from);
        copy_sixteen_halves(to + 16, from + 16);
        HIDE(to);
    }
    for (end = from + count % MANY / SOME * SOME; from != end; from += SOME, to += SOME) {
        copy_four_halves(to, from);
        HIDE(to);
    }
    for (end = from + count % SOME; from != end; from++, to++) {
        *to = *from;
        HIDE(to);
    }
}

// A word of a copy where only `to` is aligned: what was left of the word read before, and the
// beginning of this one (little-endian: the byte with the lowest address is the lowest of the
// word). Returns what is left of this one.
static inline uint64_t put_together(uint64_t *to, uint64_t left, uint64_t word, unsigned keep)
{
    *to = left | word << keep;
    return word >> (64 - keep);
}

// What lies before the first whole word, as left of one.
static inline uint64_t read_left(const uint8_t *from, size_t lead)
{
    uint64_t left = 0;
    for (size_t i = 0; i < lead; i++)
        left |= (uint64_t)from[i] << (8 * i);
    return left;
}

// `to` is aligned, `from` is not. Returns how many bytes are done, some of the last WORD * 2
// are not.
static inline size_t copy_shifted(uint64_t *to, const uint8_t *from, size_t count)
{
    size_t lead = bytes_until_aligned(from);
    unsigned keep = 8 * lead; // bits
    uint64_t left = read_left(from, lead);
    const uint64_t *word = (const uint64_t *)(const void *)(from + lead);
    size_t words = (count - lead) / WORD;
    const uint64_t *end = word + words / SOME * SOME;
    for (; word != end; word += SOME, to += SOME) {
        left = put_together(to, left, word[0], keep);
        left = put_together(to + 1, left, word[1], keep);
        left = put_together(to + 2, left, word[2], keep);
        left = put_together(to + 3, left, word[3], keep);
        HIDE(to);
    }
    for (end = word + words % SOME; word != end; word++, to++) {
        left = put_together(to, left, *word, keep);
        HIDE(to);
    }
    return words * WORD;
}

// From the lowest address up, since memmove() has its bytes copied here when the destination is
// lower: so nothing is said of them not overlapping (`restrict`).
void *memcpy(void *target, const void *source, size_t count)
{
    uint8_t *to = target;
    const uint8_t *from = source;
    if (count >= WORTHWHILE) {
        size_t done = bytes_until_aligned(to);
        copy_bytes(to, from, done);
        to += done, from += done, count -= done;

        if ((uintptr_t)from % WORD == 0) {
            done = count / WORD * WORD;
            copy_words((void *)to, (const void *)from, count / WORD);
        } else if ((uintptr_t)from % HALF == 0) {
            done = count / HALF * HALF;
            copy_halves((void *)to, (const void *)from, count / HALF);
        } else {
            done = copy_shifted((void *)to, from, count);
        }
        to += done, from += done, count -= done;
    }
    copy_bytes(to, from, count);
    return target;
}

// From the highest address down, for a destination that overlaps the source from above.
static void copy_down(uint8_t *to, const uint8_t *from, size_t count)
{
    to += count, from += count;
    if (((uintptr_t)to - (uintptr_t)from) % WORD == 0) {
        for (; count > 0 && (uintptr_t)from % WORD != 0; count--)
            *--to = *--from;
        for (; count >= WORD; count -= WORD) {
            to -= WORD, from -= WORD;
            *(uint64_t *)(void *)to = *(const uint64_t *)(const void *)from;
            HIDE(to);
        }
    }
    for (; count > 0; count--) {
        *--to = *--from;
        HIDE(to);
    }
}

void *memmove(void *to, const void *from, size_t count)
{
    // Unsigned: true both when `to` is lower and when it lies behind the source's end.
    if ((uintptr_t)to - (uintptr_t)from >= count)
        return memcpy(to, from, count);
    copy_down(to, from, count);
    return to;
}

static inline void fill_bytes(uint8_t *to, uint8_t byte, size_t count)
{
    for (const uint8_t *end = to + count; to != end; to++) {
        *to = byte;
        HIDE(to);
    }
}

static inline void fill_four(uint64_t *to, uint64_t word)
{
    to[0] = word;
    to[1] = word;
    to[2] = word;
    to[3] = word;
}

void *memset(void *memory, int byte, size_t count)
{
    uint8_t *to = memory;
    if (count >= WORTHWHILE) {
        size_t lead = bytes_until_aligned(to);
        fill_bytes(to, (uint8_t)byte, lead);
        to += lead, count -= lead;

        uint64_t word = (uint8_t)byte * (UINT64_MAX / 0xff); // the byte eight times
        uint64_t *words = (uint64_t *)(void *)to;
        for (; count >= 16 * WORD; count -= 16 * WORD, words += 16) {
            fill_four(words, word);
            fill_four(words + 4, word);
            fill_four(words + 8, word);
            fill_four(words + 12, word);
            HIDE(words);
        }
        for (; count >= WORD; count -= WORD) {
            *words++ = word;
            HIDE(words);
        }
        to = (uint8_t *)words;
    }
    fill_bytes(to, (uint8_t)byte, count);
    return memory;
}

// How many bytes are the same. Of words: those before the first one that is not.
static inline size_t same_bytes(const uint8_t *a, const uint8_t *b, size_t count)
{
    size_t same = 0;
    while (same < count && a[same] == b[same])
        same++;
    return same;
}

// Both aligned.
static inline size_t same_words(const uint64_t *a, const uint64_t *b, size_t count)
{
    const uint64_t *start = a, *end = a + count / WORD;
    for (; a != end && *a == *b; a++)
        b++;
    return (size_t)(a - start) * WORD;
}

// `a` is aligned, `b` is not.
static inline size_t same_shifted(const uint64_t *a, const uint8_t *b, size_t count)
{
    size_t lead = bytes_until_aligned(b);
    unsigned keep = 8 * lead; // bits
    uint64_t left = read_left(b, lead);
    const uint64_t *word = (const uint64_t *)(const void *)(b + lead);
    const uint64_t *start = a, *end = a + (count - lead) / WORD;
    for (; a != end && *a == (left | *word << keep); a++)
        left = *word++ >> (64 - keep);
    return (size_t)(a - start) * WORD;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left, *b = right;
    size_t at = bytes_until_aligned(a);
    if (count < WORTHWHILE || same_bytes(a, b, at) < at)
        at = 0;
    else if ((uintptr_t)(b + at) % WORD == 0)
        at += same_words((const void *)(a + at), (const void *)(b + at), count - at);
    else
        at += same_shifted((const void *)(a + at), b + at, count - at);
    at += same_bytes(a + at, b + at, count - at);
    return at < count ? a[at] - b[at] : 0;
}

void *memchr(const void *memory, int byte, size_t count)
{
    for (const uint8_t *at = memory; count > 0; count--, at++)
        if (*at == (uint8_t)byte)
            return (void *)(uintptr_t)at;
    return NULL;
}
