// SPDX-License-Identifier: MIT
//
// os.h: mutexes, semaphores and channels of a program: the kernel's own, each with an
// owner.
//
// Their names are copied: a program's memory may go before the last report about them.
// Chapter 13.
#include "channel.h"
#include "error.h"
#include "heap.h"
#include "mutex.h"
#include "panic.h"
#include "process.h"
#include "semaphore.h"
#include "string.h"
#include "user/os.h"

enum { NAME_SIZE = 24 };

struct os_mutex {
    struct owned owned;
    char name[NAME_SIZE];
    struct mutex mutex;
};

struct os_semaphore {
    struct owned owned;
    char name[NAME_SIZE];
    struct semaphore semaphore;
};

struct os_channel {
    struct owned owned;
    char name[NAME_SIZE];
    struct channel *channel;
};

// On the way back to the program. What was gained meanwhile is taken back at its end.
static int leave(int result)
{
    process_check_interrupt();
    return result;
}

// ---- Mutex ------------------------------------------------------------------------------
static void release_mutex(struct owned *owned)
{
    heap_free(container_of(owned, struct os_mutex, owned));
}

// A thread ends, or the mutex does: whoever waits gets it.
static void unlock_for(struct owned *owned, struct thread *thread)
{
    struct os_mutex *mutex = container_of(owned, struct os_mutex, owned);
    if (mutex->mutex.owner == thread)
        mutex_unlock(&mutex->mutex);
}

static const struct owned_kind mutex_kind = {.release = release_mutex,
                                             .thread_ends = unlock_for};

struct os_mutex *os_mutex_create(const char *name)
{
    struct os_mutex *mutex = heap_alloc(sizeof(*mutex));
    if (!mutex)
        return NULL;
    strlcpy(mutex->name, name, NAME_SIZE);
    mutex_init(&mutex->mutex, mutex->name);
    process_own(&mutex->owned, &mutex_kind);
    return mutex;
}

int os_mutex_lock(struct os_mutex *mutex, uint64_t deadline_ns)
{
    return leave(mutex_lock(&mutex->mutex, deadline_ns));
}

void os_mutex_unlock(struct os_mutex *mutex)
{
    mutex_unlock(&mutex->mutex);
}

void os_mutex_destroy(struct os_mutex *mutex)
{
    if (!mutex)
        return;
    unlock_for(&mutex->owned, thread_current());
    ASSERT(!mutex->mutex.owner); // nobody else may have it, or wait for it
    process_disown(&mutex->owned);
    heap_free(mutex);
}

// ---- Semaphore --------------------------------------------------------------------------
static void release_semaphore(struct owned *owned)
{
    heap_free(container_of(owned, struct os_semaphore, owned));
}

static const struct owned_kind semaphore_kind = {.release = release_semaphore};

struct os_semaphore *os_semaphore_create(const char *name, unsigned count)
{
    struct os_semaphore *semaphore = heap_alloc(sizeof(*semaphore));
    if (!semaphore)
        return NULL;
    strlcpy(semaphore->name, name, NAME_SIZE);
    semaphore_init(&semaphore->semaphore, semaphore->name, count);
    process_own(&semaphore->owned, &semaphore_kind);
    return semaphore;
}

int os_semaphore_down(struct os_semaphore *semaphore, uint64_t deadline_ns)
{
    return leave(semaphore_down(&semaphore->semaphore, deadline_ns));
}

void os_semaphore_up(struct os_semaphore *semaphore)
{
    semaphore_up(&semaphore->semaphore);
}

void os_semaphore_destroy(struct os_semaphore *semaphore)
{
    if (!semaphore)
        return;
    ASSERT(!wait_queue_first(&semaphore->semaphore.waiters));
    process_disown(&semaphore->owned);
    heap_free(semaphore);
}

// ---- Channel ----------------------------------------------------------------------------
static void release_channel(struct owned *owned)
{
    struct os_channel *channel = container_of(owned, struct os_channel, owned);
    channel_destroy(channel->channel);
    heap_free(channel);
}

static const struct owned_kind channel_kind = {.release = release_channel};

struct os_channel *os_channel_create(const char *name, size_t item_size, unsigned capacity)
{
    struct os_channel *channel = heap_alloc(sizeof(*channel));
    if (!channel)
        return NULL;
    strlcpy(channel->name, name, NAME_SIZE);
    channel->channel = channel_create(channel->name, item_size, capacity);
    if (!channel->channel) {
        heap_free(channel);
        return NULL;
    }
    process_own(&channel->owned, &channel_kind);
    return channel;
}

int os_channel_send(struct os_channel *channel, const void *item, uint64_t deadline_ns)
{
    return leave(channel_send(channel->channel, item, deadline_ns));
}

int os_channel_receive(struct os_channel *channel, void *item, uint64_t deadline_ns)
{
    return leave(channel_receive(channel->channel, item, deadline_ns));
}

void os_channel_close(struct os_channel *channel)
{
    channel_close(channel->channel);
}

void os_channel_destroy(struct os_channel *channel)
{
    if (!channel)
        return;
    process_disown(&channel->owned);
    release_channel(&channel->owned);
}
