// SPDX-License-Identifier: MIT
//
// Chapter 08: every page may be used for what it is for, and for nothing else.
//
//   make CHAPTER=08 qemu                             what a few addresses may be used for
//   make CHAPTER=08 qemu APPEND=provoke=code         write to the kernel's code
//   make CHAPTER=08 qemu APPEND=provoke=data         run what is data
//   make CHAPTER=08 qemu APPEND=provoke=null         follow a null pointer
//   make CHAPTER=08 qemu APPEND=provoke=guard        touch the page below the stack
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "trap.h"
#include "vm.h"

static const char constant[] = "constants can be read";
static unsigned variable = 1;

static void print_access(const char *what, const volatile void *address)
{
    unsigned access = machine_vm_access((uintptr_t)address);
    print("%-22s %p  %c%c%c\n", what, (const void *)address, access & MACHINE_READ ? 'r' : '-',
          access & MACHINE_WRITE ? 'w' : '-', access & MACHINE_EXECUTE ? 'x' : '-');
}

static void print_table(void)
{
    void *page = page_alloc(1);
    print_access("code, kernel_main()", (const void *)kernel_main);
    print_access("a constant", constant);
    print_access("a variable", &variable);
    print_access("this function's stack", __builtin_frame_address(0));
    print_access("below the boot stack", (const void *)machine_image().boot_stack_guard);
    print_access("a page", page);
    vm_guard(page);
    print_access("the same, guarded", page);
    vm_unguard(page);
    print_access("and used again", page);
    print_access("a null pointer", NULL);
    page_free(page, 1);
}

// Each of these is a bug that other systems find days later, if at all. The machine stops at
// the instruction. (volatile: the compiler is not to see through it.)
static void provoke(const char *what)
{
    volatile uint8_t *volatile target = NULL;
    if (strcmp(what, "code") == 0)
        target = (volatile uint8_t *)kernel_main;
    if (strcmp(what, "guard") == 0)
        target = (volatile uint8_t *)machine_image().boot_stack_guard + PAGE_SIZE - 1;
    if (strcmp(what, "data") == 0) {
        void (*volatile function)(void) = (void (*)(void))&variable;
        function();
    }
    *target = 0;
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);

    print_table();
    char what[16];
    if (cmdline_value("provoke", what, sizeof what) > 0) {
        print("now: %s\n", what);
        provoke(what);
        print("nobody noticed\n");
    }
    return 0;
}
