// SPDX-License-Identifier: MIT
//
// The application interface: everything that a program can ask of the system. A program
// includes this and nothing else, and is a function:
//
//   #include "os.h"
//   int hello_main(int argc, char **argv) { return os_printf("hello\n") < 0; }
//
// A system call is a function call. It returns 0 or a count, or a negative error number
// (-EBADF). Where it says "waits", other threads run meanwhile, and a program that Ctrl-C or
// os_kill() asked to end does so there, with status 130; reading and writing always count as
// such a place. What it has allocated, opened, created and started is released. Chapter 13.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What programs share with the kernel: the numbers of errors and error_text(); memcpy,
// strlen, strcmp, strlcpy, string_to_u64 ...; snprintf, vsnprintf; utf8_length() and its kin;
// struct list.
#include "../kernel/error.h"
#include "../kernel/format.h"
#include "../kernel/list.h"
#include "../kernel/string.h"
#include "../kernel/utf8.h"

// The rest of the interface: files, the network, what devices do, the system as a whole.
#include "os_devices.h"
#include "os_files.h"
#include "os_interfaces.h"
#include "os_system.h"

// A deadline that does not come. All deadlines are absolute, on os_clock_ns().
#define OS_NEVER UINT64_MAX
enum { OS_INTERRUPTED = 130 }; // the exit status of a program that was asked to end

// ---- Reading and writing ----------------------------------------------------------------
// A handle is a small number; every program starts with these three. -EBADF: not open,
// or not for that direction.
enum { OS_INPUT, OS_OUTPUT, OS_ERROR };
// Waits for at least one byte. A count up to `size`; 0: the end. The console gives
// whole lines, edited before.
int os_read(int handle, void *buffer, size_t size);
// Waits until all of it is written. `size`, or less when it failed after a part;
// -EPIPE: nobody will read it.
int os_write(int handle, const void *bytes, size_t size);
int os_close(int handle);
// A second handle for the same thing; -EMFILE: all handles are in use.
int os_dup(int handle);
// What is written to handles[1] is read from handles[0]; -ENOMEM, -EMFILE.
int os_pipe(int handles[2]);
bool os_is_console(int handle);
// Like C's: the number of bytes, or an error of os_write().
int os_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int os_fprintf(int handle, const char *format, ...) __attribute__((format(printf, 2, 3)));
int os_output_error(void); // the first of os_printf(), forgotten then; os_exit() tells it
// "what: no such file or directory" on OS_ERROR. Returns 1, the status to end with.
int os_print_error(const char *what, int error);
// "usage: sleep SECONDS" on OS_ERROR, for arguments that make no sense. Returns 2.
int os_usage(const char *usage);

// ---- The console ------------------------------------------------------------------------
// What may stand in the place of the last `typed` bytes before the cursor.
struct os_candidates {
    char *const *words; // sorted; one that ends with '/' is to be continued
    size_t count, typed;
};
// What may help while a line is typed; either function may be NULL.
struct os_line_helper {
    void *context; // whatever both functions need
    // The line before (1), the one before that (2) ..., or NULL. Must not wait.
    const char *(*history)(void *context, unsigned back);
    // Tab was pressed with the cursor behind `length` bytes of the line. May wait. The words
    // stay the program's, and as they are until the next call.
    void (*complete)(void *context, const char *line, size_t length,
                     struct os_candidates *candidates);
};
// Waits for a line, edited with the usual keys. Its length, without newline; 0 is an
// empty line. -EPIPE: Ctrl-D, or the end of a pipe; -ENXIO: the console has ended; -EINTR:
// Ctrl-C, which only gives up the line. `helper` may be NULL.
int os_read_line(const char *prompt, char *line, size_t size,
                 const struct os_line_helper *helper);
// Raw: os_read() gives keys as they come, Ctrl-C among them, and nothing is shown. Ends
// with the program.
void os_raw_mode(bool on);
// 80 and 24 until the terminal has said otherwise.
void os_console_size(unsigned *columns, unsigned *rows);

