// SPDX-License-Identifier: MIT
//
// Models of virtio devices: what QEMU is on a bare machine, played by the process itself,
// so that the kernel's drivers run here unchanged (virtio 1.2).
//
//   virtio_model_create(kind)             a device: its registers and queues
//   virtio_model_plug(model, slot, board) the board has it, the driver can find it
//
// A kind of device (virtio_*_model.c) only says what it offers and serves requests:
//
//   while ((request = virtio_model_take(model, queue)))
//       virtio_model_give(model, request, bytes written);
//
// Registers and life cycle are in virtio_model.c, the device's side of a queue in
// virtio_ring.c; virtio_faults.c can stand between a device and its queues and do harm.
// A driver that breaks the rules of the specification is a panic that says which rule.
// Chapter 14.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/board.h"
#include "kernel/machine/host/host.h"
#include "kernel/segment.h"

struct virtio_model;

enum { MODEL_QUEUES_MAX = 4, MODEL_CONFIG_MAX = 72 };

// What a driver has put into a queue, one chain of descriptors: `out` segments that the
// device reads, and behind them `in` that it writes. All of it is memory of the kernel's.
struct virtio_request {
    unsigned queue;
    uint16_t head;               // its first descriptor: how the driver knows it
    unsigned out, in;            // segments
    uint64_t out_size, in_size;  // bytes
    uint32_t written;            // what the device will say it has written
    uint32_t turns_left;         // for virtio_faults.c: how much longer it is held back
    struct virtio_request *next; // of those held back
    struct virtio_request *rest; // given back together with this one, right behind it, with a
                                 // `written` of its own: a frame in several buffers
    struct segment segments[];
};

// Copies between a request and the device, from `offset` in what it reads or writes, however
// the driver has cut it into segments. Both return how many bytes there were.
size_t virtio_request_read(const struct virtio_request *request, uint64_t offset, void *to,
                           size_t size);
size_t virtio_request_write(const struct virtio_request *request, uint64_t offset,
                            const void *from, size_t size);
void virtio_request_free(struct virtio_request *request); // with its rest; NULL may be given

// ---- The device's side of a queue (virtio_ring.c) -----------------------------------
struct virtio_ring {
    uint32_t size;                         // descriptors; 0: there is no such queue
    uint64_t descriptors, available, used; // where the driver has put its parts
    bool ready, event_idx, indirect;
    bool notified;           // the driver says there is something
    uint16_t last_available; // how far the driver's ring has been read
    uint16_t used_index;
    uint16_t *owner; // by descriptor: 1 + the head of the request that it is part of, or 0
};

void virtio_ring_start(const struct virtio_model *model, unsigned queue);
// The next request, or NULL: then the driver will notify when there is one.
struct virtio_request *virtio_ring_take(struct virtio_model *model, unsigned queue);
// Back to the driver, who may take it apart at once. True when it wants an interrupt.
bool virtio_ring_give(struct virtio_model *model, struct virtio_request *request);
// Writes an entry that nobody asked for, which only a broken device does.
bool virtio_ring_give_raw(struct virtio_model *model, unsigned queue, uint32_t id,
                          uint32_t length);
// Says that so many entries more are done.
void virtio_ring_jump(struct virtio_model *model, unsigned queue, unsigned entries);
void virtio_ring_reset(struct virtio_ring *ring);

// ---- Faults (virtio_faults.c) -------------------------------------------------------
enum virtio_fault {
    FAULT_REORDER = 1,   // requests end in another order
    FAULT_DELAY = 2,     // they and interrupts come late, and interrupts for nothing
    FAULT_FAIL = 4,      // the device says that it could not
    FAULT_LIE = 8,       // ids, lengths and indexes that cannot be
    FAULT_WITHDRAW = 16, // the device asks for a reset, or is gone from one moment to the next
};

struct virtio_faults {
    unsigned kinds; // of enum virtio_fault; 0: the device is as good as they come
    unsigned rate;  // one chance in so many, each time there is one
    uint64_t state; // the next number: begins with the seed, not 0
    uint32_t turns_until_interrupt; // 0: none is held back
    uint32_t turns_until_reset;     // it has lied, and does nothing more until it asks for one
    struct virtio_request *held, **held_end;
};

