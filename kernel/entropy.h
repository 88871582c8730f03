// SPDX-License-Identifier: MIT
//
// Random bytes from the processor itself, where no device gives any. Chapter 27.
#pragma once

// Once, after the devices were looked for. Nothing happens when one of them has given some
// already, or when the processor has none. Sleeps.
void entropy_init(void);
