// SPDX-License-Identifier: MIT
//
// The application interface, continued: what the system looks like from inside, and turning it
// off. Programs include os.h, which includes this. Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- The system -------------------------------------------------------------------------
struct os_thread_info {
    uint32_t id, program_id;
    char name[24], program[16];
    const char *state;             // "ready", "running", "waiting", "ended"
    const char *waits_for;         // "channel", "time", "key" ...; "" when it does not wait
    char waits_for_name[24];
    uint32_t holder;               // the thread that could end the wait, 0: not known
    uint64_t waiting_ns, switches;
};
// Fills in threads with ids above `after`, by ascending id; how many.
unsigned os_threads(uint32_t after, struct os_thread_info *infos, unsigned count);
struct os_memory_info {
    size_t pages_total, pages_free, pages_largest; // largest: the longest free run
    size_t stack_pages; // kept for the stacks of new threads
    size_t heap_pages, heap_allocations, heap_bytes;
    size_t page_bytes; // of one page
};
void os_memory(struct os_memory_info *info);
struct os_interrupt_info {
    unsigned source;
    const char *name;
    uint64_t count;
};
// The first interrupt source with a number of `from` or above that something is
// connected to; false: none.
bool os_interrupt_next(unsigned from, struct os_interrupt_info *info);
// Copies from the kernel's log at byte *position on (0: the oldest), and moves it on. A
// count, 0 at the end.
size_t os_log_read(size_t *position, char *buffer, size_t size);
_Noreturn void os_poweroff(int status);
_Noreturn void os_reboot(void);
