// SPDX-License-Identifier: MIT
//
// Read before every file (flags.mk): every function and object that a file names is in the
// same image. So its distance is known when linking, and no table of addresses is needed.
#pragma once
#pragma GCC visibility push(hidden)
