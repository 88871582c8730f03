// SPDX-License-Identifier: MIT
//
// The processor's tables for traps: which code for which number, on which stack.
#pragma once

// From here on every trap comes to trap.S.
void tables_init(void);
