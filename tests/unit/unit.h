// SPDX-License-Identifier: MIT
//
// A unit test: tests/unit/test_NAME.c is an image of its own, linked with what it reaches of the kernel.
//
//   make UNIT=NAME qemu                      on the kernel itself (run_kernel.c)
//   make MACHINE=host UNIT=NAME run          as a process, by cmocka, under the sanitizers (run_cmocka.c)
//
// It defines these two; a runner calls unit_setup() once and then every test of the table.
#pragma once

#include "boot/boot.h"
#include "kernel/test.h"

// Brings up what the tests need, in the order of kernel/main.c. trap_init() and cmdline_init() are done already.
void unit_setup(const struct boot_info *boot);

extern const struct test unit_tests[]; // ends with {0}
