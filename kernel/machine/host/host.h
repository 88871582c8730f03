// SPDX-License-Identifier: MIT
//
// What the files of MACHINE=host share with each other, and with nobody else: a process
// as a machine.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- The process (boot/host/main.c) -------------------------------------------------
struct host_range {
    uintptr_t low, high; // [low, high)
};
struct host_range host_memory(void); // what the kernel has as RAM
// What kernel_main() runs on. Below it lies a page without access.
struct host_range host_boot_stack(void);
char **host_arguments(void); // of main(), for a reboot

// ---- The clock of a simulation (kernel/machine/host/clock.c) ------------------------
// With -sim machine_clock_ns() stands, or nearly so, and moves when this is called.
void host_clock_set(uint64_t now_ns); // never back
uint64_t host_clock_now(void);        // without moving it

// ---- The wall clock (boot/host/clock.c) ---------------------------------------------
uint64_t host_wall_clock_ns(void); // since 1970

// ---- The terminal (boot/host/terminal.c) --------------------------------------------
// Raw mode, when stdin is a terminal, from the first look for a key on: every key is a
// byte for the kernel.
void host_terminal_take(void);
// As it was before. May be called anywhere, any number of times.
void host_terminal_give_back(void);
bool host_terminal_is_taken(void);

// ---- The console's bytes (kernel/machine/host/console.c) ----------------------------
// Writes all of it, however slow the reader.
void host_console_write(const char *bytes, size_t count);
// Takes what has been typed, up to `size` bytes, without waiting.
size_t host_console_read(char *bytes, size_t size);
bool host_console_has_ended(void); // nothing will be typed any more

// For irq_connect(): there is input (boot/host/console.c).
void host_console_interrupt(void *context);

// ---- Faults and stacks (trap.c, maps.c, frame.c) ------------------------------------
struct host_range host_trap_stack(void);
// What the process may do with an address: the bits of enum machine_access.
unsigned host_access(uintptr_t address);
// The image, and the end of its instructions; the linker provides these.
extern const char __executable_start[], etext[], end[];

// The top of a stack that is not running, lowest address first: what switch.S pushes
// and pops.
struct host_saved_registers {
    uintptr_t r15, r14, r13, r12, rbx, rbp;
    uintptr_t return_address;
};

// ---- Interrupt lines (kernel/machine/host/line.c) -----------------------------------
// A source interrupts while there is something to read from its file descriptor, or while
// its device holds the line up.
enum {
    HOST_LINE_CONSOLE = 1, // interrupt source numbers
    HOST_LINE_VIRTIO = 2,  // of slot 0; the other slots' follow
    HOST_LINES = 64,
    HOST_NO_DESCRIPTOR = -1,
};
void host_line_connect(unsigned source, int descriptor);
void host_line_listen(unsigned source, bool on); // the device's side
void host_line_raise(unsigned source, bool up);  // the device's side, without a descriptor
void host_line_enable(unsigned source, bool on); // the interrupt controller's side
unsigned host_line_claim(void);                  // a source that wants attention, 0: none
void host_line_complete(unsigned source);
// Nothing will come from it any more.
void host_line_end(unsigned source);
// Lets the devices work, and looks at all lines; waits up to timeout_ns for one
// (UINT64_MAX: for ever). True when there is one to claim. May return early.
bool host_line_wait(uint64_t timeout_ns);
// From here on this waits in place of the system: for a simulation, which has no descriptors.
void host_line_wait_by(void (*wait)(uint64_t timeout_ns));

// From now on machine_poll() looks at the lines and the deadline, once in a while
// (kernel/machine/host/wait.c).
void host_poll_start(void);
// The next machine_poll() looks (kernel/machine/host/device.c).
void host_poll_soon(void);

// ---- Devices (kernel/machine/host/device.c) -----------------------------------------
struct pollfd;

// The device's side of a register access. `width` is 1, 2, 4 or 8 bytes; `offset` is
// from `address`. None of these functions may sleep or call into the kernel.
struct host_device {
    const char *name;
    uint64_t address, size;
    uint64_t (*read)(struct host_device *device, uint64_t offset, unsigned width);
    void (*write)(struct host_device *device, uint64_t offset, unsigned width, uint64_t value);
    // Does what it has to do, between threads. NULL: it only has registers.
    void (*run)(struct host_device *device);
    bool wants_to_run;   // it has something to do: set by itself, see host_device_wake()
    int input, output;   // descriptors: runs when there is something to read there, or
                         // room to write. HOST_NO_DESCRIPTOR: none
    struct host_device *next; // device.c's
};
void host_device_add(struct host_device *device);
void host_device_wake(struct host_device *device); // run() will be called soon
// Runs those that want to. True when one of them wants to again.
bool host_devices_run(void);
// Their descriptors, for poll(): fills at most `size`, returns how many.
unsigned host_devices_watch(struct pollfd *polled, unsigned size);
// Wakes those for whose descriptors poll() has found something.
void host_devices_found(const struct pollfd *polled, unsigned count);

// Whether a range is memory that the kernel has: RAM, its image, its boot stack
// (kernel/machine/host/mmu.c).
bool host_is_kernel_memory(uintptr_t address, size_t size);