// "reorder,delay,seed=7,rate=4". False when it is no such thing.
bool virtio_faults_parse(const char *text, struct virtio_faults *faults);
bool virtio_faults_strike(struct virtio_faults *faults, enum virtio_fault fault);
// In place of virtio_ring_give() and of raising the interrupt.
void virtio_faults_give(struct virtio_model *model, struct virtio_request *request);
void virtio_faults_run(struct virtio_model *model); // at the end of each turn
void virtio_faults_reset(struct virtio_model *model);

// ---- Registers (virtio_registers.c) ---------------------------------------------------
uint64_t virtio_register_read(struct host_device *device, uint64_t offset, unsigned width);
void virtio_register_write(struct host_device *device, uint64_t offset, unsigned width,
                           uint64_t value);

// ---- Devices (virtio_model.c) -------------------------------------------------------
struct virtio_model_kind {
    const char *name; // "rng"
    uint32_t id;      // virtio 1.2, 5
    unsigned queues;
    bool at_once; // runs within the notification, not when its turn comes: in a panic, too
    // Requests may have come into this queue. It is called again after a notification.
    void (*serve)(struct virtio_model *model, unsigned queue);
    // Each turn, whether or not something has come. NULL: nothing to do.
    void (*run)(struct virtio_model *model);
    // The driver has set DRIVER_OK: its features are known. NULL: nothing to do.
    void (*start)(struct virtio_model *model);
    // Lets go of the requests that it has taken, with virtio_request_free(). NULL: it never
    // keeps one.
    void (*reset)(struct virtio_model *model);
};

struct virtio_model {
    struct host_device device; // its registers, and when it runs
    const struct virtio_model_kind *kind;
    unsigned slot;
    // Set by its maker before it is plugged:
    uint64_t offered;    // features, without those that every model has
    uint32_t queue_size; // descriptors, a power of two
    uint8_t config[MODEL_CONFIG_MAX];
    unsigned config_size;
    void *data; // the kind's
    struct virtio_faults faults;
    // As the driver has set it:
    uint64_t accepted;
    uint32_t device_features_half, driver_features_half, selected;
    uint8_t status;
    // As the driver sees it:
    uint8_t interrupts; // enum virtio_interrupt
    uint32_t config_generation;
    bool gone; // withdrawn: nothing answers at its registers
    struct virtio_ring rings[MODEL_QUEUES_MAX];
};

enum virtio_interrupt { INTERRUPT_USED = 1, INTERRUPT_CONFIG = 2 }; // virtio 1.2, 4.2.2

// The driver says that there is something in a queue.
void virtio_model_notified(struct virtio_model *model, unsigned queue);
// What the driver writes into the registers for them.
void virtio_model_set_status(struct virtio_model *model, uint32_t status);
void virtio_model_set_features(struct virtio_model *model, uint32_t half);

// Never NULL: without memory the process ends.
struct virtio_model *virtio_model_create(const struct virtio_model_kind *kind);
void virtio_model_plug(struct virtio_model *model, unsigned slot, struct board *board);
// The same, with the faults that the process was started with.
void virtio_model_plug_option(struct virtio_model *model, unsigned slot, struct board *board);
struct virtio_request *virtio_model_take(struct virtio_model *model, unsigned queue);
// `written`: how many bytes of what it may write.
void virtio_model_give(struct virtio_model *model, struct virtio_request *request,
                       uint32_t written);
// Whether this request is to fail, for no reason of its own.
bool virtio_model_is_to_fail(struct virtio_model *model);
void virtio_model_interrupt(struct virtio_model *model, unsigned interrupts);
// The device has changed its config[].
void virtio_model_config_changed(struct virtio_model *model);
// It cannot go on: asks the driver for a reset (virtio 1.2, 2.1.2).
void virtio_model_need_reset(struct virtio_model *model);
// The driver has it running, and it has not given up.
bool virtio_model_is_live(const struct virtio_model *model);
bool virtio_model_has(const struct virtio_model *model, uint64_t feature);
// The driver has broken a rule, which stands in that section of the specification: the end.
_Noreturn void virtio_model_blame(const struct virtio_model *model, const char *section,
                                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));
