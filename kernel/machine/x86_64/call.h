// SPDX-License-Identifier: MIT
//
// Calls, as they stand in the code.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Whether a call of the function that `pc` is in returns to `address`.
bool call_returns_to(uintptr_t address, uintptr_t pc);
