// SPDX-License-Identifier: MIT
//
// Reading by lines and writing in large pieces.
// Chapter 17.
#include "stream.h"

#include "output.h"

enum { ROOM_FIRST = 16384 };

// ---- Reading ----------------------------------------------------------------------------
// Makes room behind what is there: by moving it to the front, or by a larger buffer. One
// byte more than that is kept for the 0.
static int make_room(struct reader *reader)
{
    if (reader->first > 0) {
        memmove(reader->buffer, reader->buffer + reader->first, reader->end - reader->first);
        reader->end -= reader->first;
        reader->first = 0;
    }
    if (reader->end < reader->room)
        return 0;
    size_t room = reader->room ? reader->room * 2 : ROOM_FIRST;
    char *larger = os_resize(reader->buffer, room + 1);
    if (!larger)
        return -ENOMEM;
    reader->buffer = larger;
    reader->room = room;
    return 0;
}

static int read_more(struct reader *reader)
{
    int error = make_room(reader);
    if (error)
        return error;
    int count =
        os_read(reader->handle, reader->buffer + reader->end, reader->room - reader->end);
    if (count > 0)
        reader->end += (size_t)count;
    reader->at_end = count == 0;
    return count;
}

int reader_line(struct reader *reader, char **line, size_t *length)
{
    size_t searched = 0;
    for (;;) {
        char *start = reader->buffer + reader->first;
        size_t have = reader->end - reader->first;
        char *newline =
            have > searched ? memchr(start + searched, '\n', have - searched) : NULL;
        searched = have;
        if (!newline && !reader->at_end) {
            int count = read_more(reader);
            if (count < 0)
                return count;
            continue;
        }
        if (!newline && have == 0)
            return 0;
        *line = start;
        *length = newline ? (size_t)(newline - start) : have;
        start[*length] = 0;
        reader->first += *length + (newline != NULL);
        return 1;
    }
}

void reader_free(struct reader *reader)
{
    os_free(reader->buffer);
    reader->buffer = NULL;
}

// ---- Writing ----------------------------------------------------------------------------
static void write_out(struct writer *writer, const char *bytes, size_t size)
{
    if (!writer->error)
        writer->error = output_write(writer->handle, bytes, size);
}

static void flush(struct writer *writer)
{
    size_t count = writer->count;
    writer->count = 0;
    write_out(writer, writer->buffer, count);
}

void writer_put(struct writer *writer, const void *bytes, size_t size)
{
    if (!writer->buffer)
        writer->buffer = os_alloc(WRITER_SIZE);
    if (writer->count + size > WRITER_SIZE)
        flush(writer);
    if (!writer->buffer || size > WRITER_SIZE) {
        write_out(writer, bytes, size); // as it comes
        return;
    }
    memcpy(writer->buffer + writer->count, bytes, size);
    writer->count += size;
}

void writer_text(struct writer *writer, const char *text)
{
    writer_put(writer, text, strlen(text));
}

int writer_finish(struct writer *writer)
{
    flush(writer);
    os_free(writer->buffer);
    writer->buffer = NULL;
    return writer->error;
}
