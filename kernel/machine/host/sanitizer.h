// SPDX-License-Identifier: MIT
//
// What AddressSanitizer has to be told and asked, when the kernel is built with it.
// Without it these are nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Called by the sanitizers: as the process starts, and before they report
// (boot/host/sanitizer.c).
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
void __asan_on_error(void);
void __ubsan_on_report(void);

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

// Right before the change to the stack given; *mark is kept for the return to this one.
static inline void sanitizer_leave_stack(void **mark, const void *stack, size_t size)
{
    __sanitizer_start_switch_fiber(mark, stack, size);
}

// Right after a stack change; `mark`: what the last departure from this stack kept,
// NULL the first time.
static inline void sanitizer_enter_stack(void *mark)
{
    __sanitizer_finish_switch_fiber(mark, NULL, NULL);
}

// Before an access the sanitizer looks up one byte for each 8 of memory, and for a wild
// address that look may be what faults: as a load from the byte's address. Returns the
// address that was meant, but for its last 3 bits.
static inline uintptr_t sanitizer_meant_address(uintptr_t address)
{
    size_t shift, table;
    __asan_get_shadow_mapping(&shift, &table);
    uintptr_t table_end = table + ((uintptr_t)1 << (47 - shift)); // addresses have 47 bits
    return address >= table && address < table_end ? (address - table) << shift : address;
}
#else
static inline void sanitizer_leave_stack(void **mark, const void *stack, size_t size)
{
    (void)mark, (void)stack, (void)size;
}

static inline void sanitizer_enter_stack(void *mark)
{
    (void)mark;
}

static inline uintptr_t sanitizer_meant_address(uintptr_t address)
{
    return address;
}
#endif
