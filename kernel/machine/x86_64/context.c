// SPDX-License-Identifier: MIT
//
// A thread that has not run yet: the registers with which its first switch begins.
// Chapter 09.
#include "assembly.h"
#include "machine.h"

_Static_assert(sizeof(struct machine_context) == 8 * 8, "switch.S");
_Static_assert(offsetof(struct machine_context, rbx) == 3 * 8, "switch.S");

void machine_context_init(struct machine_context *context, void *stack, size_t size,
                          void (*entry)(void))
{
    *context = (struct machine_context){
        .rip = (uintptr_t)context_start,
        .rsp = ((uintptr_t)stack + size) & ~(uintptr_t)15, // the calling convention's wish
        .rbx = (uintptr_t)entry,
    };
}
