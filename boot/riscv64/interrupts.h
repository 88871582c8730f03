// SPDX-License-Identifier: MIT
//
// What every interrupt controller of this board has to be told first. Chapter 11.
#pragma once

struct board;

// From here on a byte that is typed interrupts. `sources`: the controller's highest number.
int interrupts_connect_uart(const struct board *board, unsigned sources);
