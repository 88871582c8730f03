// SPDX-License-Identifier: MIT
//
// os.h: reading and writing by handle, and the console.
//
// Each call is the same three steps: the file of the handle, what the file does, and a
// look at whether the program is to end. The look comes last, when nothing of the
// kernel's is held.
// Chapter 13.
#include "error.h"
#include "file.h"
#include "format.h"
#include "pipe.h"
#include "process.h"
#include "string.h"
#include "terminal.h"
#include "user/os.h"

enum { COUNT_MAX = INT32_MAX }; // a count is an int

// NULL when the handle is not open.
static struct file *file_of(int handle)
{
    return file_table_find(&process_current()->files, handle);
}

// See os.h for what these calls promise.
int os_read(int handle, void *buffer, size_t size)
{
    struct file *file = file_of(handle);
    if (!file)
        return -EBADF;
    return process_leave(file_read(file, buffer, size < COUNT_MAX ? size : COUNT_MAX));
}

int os_write(int handle, const void *bytes, size_t size)
{
    struct file *file = file_of(handle);
    if (!file)
        return -EBADF;
    return process_leave(file_write(file, bytes, size < COUNT_MAX ? size : COUNT_MAX));
}

int os_close(int handle)
{
    return process_leave(file_table_close(&process_current()->files, handle));
}

int os_dup(int handle)
{
    struct file *file = file_of(handle);
    return file ? file_table_add(&process_current()->files, file_get(file)) : -EBADF;
}

// Both handles or none.
int os_pipe(int handles[2])
{
    struct file_table *table = &process_current()->files;
    struct file *read_end, *write_end;
    int error = pipe_create(&read_end, &write_end);
    if (error)
        return error;
    handles[0] = file_table_add(table, read_end);
    handles[1] = file_table_add(table, write_end);
    error = handles[0] < 0 ? handles[0] : handles[1];
    if (error >= 0)
        return 0;
    file_table_close(table, handles[0]);
    return error;
}

bool os_is_console(int handle)
{
    struct file *file = file_of(handle);
    return file && terminal_is_file(file);
}

// ---- Formatted --------------------------------------------------------------------------
// Pieces of text are gathered, so that a line is one write.
struct gather {
    int handle;
    int error;
    size_t count;
    char bytes[256];
};

// After the first error nothing is written any more.
static void flush(struct gather *gather)
{
    size_t done = 0;
    while (done < gather->count && !gather->error) {
        int written = os_write(gather->handle, gather->bytes + done, gather->count - done);
        if (written > 0)
            done += (size_t)written; // why it is not all of it, the next one tells
        else
            gather->error = written < 0 ? written : -ENOSPC;
    }
    gather->count = 0;
}

// The sink of format_to().
static void gather_bytes(void *context, const char *bytes, size_t count)
{
    struct gather *gather = context;
    while (count > 0) {
        size_t room = sizeof(gather->bytes) - gather->count;
        size_t piece = count < room ? count : room;
        memcpy(gather->bytes + gather->count, bytes, piece);
        gather->count += piece;
        bytes += piece;
        count -= piece;
        if (gather->count == sizeof(gather->bytes))
            flush(gather);
    }
}

static int print_to(int handle, const char *format, va_list arguments)
{
    struct gather gather;
    gather.handle = handle;
    gather.error = 0;
    gather.count = 0;
    int count = format_to(gather_bytes, &gather, format, arguments);
    flush(&gather);
    struct process *process = process_current();
    if (handle == OS_OUTPUT && !process->output_error)
        process->output_error = gather.error;
    return gather.error ? gather.error : count;
}

int os_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = print_to(OS_OUTPUT, format, arguments);
    va_end(arguments);
    return count;
}

int os_output_error(void)
{
    struct process *process = process_current();
    int error = process->output_error;
    process->output_error = 0;
    return error;
}

int os_fprintf(int handle, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = print_to(handle, format, arguments);
    va_end(arguments);
    return count;
}

int os_print_error(const char *what, int error)
{
    os_fprintf(OS_ERROR, "%s: %s\n", what, error_text(error));
    return 1;
}

int os_usage(const char *usage)
{
    os_fprintf(OS_ERROR, "usage: %s\n", usage);
    return 2;
}

// ---- The console ------------------------------------------------------------------------
// From what is no console: up to the newline, without a prompt.
static int read_plain_line(char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        char byte;
        int count = os_read(OS_INPUT, &byte, 1);
        if (count < 0)
            return count;
        bool end = count == 0 || byte == '\n';
        if (!end && length + 1 < size)
            line[length++] = byte;
        if (!end)
            continue;
        line[length] = 0;
        return count == 0 && length == 0 ? -EPIPE : (int)length;
    }
}

// A line of the console. The helper finds candidates here, where nothing is held and waiting
// is no harm: it may read directories.
static int read_console_line(const char *prompt, char *line, size_t size,
                             const struct os_line_helper *helper)
{
    int result = terminal_read_line(prompt, line, size, helper);
    while (result == -EAGAIN) {
        struct os_candidates candidates = {0};
        helper->complete(helper->context, line, terminal_line_cursor(), &candidates);
        result = terminal_continue_line(line, &candidates);
    }
    return process_leave(result);
}

// Only at a console is there something to edit.
int os_read_line(const char *prompt, char *line, size_t size,
                 const struct os_line_helper *helper)
{
    if (size == 0 || size > COUNT_MAX)
        return -EINVAL;
    if (!os_is_console(OS_INPUT))
        return read_plain_line(line, size);
    return read_console_line(prompt, line, size, helper);
}

// The process remembers it, so that its end gives the console back.
void os_raw_mode(bool on)
{
    process_current()->raw_console = on;
    terminal_set_raw(on);
}

void os_console_size(unsigned *columns, unsigned *rows)
{
    terminal_size(columns, rows);
}
