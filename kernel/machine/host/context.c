// SPDX-License-Identifier: MIT
//
// Threads, for the machine: a stack to start on, and the way from one to another.
//
// AddressSanitizer follows every change of the stack, or it would take a thread's stack
// for a wild address.
// Chapter 09.
#include "host.h"
#include "machine.h"
#include "sanitizer.h"

enum {
    STACK_ALIGNMENT = 16, // where a call is made; inside the function, a return address less
};

void host_switch(uintptr_t *save_stack_pointer, uintptr_t stack_pointer); // switch.S

void machine_context_init(struct machine_context *context, void *stack, size_t size,
                          void (*entry)(void))
{
    machine_unpoison(stack, size); // what the functions of its last user have left

    // entry()'s return address, and rbp, are 0: the call chain ends here.
    uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)(STACK_ALIGNMENT - 1);
    uintptr_t *no_caller = (uintptr_t *)top - 1;
    *no_caller = 0;
    struct host_saved_registers *saved = (struct host_saved_registers *)no_caller - 1;
    *saved = (struct host_saved_registers){.return_address = (uintptr_t)entry};
    *context = (struct machine_context){
        .stack_pointer = (uintptr_t)saved,
        .stack = stack,
        .stack_size = size,
    };
}

void machine_context_switch(struct machine_context *from, const struct machine_context *to)
{
    struct host_range boot = host_boot_stack();
    if (to->stack)
        sanitizer_leave_stack(&from->sanitizer_mark, to->stack, to->stack_size);
    else
        sanitizer_leave_stack(&from->sanitizer_mark, (void *)boot.low, boot.high - boot.low);
    host_switch(&from->stack_pointer, to->stack_pointer);
    sanitizer_enter_stack(from->sanitizer_mark);
}
