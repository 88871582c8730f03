// SPDX-License-Identifier: MIT
//
// FAT: what was changed is on the disk some seconds later, whether or not anybody syncs.
//
// The cache writes by itself, but not what is held back (fat_order.c). A thread does that,
// which is there only as long as there is something to write. Chapter 19.
#include "fs/fat.h"
#include "fs/fat_parts.h"
#include "mutex.h"
#include "thread.h"
#include "timer.h"

#define WRITE_AFTER_NS 5000000000ull

static struct {
    bool running;
} fat_writer;

static bool has_changes(const struct mount *mount)
{
    const struct fat *fat = mount->data;
    return mount->file_system == &fat_file_system && fat && fat->has_changes &&
           !mount->read_only;
}

// Syncs one volume, if it is free: waits for no mount, since it could be gone afterwards, and
// looks at no other after the sleep that a sync is. Whether there may be something left.
static bool sync_one(void)
{
    bool left = false;
    for (struct mount *mount = vfs_mount_next(NULL); mount; mount = vfs_mount_next(mount)) {
        if (!has_changes(mount))
            continue;
        left = true;
        if (!mutex_try_lock(&mount->mutex))
            continue;
        fat_sync(mount);
        mutex_unlock(&mount->mutex);
        break;
    }
    return left;
}

static void write_late(void *unused)
{
    do {
        timer_sleep(WRITE_AFTER_NS);
    } while (sync_one());
    fat_writer.running = false;
}

void fat_write_later(struct fat *fat)
{
    fat->has_changes = true;
    if (fat_writer.running)
        return;
    struct thread *thread = thread_create("fat", write_late, NULL);
    if (!thread)
        return; // the next change tries again
    thread->program = NULL; // it outlives the program that made the change
    thread_detach(thread);
    fat_writer.running = true;
}
