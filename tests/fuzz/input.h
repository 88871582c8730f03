// SPDX-License-Identifier: MIT
//
// A fuzzer's bytes, taken one after the other; behind the end there are zeros.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static struct {
    const uint8_t *at, *end;
} input;

static inline bool input_has_more(void)
{
    return input.at < input.end;
}

static inline uint8_t input_byte(void)
{
    return input_has_more() ? *input.at++ : 0;
}

static inline uint16_t input_word(void)
{
    uint16_t high = input_byte();
    return (uint16_t)(high << 8 | input_byte());
}
