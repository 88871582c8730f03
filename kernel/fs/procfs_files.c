// SPDX-License-Identifier: MIT
//
// procfs: what the files say. One more is a function here, and a line in the table.
//
// A value has a line of its own, its name before it; of what there are several, each has a
// line, below one with the names of the columns. They say what the calls of os.h say.
// Chapter 17.
#include "cache.h"
#include "fs/procfs.h"
#include "user/os.h"

static void print_value(struct text *text, const char *name, uint64_t value)
{
    text_print(text, "%-20s %llu\n", name, (unsigned long long)value);
}

// ---- A line each ------------------------------------------------------------------------
static void print_threads(struct text *text)
{
    struct os_thread_info infos[4];
    uint32_t last = 0;
    unsigned count;
    text_print(text, "id program thread state switches waiting_ns waits_for\n");
    while ((count = os_threads(last, infos, 4)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            const struct os_thread_info *info = &infos[i];
            text_print(text, "%u %s %s %s %llu %llu %s%s%s\n", info->id, info->program,
                       info->name, info->state, (unsigned long long)info->switches,
                       (unsigned long long)info->waiting_ns, info->waits_for,
                       *info->waits_for_name ? " " : "", info->waits_for_name);
        }
        last = infos[count - 1].id;
    }
}

static void print_interrupts(struct text *text)
{
    struct os_interrupt_info info;
    text_print(text, "source name count\n");
    for (unsigned source = 0; os_interrupt_next(source, &info); source = info.source + 1)
        text_print(text, "%u %s %llu\n", info.source, info.name,
                   (unsigned long long)info.count);
}

// Without asking the file systems for anything: their mutexes are not to be had here.
static void print_mounts(struct text *text)
{
    text_print(text, "source path type access\n");
    for (struct mount *mount = vfs_mount_next(NULL); mount; mount = vfs_mount_next(mount))
        text_print(text, "%s %s %s %s\n", mount->source, mount->path, mount->file_system->name,
                   mount->read_only ? "ro" : "rw");
}

static void print_disks(struct text *text)
{
    struct os_disk_info info;
    text_print(text, "name sectors reads read_sectors writes written_sectors flushes errors\n");
    for (unsigned i = 0; os_disk_next(i, &info); i++)
        text_print(text, "%s %llu %llu %llu %llu %llu %llu %llu\n", info.name,
                   (unsigned long long)info.sectors, (unsigned long long)info.reads,
                   (unsigned long long)info.read_sectors, (unsigned long long)info.writes,
                   (unsigned long long)info.written_sectors, (unsigned long long)info.flushes,
                   (unsigned long long)info.errors);
}

static void print_queues(struct text *text)
{
    struct os_queue_info info;
    text_print(text, "device driver queue size requests notifications interrupts\n");
    for (unsigned i = 0; os_queue_next(i, &info); i++)
        text_print(text, "%s %s %s %u %llu %llu %llu\n", info.device, info.driver, info.name,
                   info.size, (unsigned long long)info.requests,
                   (unsigned long long)info.notifications, (unsigned long long)info.interrupts);
}

// ---- Values -----------------------------------------------------------------------------
static void print_memory(struct text *text)
{
    struct os_memory_info info;
    os_memory(&info);
    print_value(text, "page_bytes", info.page_bytes);
    print_value(text, "pages_total", info.pages_total);
    print_value(text, "pages_free", info.pages_free);
    print_value(text, "pages_largest_run", info.pages_largest);
    print_value(text, "stack_pages", info.stack_pages);
    print_value(text, "heap_pages", info.heap_pages);
    print_value(text, "heap_allocations", info.heap_allocations);
    print_value(text, "heap_bytes", info.heap_bytes);
}

static void print_cache(struct text *text)
{
    struct cache_statistics statistics;
    cache_statistics(&statistics);
    print_value(text, "block_bytes", CACHE_BLOCK_SIZE);
    print_value(text, "blocks", statistics.blocks);
    print_value(text, "blocks_max", statistics.blocks_max);
    print_value(text, "dirty", statistics.dirty);
    print_value(text, "held", statistics.held);
    print_value(text, "lookups", statistics.lookups);
    print_value(text, "hits", statistics.hits);
    print_value(text, "reads", statistics.reads);
    print_value(text, "read_blocks", statistics.read_blocks);
    print_value(text, "read_ahead_blocks", statistics.read_ahead_blocks);
    print_value(text, "read_ahead_used", statistics.read_ahead_used);
    print_value(text, "writes", statistics.writes);
    print_value(text, "written_blocks", statistics.written_blocks);
    print_value(text, "direct_read_blocks", statistics.direct_read_blocks);
    print_value(text, "direct_written_blocks", statistics.direct_written_blocks);
}

static void print_uptime(struct text *text)
{
    struct thread_statistics threads;
    thread_statistics(&threads);
    print_value(text, "up_ns", os_uptime_ns());
    print_value(text, "idle_ns", threads.idle_ns);
    print_value(text, "idle_count", threads.idle_count);
}

const struct procfs_file procfs_files[] = {
    {"cache", print_cache},     {"disks", print_disks},   {"interrupts", print_interrupts},
    {"memory", print_memory},   {"mounts", print_mounts}, {"queues", print_queues},
    {"threads", print_threads}, {"uptime", print_uptime}, {0},
};
