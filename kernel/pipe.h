// SPDX-License-Identifier: MIT
//
// A pipe: bytes written at one end are read at the other, in order.
//
// Readers wait while it is empty, writers while it is full. With all write ends closed
// a reader gets what is left and then the end; with all read ends closed writing gives
// -EPIPE.
// Chapter 13.
#pragma once

#include "file.h"

enum { PIPE_SIZE = 4096 }; // bytes that may be under way

// 0 with a reference to each end; -ENOMEM: nothing has happened.
int pipe_create(struct file **read_end, struct file **write_end);
