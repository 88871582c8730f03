// SPDX-License-Identifier: MIT
//
// tsfs: nobody has to call sync: what is some seconds old is committed anyway.
//
// A thread does it, which is there only as long as there is something to commit.
// Chapter 18.
#include "mutex.h"
#include "thread.h"
#include "timer.h"
#include "tsfs_change.h"

enum { AGE_SECONDS = 5 };

static struct {
    bool running;
} commit;

static bool has_changes(const struct mount *mount)
{
    const struct tsfs *fs = mount->data;
    if (mount->file_system != &tsfs_file_system || !fs || !fs->journal)
        return false;
    return !fs->journal->failed && fs->journal->count > 0;
}

// Commits one mount, but waits for none: one whose mutex one waits for can be gone
// afterwards. So can the one that was committed, and its place on the list: the others come
// next time. Whether there may be something left.
static bool commit_one(void)
{
    bool left = false;
    for (struct mount *mount = vfs_mount_next(NULL); mount; mount = vfs_mount_next(mount)) {
        if (!has_changes(mount))
            continue;
        left = true;
        if (!mutex_try_lock(&mount->mutex))
            continue;
        tsfs_commit(tsfs_of(mount)); // says so, if it fails for good
        mutex_unlock(&mount->mutex);
        break;
    }
    return left;
}

static void commit_thread(void *unused)
{
    do {
        timer_sleep(AGE_SECONDS * UINT64_C(1000000000));
    } while (commit_one());
    commit.running = false;
}

void tsfs_commit_later(struct tsfs *fs)
{
    if (commit.running)
        return;
    struct thread *thread = thread_create("tsfs", commit_thread, NULL);
    if (!thread)
        return; // the next transaction tries again
    thread->program = NULL; // it outlives the program that made the change
    thread_detach(thread);
    commit.running = true;
}
