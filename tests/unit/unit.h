// SPDX-License-Identifier: MIT
//
// A unit test: tests/unit/test_NAME.c is an image of its own, linked with what it reaches
// of the kernel.
//
//   make UNIT=NAME qemu                      on the kernel itself (run_kernel.c)
//   make MACHINE=host UNIT=NAME run          as a process, under sanitizers (run_cmocka.c)
//
// It defines these two; a runner calls unit_setup() once and then every test of the table. The
// Makefile gives them names of their own, unit_setup_NAME and unit_tests_NAME: an image may
// hold several tests, and then unit=NAME on its command line says which one runs (run.h).
#pragma once

#include <stdint.h>

#include "boot/boot.h"
#include "kernel/test.h"

// Brings up what the tests need, in the order of kernel/main.c. trap_init() and
// cmdline_init() are done already.
void unit_setup(const struct boot_info *boot);

extern const struct test unit_tests[]; // ends with {0}

// The next number of a sequence that looks random and follows from the first *state (not
// 0), so that a failure can be had again. A test prints the state it began with.
static inline uint64_t unit_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
