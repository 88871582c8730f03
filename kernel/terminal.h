// SPDX-License-Identifier: MIT
//
// The terminal: the person at the console.
//
//   terminal_init()                 keys are queued from here on
//   terminal_read_line(...)         a line with a prompt, edited by line.c
//   terminal_file()                 the same as a file that programs read and write
//
// Keys wait in a queue until somebody reads. When it is full the device is told to hold
// back, so that pasted text is not lost. Ctrl-C is looked for when keys enter the
// queue: only behind more than a full one does it have to wait.
// Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"

struct os_candidates;
struct os_line_helper;

enum {
    TERMINAL_QUEUE_SIZE = 32768, // keys that nobody has read yet: more are held back
    TERMINAL_LINE_SIZE = 4096, // of a line that a program reads with os_read()
};

void terminal_init(void);
// For a machine whose console does not interrupt: looks for keys every so often.
void terminal_poll_every(uint64_t period_ns);
// Who ends the programs in the foreground and says whether there were any.
void terminal_set_interrupt(bool (*interrupt)(void));
// A program has come to the foreground: a Ctrl-C that was typed ahead is for it.
void terminal_look_for_interrupt(void);

// Sleeps. The length; -EPIPE: Ctrl-D on an empty line; -ENXIO: the console has no more
// input; -EINTR: Ctrl-C, or the thread was interrupted; -EAGAIN: see below; -ENOMEM. `helper`
// may be NULL.
int terminal_read_line(const char *prompt, char *line, size_t size,
                       const struct os_line_helper *helper);
// After -EAGAIN (Tab was pressed, and the helper has candidates): goes on with that line, with
// the same results. -EINTR: somebody else has read a line meanwhile.
int terminal_continue_line(const char *line, const struct os_candidates *candidates);
size_t terminal_line_cursor(void); // then: how many bytes of the line are before it
// Sleeps until there is something. Lines, or keys in raw mode. A count; 0: Ctrl-D;
// -EINTR, -ENOMEM.
int terminal_read(void *buffer, size_t size);
void terminal_set_raw(bool raw);
void terminal_size(unsigned *columns, unsigned *rows);
struct file *terminal_file(void); // the reference is the caller's
bool terminal_is_file(const struct file *file);
