// SPDX-License-Identifier: MIT
//
// A process becomes a machine: its RAM is one mapping, its command line comes from
// -append, and kernel_main() runs on a stack of its own with a page below that nobody
// may touch.
// Chapter 01.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "boot/boot.h"
#include "host.h"
#include "machine.h"
#include "options.h"
#include "sanitizer.h"

enum {
    BOOT_STACK_SIZE = 256 * 1024, // a sanitizer's frames are several times as large as others
};

// RAM lies at the same place on every run, so that addresses in a log mean something in
// the next one: far above the image, far below the system's own mappings, and outside
// the sanitizer's.
static const uintptr_t RAM_ADDRESS = 0x200000000000;

static struct {
    struct host_range memory, boot_stack;
    char **arguments;
    struct options options;
    struct boot_info boot;
} process;

_Noreturn void host_enter(uintptr_t stack_top, void (*start)(void)); // entry.S

struct host_range host_memory(void)
{
    return process.memory;
}

struct host_range host_boot_stack(void)
{
    return process.boot_stack;
}

char **host_arguments(void)
{
    return process.arguments;
}

const struct options *host_options(void)
{
    return &process.options;
}

// `size` bytes for reading and writing, cleared; each page costs something only once it
// is touched.
static struct host_range map(uintptr_t wish, size_t size, const char *what)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *start = MAP_FAILED;
    if (wish)
        start = mmap((void *)wish, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE,
                     -1, 0);
    if (start == MAP_FAILED)
        start = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (start == MAP_FAILED) {
        dprintf(2, "tsumiki: the system gives no %zu KiB for %s (error %d)\n", size / 1024,
                what, errno);
        exit(1);
    }
    return (struct host_range){(uintptr_t)start, (uintptr_t)start + size};
}

static void run_kernel(void)
{
    sanitizer_enter_stack(NULL);
    machine_exit(kernel_main(&process.boot));
}

int main(int argc, char **argv)
{
    process.options = options_parse(argc, argv);
    process.arguments = argv;
    process.boot.command_line = process.options.command_line;
    process.memory = map(RAM_ADDRESS, process.options.memory_size, "memory");

    process.boot_stack = map(0, PAGE_SIZE + BOOT_STACK_SIZE, "the boot stack");
    mprotect((void *)process.boot_stack.low, PAGE_SIZE, PROT_NONE);
    process.boot_stack.low += PAGE_SIZE;

    void *never_returned_to;
    sanitizer_leave_stack(&never_returned_to, (void *)process.boot_stack.low, BOOT_STACK_SIZE);
    host_enter(process.boot_stack.high, run_kernel);
}
