// SPDX-License-Identifier: MIT
//
// os.h: what the system looks like from inside, and turning it off.
// Chapter 13.
#include "heap.h"
#include "irq.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "process.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "user/os.h"

// Copied, names and all: the thread may be gone when the program prints it.
static void describe_wait(const struct thread *thread, struct os_thread_info *info)
{
    const struct wait_reason *reason = thread->waits_for;
    info->waits_for = reason->what;
    strlcpy(info->waits_for_name, reason->name ? reason->name : "",
            sizeof(info->waits_for_name));
    info->holder = reason->holder && *reason->holder ? (*reason->holder)->id : 0;
    info->waiting_ns = machine_clock_ns() - thread->waiting_since;
}

static void describe(const struct thread *thread, struct os_thread_info *info)
{
    const struct process *process = thread->program;
    if (!process)
        process = process_next(NULL); // a thread of no program is the kernel's own
    memset(info, 0, sizeof(*info));
    info->id = thread->id;
    info->program_id = (uint32_t)process->id;
    info->switches = thread->switches;
    info->state = thread_state_name(thread->state);
    info->waits_for = "";
    strlcpy(info->name, thread->name, sizeof(info->name));
    strlcpy(info->program, process_name(process), sizeof(info->program));
    if (thread->state == THREAD_WAITING)
        describe_wait(thread, info);
}

// In batches by id, so that threads may come and go between two calls.
unsigned os_threads(uint32_t after, struct os_thread_info *infos, unsigned count)
{
    unsigned filled = 0;
    for (struct thread *thread = thread_next(NULL); thread; thread = thread_next(thread)) {
        if (thread->id > after && filled < count)
            describe(thread, &infos[filled++]);
    }
    return filled;
}

void os_memory(struct os_memory_info *info)
{
    struct page_statistics pages;
    struct heap_statistics heap;
    page_statistics(&pages);
    heap_statistics(&heap);
    *info = (struct os_memory_info){
        .pages_total = pages.total,
        .pages_free = pages.free,
        .pages_largest = pages.largest_free,
        .stack_pages = stack_cached_pages(),
        .heap_pages = heap.pages,
        .heap_allocations = heap.allocations,
        .heap_bytes = heap.bytes,
        .page_bytes = PAGE_SIZE,
    };
}

bool os_interrupt_next(unsigned from, struct os_interrupt_info *info)
{
    struct irq_statistics statistics;
    for (unsigned source = from; source < IRQ_SOURCES_MAX; source++) {
        if (!irq_statistics(source, &statistics) || !statistics.name)
            continue;
        *info = (struct os_interrupt_info){source, statistics.name, statistics.count};
        return true;
    }
    return false;
}

size_t os_log_read(size_t *position, char *buffer, size_t size)
{
    return log_read(position, buffer, size);
}

// An orderly end loses nothing; a disk that fails cannot keep us from it, but is told about.
static bool save_files(void)
{
    int error = file_hooks()->end ? file_hooks()->end() : 0;
    if (error)
        log_error("not everything is on the disks: %s", error_text(error));
    return !error;
}

_Noreturn void os_poweroff(int status)
{
    bool saved = save_files();
    machine_exit(saved || status != 0 ? status : 1);
}

_Noreturn void os_reboot(void)
{
    save_files();
    machine_reboot();
}