// ---- Memory -----------------------------------------------------------------------------
// Zeroed, aligned to 16 bytes; NULL: no memory.
void *os_alloc(size_t size);
// Like realloc; NULL: no memory, and the old one is untouched.
void *os_resize(void *memory, size_t size);
void os_free(void *memory); // NULL may be given
// Our own bugs: reports the place and stops the machine.
#define os_assert(condition)                                                        \
    ((condition) ? (void)0 : os_assert_failed(__FILE__, __LINE__, #condition))
_Noreturn void os_assert_failed(const char *file, int line, const char *condition);

// ---- Threads: they switch only in calls that wait, and in os_yield() --------------------
struct os_thread;
// Runs function(argument) some time later; NULL: no memory.
struct os_thread *os_thread_create(const char *name, int (*function)(void *argument),
                                   void *argument);
// Waits for its end and releases it; `result` may be NULL. 0; -ETIMEDOUT; -EBUSY:
// somebody else waits for it.
int os_thread_join(struct os_thread *thread, int *result, uint64_t deadline_ns);
_Noreturn void os_thread_exit(int result);
void os_yield(void); // waits while others run
// The same only when a device or a timer wants something: for long loops.
void os_checkpoint(void);

// One thread at a time. NULL: no memory, here and for the next two.
struct os_mutex;
struct os_mutex *os_mutex_create(const char *name);
// Waits; 0, -ETIMEDOUT, -EDEADLK: we have it.
int os_mutex_lock(struct os_mutex *mutex, uint64_t deadline_ns);
void os_mutex_unlock(struct os_mutex *mutex);
void os_mutex_destroy(struct os_mutex *mutex);

// So many may pass.
struct os_semaphore;
struct os_semaphore *os_semaphore_create(const char *name, unsigned count);
// Waits; 0, -ETIMEDOUT.
int os_semaphore_down(struct os_semaphore *semaphore, uint64_t deadline_ns);
void os_semaphore_up(struct os_semaphore *semaphore);
void os_semaphore_destroy(struct os_semaphore *semaphore);

// A bounded queue of items of one size.
struct os_channel;
struct os_channel *os_channel_create(const char *name, size_t item_size, unsigned capacity);
// Waits while full.
int os_channel_send(struct os_channel *channel, const void *item, uint64_t deadline_ns);
// Waits while empty.
int os_channel_receive(struct os_channel *channel, void *item, uint64_t deadline_ns);
// Then both give -EPIPE, receive after the last item.
void os_channel_close(struct os_channel *channel);
void os_channel_destroy(struct os_channel *channel);

// ---- Time -------------------------------------------------------------------------------
uint64_t os_clock_ns(void);      // since some moment before boot; never goes back
uint64_t os_uptime_ns(void);     // since the kernel started
uint64_t os_wall_clock_ns(void); // since 1970-01-01 00:00 UTC; 0: the machine has no clock
void os_sleep_ns(uint64_t duration_ns); // waits
struct os_date {
    int year, month, day, hour, minute, second; // 2026, 1 to 12, 1 to 31, ...
    int weekday;                                // 0: Sunday
};
void os_date(uint64_t unix_seconds, struct os_date *date);
// Back again, whatever the weekday says. False: no such day or time, from 1970 to 9999.
bool os_date_to_seconds(const struct os_date *date, uint64_t *unix_seconds);

// ---- Programs ---------------------------------------------------------------------------
// Starts the program argv[0]; argv ends with NULL. It gets copies of three of our
// handles (-1: one that is empty for reading and takes whatever is written). Ctrl-C
// does not reach a background program. Its id, for the calls below; -ENOENT: no such
// program, -ENOMEM, -EBADF, -E2BIG: more than 1 MiB of arguments.
int os_run(char *const argv[], const int handles[3], bool background);
// Waits for the end of a program that we started; `status` may be NULL. 0; -ETIMEDOUT;
// -ECHILD: not ours, or gone.
int os_wait(int id, int *status, uint64_t deadline_ns);
// Asks the program that has a thread with this id to end. -ESRCH: none; -EPERM: the
// kernel, or the first shell.
int os_kill(int id);
_Noreturn void os_exit(int status); // ends all threads of this program
// From now on the first Ctrl-C, or os_kill(), does not end the program: what its first thread
// waits for gives -EINTR, and os_was_interrupted() says so from then on. The second one does.
void os_catch_interrupt(void);
bool os_was_interrupted(void);
struct os_program {
    const char *name, *summary;
};
// The i-th, by name; false: there are no more.
bool os_program_next(unsigned i, struct os_program *program);
