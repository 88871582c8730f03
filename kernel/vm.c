// SPDX-License-Identifier: MIT
//
// Address translation: what every page may be used for.
//
//   vm_init(board)              once: code, constants and data get the rights they need
//   vm_guard(page)              no access at all: the next one is a fault that says so
//   vm_unguard(page)            read-write again
//
// The machine's mmu.c writes the tables. Here is decided what they say, and an address that
// faulted is put into words: what lies there, and what it may be used for.
// Chapter 08.
#include "vm.h"

#include "error.h"
#include "format.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "symbol.h"
#include "trap.h"

enum {
    CODE = MACHINE_READ | MACHINE_EXECUTE,
    CONSTANT = MACHINE_READ,
    DATA = MACHINE_READ | MACHINE_WRITE,
};

// Six of the eight bytes suffice: an offset may have been added.
static bool is_heap_pattern(uintptr_t address)
{
    return address >> 16 == HEAP_GUARD * 0x010101010101ull;
}

// A page without access: a guard, or nothing at all.
static const char *describe_gap(uintptr_t address)
{
    uintptr_t page = address / PAGE_SIZE * PAGE_SIZE;
    if (page == machine_image().boot_stack_guard)
        return "the guard page below the boot stack: the stack overflowed";
    if (page == machine_image().trap_stack_guard)
        return "the guard page below the trap stack: the stack overflowed";
    bool free;
    if (page_is_free(address, &free))
        return "a guard page: the stack above it overflowed, or what is below ran past its end";
    return "no memory: nothing is mapped there";
}

static const char *describe(uintptr_t address, unsigned access)
{
    bool free;
    if (is_heap_pattern(address))
        return "the pattern behind a block of the heap: a pointer was read past its end";
    if (access == MACHINE_NO_ACCESS)
        return describe_gap(address);
    if (access == CONSTANT)
        return "a constant: it may be read, not written or executed";
    if (access == CODE)
        return "code: it may be read and executed, not written";
    if (page_is_free(address, &free) && free)
        return "a free page: nobody has it";
    return "data: it may be read and written, not executed";
}

// For trap.c, which knows null pointers and error numbers itself.
static bool explain(uintptr_t address, char *text, size_t size)
{
    unsigned access = machine_vm_access(address);
    if (access == MACHINE_NO_ACCESS && -address < PAGE_SIZE)
        return false;
    struct symbol symbol = {.name = ""};
    if (access == CODE && symbol_find(address, &symbol))
        snprintf(text, size, "%s(), %s", symbol.name, describe(address, access));
    else
        snprintf(text, size, "%s", describe(address, access));
    return true;
}

// Some machines come with their guards in place.
static void guard_stack(uintptr_t page)
{
    if (page == 0 || machine_vm_access(page) == MACHINE_NO_ACCESS)
        return;
    if (vm_guard((void *)page) != 0)
        panic("vm: no memory to guard the boot stacks; give the machine more");
}

// No page may be written and executed.
static int map(const struct board *board)
{
    enum { IMAGE_PARTS = 4 };
    const struct machine_image image = machine_image();
    struct machine_mapping parts[IMAGE_PARTS + BOARD_MEMORY_MAX] = {
        {image.text, image.constants, CODE},
        {image.constants, image.data, CONSTANT},
        {image.data, image.symbols, DATA}, // with the stacks
        {image.symbols, image.end, CONSTANT},
    };
    unsigned count = IMAGE_PARTS;

    for (unsigned i = 0; i < board->memory_count; i++) {
        const struct memory_range *range = &board->memory[i];
        parts[count++] =
            (struct machine_mapping){range->start, range->start + range->size, DATA};
    }
    return machine_vm_init(parts, count);
}

void vm_init(const struct board *board)
{
    int error = map(board);
    if (error)
        panic("vm: the page tables cannot be set up: %s", error_text(error));
    guard_stack(machine_image().boot_stack_guard);
    guard_stack(machine_image().trap_stack_guard);
    trap_add_explainer(explain);
}

int vm_guard(void *page)
{
    return machine_vm_protect((uintptr_t)page, PAGE_SIZE, MACHINE_NO_ACCESS);
}

void vm_unguard(void *page)
{
    int error = machine_vm_protect((uintptr_t)page, PAGE_SIZE, DATA);
    if (error)
        panic("vm: page %p cannot be made usable again: %s", page, error_text(error));
}
