// SPDX-License-Identifier: MIT
//
// kernel/symbol.c with the table that tools/symbols made for this very image.
#include "symbol.h"

#include "backtrace.h"
#include "console.h"
#include "format.h"
#include "machine.h"
#include "string.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
}

// Where its caller goes on.
static __attribute__((noinline)) uintptr_t return_address(void)
{
    __asm__ volatile("");
    return (uintptr_t)__builtin_return_address(0);
}

static void functions_have_names(void)
{
    struct symbol symbol;
    CHECK(symbol_find((uintptr_t)symbol_find, &symbol));
    CHECK_STRING(symbol.name, "symbol_find");
    CHECK_STRING(symbol.file, "kernel/symbol.c");
    CHECK_EQUAL(symbol.start, (uintptr_t)symbol_find);
    CHECK(symbol.line > 0);
}

static void static_functions_too(void)
{
    struct symbol symbol;
    CHECK(symbol_find((uintptr_t)functions_have_names, &symbol));
    CHECK_STRING(symbol.name, "functions_have_names");
    CHECK_STRING(symbol.file, "tests/unit/test_symbol.c");
}

static void lines_of_calls(void)
{
    struct symbol symbol;
    uintptr_t first = return_address(); unsigned line = __LINE__;
    uintptr_t second = return_address();

    CHECK(symbol_find(first - 1, &symbol));
    CHECK_EQUAL(symbol.line, line);
    CHECK_STRING(symbol.name, "lines_of_calls");
    CHECK(symbol_find(second - 1, &symbol));
    CHECK_EQUAL(symbol.line, line + 1);
}

static void every_address_of_a_function(void)
{
    struct symbol symbol;
    uintptr_t start = (uintptr_t)snprintf, address = start;
    while (symbol_find(address, &symbol) && symbol.start == start) {
        CHECK_STRING(symbol.name, "snprintf");
        CHECK_STRING(symbol.file, "kernel/format.c");
        address++;
    }
    CHECK(address - start > 16);
    CHECK(symbol_find(start - 1, &symbol) == false || symbol.start < start);
}

static void addresses_outside(void)
{
    struct symbol symbol;
    static int variable;
    CHECK(!symbol_find(0, &symbol));
    CHECK(!symbol_find(1, &symbol));
    CHECK(!symbol_find((uintptr_t)&variable, &symbol));
    CHECK(!symbol_find((uintptr_t)symbols_start, &symbol));
    CHECK(!symbol_find(UINTPTR_MAX, &symbol));
}

static void descriptions(void)
{
    char text[80], cut[8];
    symbol_describe((uintptr_t)symbol_find, text, sizeof text);
    CHECK(strstr(text, "symbol_find+0x0 (kernel/symbol.c:") == text);
    CHECK(symbol_describe((uintptr_t)symbol_find, cut, sizeof cut) == cut);
    CHECK_STRING(cut, "symbol_");
    CHECK_STRING(symbol_describe(16, text, sizeof text), "0x0000000000000010, in no function");
}

static void drop(struct console_device *device, const char *bytes, size_t count)
{
}

// A stack as it may be found after a fault: whatever the frame pointer, the chain ends.
static void broken_frames(void)
{
    struct console_device *usual = console_device(), silent = {.name = "silent", .write = drop};
    uintptr_t stack[8] = {0};
    uintptr_t low = (uintptr_t)stack, high = (uintptr_t)(stack + 8);
    for (unsigned i = 0; i < 8; i++)
        stack[i] = low + 8 * i; // frames that point at themselves

    console_set_device(&silent);
    for (uintptr_t pointer = low - 16; pointer <= high + 16; pointer++)
        backtrace_print((struct machine_frame){0, pointer}, low, high);
    backtrace_print((struct machine_frame){0, UINTPTR_MAX}, low, high);
    backtrace_print((struct machine_frame){0, 0}, 0, 0);
    console_set_device(usual);
}

static bool know_one_stack(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    *low = 100, *high = 200;
    return sp >= *low && sp <= *high;
}

static void stacks_of_others(void)
{
    uintptr_t low, high;
    backtrace_set_stacks(know_one_stack);
    CHECK(backtrace_stack_of(150, &low, &high));
    CHECK(low == 100 && high == 200);
    CHECK(!backtrace_stack_of(300, &low, &high));
    backtrace_set_stacks(NULL);
    CHECK(!backtrace_stack_of(150, &low, &high));
}

const struct test unit_tests[] = {
    {"functions have names", functions_have_names},
    {"static functions too", static_functions_too},
    {"lines of calls", lines_of_calls},
    {"every address of a function", every_address_of_a_function},
    {"addresses outside", addresses_outside},
    {"descriptions", descriptions},
    {"broken frames", broken_frames},
    {"stacks of others", stacks_of_others},
    {0},
};
