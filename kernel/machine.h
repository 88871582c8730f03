// SPDX-License-Identifier: MIT
//
// The contract: all that the kernel asks of a machine.
//
// kernel/machine/<machine>/ answers it, in files of the same names and order on every
// machine. What is worth inlining (register accesses, interrupt masks, the memory
// checker) comes from that folder's machine_inline.h, which also defines the types that
// only a machine can know:
//
//   struct machine_context   what a thread that is not running is made of
//   struct machine_trap      the registers at the moment of an exception
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

#define MACHINE_NEVER UINT64_MAX // a deadline that does not come

// ---- Console (chapter 01) -----------------------------------------------------------
// The firmware's console: works before anything else is up, and in a panic. Slow; never sleeps.
void machine_console_put(char byte);
int machine_console_get(void); // the next byte typed, or -1 when there is none

// ---- Exit (chapter 01) --------------------------------------------------------------
// Stops the machine. The status reaches whoever started it, the lowest 8 bits of it: 0 all
// is well, 1 the kernel gave up.
_Noreturn void machine_exit(int status);
_Noreturn void machine_reboot(void);

// ---- Clock (chapter 02) -------------------------------------------------------------
// Nanoseconds since some moment before boot; never goes back.
uint64_t machine_clock_ns(void);
void machine_clock_set_frequency(uint64_t ticks_per_second);

// ---- Interrupts (chapter 03), all inline --------------------------------------------
// An interrupt only marks its source pending, so little has to be masked: see trap.h and irq.h.
static inline bool machine_interrupts_save(void); // masks; returns whether they were enabled
static inline void machine_interrupts_restore(bool enabled);
static inline void machine_interrupts_enable(void);
// Lets a machine without interrupts look at its devices; the scheduler calls it whenever
// threads change. Nothing at all on machines that have interrupts.
static inline void machine_poll(void);

// ---- Traps and backtraces (chapter 03) ----------------------------------------------
// After this every exception reaches trap_report() (trap.h), on a stack of its own.
void machine_trap_init(void);
struct machine_trap;
void machine_trap_print(const struct machine_trap *trap); // the registers, as a table
// Stops a debugger, if one is attached; otherwise raises a breakpoint exception.
static inline void machine_breakpoint(void);

// One step of a call chain: where execution is, and the frame pointer there.
struct machine_frame {
    uintptr_t pc, frame_pointer;
};
struct machine_context;
// The caller's own.
struct machine_frame machine_frame_here(void);
struct machine_frame machine_frame_of_trap(const struct machine_trap *trap);
// Of a sleeping thread.
struct machine_frame machine_frame_of_context(const struct machine_context *context);
// Steps to the caller. False at the end of the chain, or where the frame pointer leads
// outside [low, high) of the stack, is misaligned or does not go up: a broken stack gives
// a short chain, never a second fault.
bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high);
// The bounds of the stack that the processor is using now, as far as the machine can tell
// without threads: the boot stack's or the trap stack's. False when `sp` is on neither.
bool machine_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high);

// ---- Device registers and barriers (chapter 05) -------------------------------------
// Where devices find memory of ours: what the kernel hands them in place of a pointer.
static inline uint64_t machine_dma_address(const volatile void *memory);

// Makes a device's registers reachable; the result is the address to give to
// mmio_read/write. NULL when the range overlaps memory or cannot be mapped. Works before
// and after machine_vm_init().
void *machine_map_device(uint64_t physical, size_t size);

static inline uint8_t mmio_read8(const volatile void *address);
static inline uint16_t mmio_read16(const volatile void *address);
static inline uint32_t mmio_read32(const volatile void *address);
static inline uint64_t mmio_read64(const volatile void *address);
static inline void mmio_write8(volatile void *address, uint8_t value);
static inline void mmio_write16(volatile void *address, uint16_t value);
static inline void mmio_write32(volatile void *address, uint32_t value);
static inline void mmio_write64(volatile void *address, uint64_t value);

// Order between memory that a device also sees and registers: all earlier writes (reads,
// both) before all later.
static inline void machine_write_barrier(void);
static inline void machine_read_barrier(void);
static inline void machine_barrier(void);

// ---- Page tables (chapter 08) -------------------------------------------------------
enum machine_access {
    MACHINE_NO_ACCESS = 0,
    MACHINE_READ = 1,
    MACHINE_WRITE = 2,
    MACHINE_EXECUTE = 4,
};
// Whole pages, [start, end), and what they may be used for.
struct machine_mapping {
    uintptr_t start, end;
    unsigned access;
};
// Turns on translation: these parts of memory, and device registers, can be reached, nothing
// else. -ENOMEM: no page for tables; -EINVAL: memory that they cannot reach.
int machine_vm_init(const struct machine_mapping *parts, unsigned count);
// Changes whole pages. -EINVAL: not page aligned or not mapped memory, -ENOMEM: no page
// for a table, nothing changed.
int machine_vm_protect(uintptr_t address, size_t size, unsigned access);
// What the tables say of an address: the access bits, MACHINE_NO_ACCESS when it is not mapped.
unsigned machine_vm_access(uintptr_t address);

// Where the parts of the image begin, whole pages, the last one up to `end` (all 0: the system
// has mapped them); and the page below each stack that it brings (0: there is none).
struct machine_image {
    uintptr_t text, constants, data, symbols, end;
    uintptr_t boot_stack_guard, trap_stack_guard;
};
struct machine_image machine_image(void);

// ---- Threads (chapter 09) -----------------------------------------------------------
// Prepares a context that starts in entry() at the top of the stack, with an end of the
// call chain above it.
void machine_context_init(struct machine_context *context, void *stack, size_t size,
                          void (*entry)(void));
// Saves the callee-saved registers in `from`, takes those of `to`; returns when somebody
// switches back.
void machine_context_switch(struct machine_context *from, const struct machine_context *to);
// To be called first thing in entry(): a thread's first line does not return from
// machine_context_switch().
static inline void machine_context_started(void);

// ---- Waiting (chapter 10) -----------------------------------------------------------
// When INTERRUPT_TIMER (trap.h) is to come: absolute, on machine_clock_ns(). In the past:
// at once. MACHINE_NEVER: not at all. One deadline; a new one replaces it.
void machine_deadline_set(uint64_t deadline_ns);
// The one place where the kernel stops. Returns when an interrupt is pending or has been
// marked; may return early. Called with interrupts masked, so that none slips in between
// the last look and the stop; returns with them masked: the caller restores them, and the
// trap comes then.
void machine_wait(void);

// ---- Entropy (chapter 27) -----------------------------------------------------------
// Random bits of the processor's own: a count up to `size`; -ENODEV: it has none, or not for
// us; -EIO: it has none just now. Never sleeps.
int machine_entropy(void *buffer, size_t size);

// ---- Memory checker, all inline -----------------------------------------------------
// Where the machine can check every access (AddressSanitizer on host): these bytes may
// (may not) be touched. Nothing on other machines.
static inline void machine_poison(const volatile void *memory, size_t size);
static inline void machine_unpoison(const volatile void *memory, size_t size);

#include "machine_inline.h"
