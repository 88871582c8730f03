// SPDX-License-Identifier: MIT
//
// Reading by lines and writing in large pieces, for programs that go through a lot.
//
//   struct reader reader = {.handle = handle};
//   while ((result = reader_line(&reader, &line, &length)) > 0) ...
//   reader_free(&reader);
//
//   struct writer writer = {.handle = OS_OUTPUT};
//   writer_put(&writer, bytes, size); ...
//   error = writer_finish(&writer);
//
// Chapter 17.
#pragma once

#include "os.h"

struct reader {
    int handle;
    // Inside, zero at first:
    char *buffer;
    size_t room, first, end; // what has been read and not given yet
    bool at_end;
};

// The next line, without its newline, with a 0 behind it: ours until the next call. 1;
// 0: the end; or an error. A line may be as long as memory is.
int reader_line(struct reader *reader, char **line, size_t *length);
void reader_free(struct reader *reader); // the handle stays open

enum { WRITER_SIZE = 16384 };

struct writer {
    int handle;
    // Inside, zero at first:
    int error; // the first one; nothing is written after it
    size_t count;
    char *buffer;
};

void writer_put(struct writer *writer, const void *bytes, size_t size);
void writer_text(struct writer *writer, const char *text);
int writer_finish(struct writer *writer); // writes the rest. 0, or the first error
