// SPDX-License-Identifier: MIT
//
// A fuzzer: tests/fuzz/fuzz_NAME.c, linked with what it reaches of the kernel, is fed by
// libFuzzer with bytes that it invents, changing those of corpus/NAME/.
//
//   make fuzz FUZZ=NAME FUZZ_SECONDS=600        all of them without FUZZ=
//   build/host-fuzz/fuzz-NAME FILE              once more what was found
//
// It defines these two; run.c is the process's side. A panic is a finding, as is a report
// of a sanitizer, and anything that takes longer than 10 s.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"

// Once, on the stack that is then the boot stack: what is needed of kernel/main.c's start.
void fuzz_setup(const struct boot_info *boot);
// May keep things for the next time, but what it finds should follow from the bytes alone.
void fuzz_one(const uint8_t *bytes, size_t size);
