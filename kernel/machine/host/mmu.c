// SPDX-License-Identifier: MIT
//
// What pages may be used for: the system's page tables, by mprotect().
//
// The system has loaded the image with text read-execute, constants read-only and the
// rest read-write, and the memory is read-write: nothing is left to do at the start. A
// run of pages with rights of its own is one of at most vm.max_map_count (65,530) that
// a process may have; a thread's guard page makes two, so there can be 32,000 threads.
// Chapter 08.
#include <errno.h>
#include <sys/mman.h>

#include "host.h"
#include "machine.h"

int machine_vm_init(const struct machine_mapping *parts, unsigned count)
{
    return 0;
}

struct machine_image machine_image(void)
{
    return (struct machine_image){
        .boot_stack_guard = host_boot_stack().low - PAGE_SIZE,
    };
}

static bool contains(struct host_range range, uintptr_t address, size_t size)
{
    return address >= range.low && size <= range.high - range.low &&
           address - range.low <= range.high - range.low - size;
}

// The process has more than the kernel has: the C library, the sanitizers' tables.
// Those are not the kernel's to change.
bool host_is_kernel_memory(uintptr_t address, size_t size)
{
    const struct host_range image = {(uintptr_t)__executable_start, (uintptr_t)end};
    return contains(host_memory(), address, size) ||
           contains(host_boot_stack(), address, size) || contains(image, address, size);
}

int machine_vm_protect(uintptr_t address, size_t size, unsigned access)
{
    if (address % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 ||
        !host_is_kernel_memory(address, size))
        return -EINVAL;

    int protection = (access & MACHINE_READ ? PROT_READ : 0) |
                     (access & MACHINE_WRITE ? PROT_WRITE : 0) |
                     (access & MACHINE_EXECUTE ? PROT_EXEC : 0);
    return mprotect((void *)address, size, protection) == 0 ? 0 : -ENOMEM;
}

unsigned machine_vm_access(uintptr_t address)
{
    return host_access(address);
}
