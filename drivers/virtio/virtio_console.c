// SPDX-License-Identifier: MIT
//
// A second console (virtio 1.2, 5.3), with one queue for keys and one for words.
//
// Words go into a ring, and all that is in it makes one request; what is printed while that
// one is under way waits in the ring for the next. A ring without room drops what comes and
// counts it: the kernel does not wait for whoever reads, or does not. At the end of a line
// the device is asked whether it has finished, so this works without interrupts, in a panic.
// Chapter 14.
#include "drivers/virtio/virtio_console.h"

#include "console.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "print.h"
#include "string.h"

enum {
    RECEIVE_QUEUE = 0,
    TRANSMIT_QUEUE = 1,
    QUEUE_SIZE = 8,
    RING_SIZE = 8192, // of words, a power of two
    KEYS_SIZE = 128,  // of a piece of keys
    KEYS_COUNT = 4,   // pieces that wait to be filled
    NOTE_SIZE = 40,   // what is said about bytes that were dropped
};

struct keys {
    char bytes[KEYS_SIZE];
};

struct terminal_device {
    struct console_device console;
    struct virtqueue *receive, *transmit;
    // Words: `count` bytes from `first` on, of which the device has `sending`.
    size_t first, count, sending;
    size_t dropped; // since the last note
    char ring[RING_SIZE];
    // Keys: what is left of the piece that is being read, or NULL.
    struct keys *current;
    uint32_t current_first, current_end;
    struct keys keys[KEYS_COUNT];
};

static struct terminal_device *terminal_of(struct console_device *console)
{
    return container_of(console, struct terminal_device, console);
}

// ---- Words ------------------------------------------------------------------------------
// What the device has taken leaves the ring.
static void collect_sent(struct terminal_device *terminal)
{
    uint32_t length;
    while (virtqueue_collect(terminal->transmit, &length)) {
        terminal->first = (terminal->first + terminal->sending) % RING_SIZE;
        terminal->count -= terminal->sending;
        terminal->sending = 0;
    }
}

// All that is in the ring, in two pieces if it goes around the end.
static void send(struct terminal_device *terminal)
{
    if (terminal->sending > 0 || terminal->count == 0)
        return;
    size_t until_end = RING_SIZE - terminal->first;
    bool around = terminal->count > until_end;
    const struct segment pieces[] = {
        {terminal->ring + terminal->first, around ? until_end : terminal->count},
        {terminal->ring, terminal->count - until_end},
    };
    if (virtqueue_submit(terminal->transmit, pieces, around ? 2 : 1, 0, terminal) != 0)
        return;
    terminal->sending = terminal->count;
    virtqueue_notify(terminal->transmit);
}

static void put(struct terminal_device *terminal, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        terminal->ring[(terminal->first + terminal->count++) % RING_SIZE] = bytes[i];
}

// Where something is missing, it says how much.
static void put_note(struct terminal_device *terminal)
{
    char note[NOTE_SIZE];
    int length =
        snprintf(note, sizeof(note), "\r\n[%zu bytes lost here]\r\n", terminal->dropped);
    put(terminal, note, (size_t)length);
    terminal->dropped = 0;
}

static void write(struct console_device *console, const char *bytes, size_t count)
{
    struct terminal_device *terminal = terminal_of(console);
    if (count == 0)
        return;
    if (bytes[count - 1] == '\n' || count + NOTE_SIZE > RING_SIZE - terminal->count)
        collect_sent(terminal);
    size_t room = RING_SIZE - terminal->count;
    if (terminal->dropped > 0 && count + NOTE_SIZE <= room)
        put_note(terminal);
    if (terminal->dropped > 0 || count > room)
        terminal->dropped += count;
    else
        put(terminal, bytes, count);
    send(terminal);
}

static void sent(struct virtqueue *queue)
{
    struct terminal_device *terminal = queue->device->data;
    collect_sent(terminal);
    send(terminal);
}

// ---- Keys -------------------------------------------------------------------------------
// To be filled. There is room in the queue for all of them.
static void offer(struct terminal_device *terminal, struct keys *keys)
{
    const struct segment room = {keys->bytes, sizeof(keys->bytes)};
    virtqueue_submit(terminal->receive, &room, 0, 1, keys);
}

// Keys that nobody reads stay with us, and then with the device, which holds back whoever
// types.
static size_t read(struct console_device *console, char *bytes, size_t size)
{
    struct terminal_device *terminal = terminal_of(console);
    size_t count = 0;
    while (count < size) {
        if (!terminal->current) {
            terminal->current_first = 0;
            terminal->current = virtqueue_collect(terminal->receive, &terminal->current_end);
        }
        if (!terminal->current)
            break;
        while (count < size && terminal->current_first < terminal->current_end)
            bytes[count++] = terminal->current->bytes[terminal->current_first++];
        if (terminal->current_first == terminal->current_end) {
            offer(terminal, terminal->current);
            terminal->current = NULL;
        }
    }
    virtqueue_notify(terminal->receive);
    return count;
}

static void received(struct virtqueue *queue)
{
    console_notify();
}

// ---- Life -------------------------------------------------------------------------------
static int start(struct virtio_device *device)
{
    struct terminal_device *terminal = heap_alloc(sizeof(*terminal));
    if (!terminal)
        return -ENOMEM;
    terminal->console =
        (struct console_device){.name = device->name, .write = write, .read = read};
    int error = virtqueue_create(device, RECEIVE_QUEUE, QUEUE_SIZE, "receive", received,
                                 &terminal->receive);
    if (!error)
        error = virtqueue_create(device, TRANSMIT_QUEUE, QUEUE_SIZE, "transmit", sent,
                                 &terminal->transmit);
    if (error) {
        heap_free(terminal);
        return error;
    }
    device->data = terminal;
    return 0;
}

static void ready(struct virtio_device *device)
{
    struct terminal_device *terminal = device->data;
    int error = console_set_second(&terminal->console);
    if (error) {
        log_warning("%s: one console too many: %s", device->name, error_text(error));
        return;
    }
    for (unsigned i = 0; i < KEYS_COUNT; i++)
        offer(terminal, &terminal->keys[i]);
    virtqueue_notify(terminal->receive);
}

static void broken(struct virtio_device *device)
{
    struct terminal_device *terminal = device->data;
    console_set_second(NULL);
    while (virtqueue_abandon(terminal->receive))
        ;
    while (virtqueue_abandon(terminal->transmit))
        ;
}

const struct virtio_driver virtio_console_driver = {
    .name = "virtio_console",
    .id = VIRTIO_CONSOLE,
    .start = start,
    .ready = ready,
    .broken = broken,
};
