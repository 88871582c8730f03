// SPDX-License-Identifier: MIT
//
// From the firmware to the first line of C.
//
// QEMU, or another loader that speaks PVH, finds the note below; GRUB, and others that speak
// multiboot2, find the header behind the code. Both enter at _start: in 32-bit mode, without
// translation, interrupts masked, on one processor; the others wait for a call. ebx holds the
// address of what the loader has to say: a struct start_info (start_info.h), or what
// multiboot.c reads, when eax has a certain number.
//
// The image is linked for an address that 32 bits cannot hold (layout.h). Until step 4 we
// run where it lies in memory, so every address here has LINEAR taken off.
//
//  0. Is there a 64-bit mode at all? Where not, no line of C could say so.
//  1. Page tables, made by the assembler: the first 4 GiB at their own addresses and in the
//     linear map. Translation is what 64-bit mode needs.
//  2. 64-bit mode: address extension, the tables, "long mode", and translation on.
//  3. A segment with 64-bit code. Segments have no other meaning left.
//  4. To the address that the image is linked for. From there on the lowest addresses are
//     empty, so that a null pointer is a fault, and so are the segments' physical addresses.
//  5. Clear bss, where C expects zeros: memory holds whatever the last user left.
//  6. The boot stack. Frame pointer and return address become 0: here every call chain ends.
//  7. boot_main(ebx, eax), which never returns.
//
// A trap before machine_trap_init() finds no handler, nor one for that: the processor
// resets the machine.
//
// Chapter 01.

#include "kernel/machine/x86_64/layout.h"

#define PRESENT 0x1         // bits of a page table's entry
#define WRITE 0x2
#define LARGE 0x80          // no table of a lower level, but 2 MiB of memory

#define CR0_TRANSLATION 0x80010001 // paging, read-only also for us, protected mode
#define CR4_EXTENSION 0x20         // entries of 64 bits
#define CPU_EXTENDED 0x80000000    // the first of a second range of cpuid's questions
#define CPU_LONG_MODE 0x20000000
#define UART 0x3f8
#define UART_READY 0x20
#define DEBUG_EXIT 0xf4
#define MULTIBOOT_HEADER 0xe85250d6
#define MSR_EFER 0xc0000080
#define EFER_LONG_MODE 0x100

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              // sizes of name and value; 18: where to enter
    .asciz "Xen"
    .quad _start - LINEAR

    // Not .text.something: the compiler names a function's section like that.
    .section .entry, "ax", @progbits
    .globl _start
    .type _start, @function
    .code32
_start:
    cli
    cld
    movl %eax, %esi                     // stays there until 7.
    movl %ebx, %edi                     // 0.
    movl $CPU_EXTENDED, %eax
    cpuid
    cmpl $CPU_EXTENDED, %eax
    jbe no_long_mode                    // the processor has no words for it
    movl $CPU_EXTENDED + 1, %eax
    cpuid
    testl $CPU_LONG_MODE, %edx
    jz no_long_mode
    movl %edi, %ebx
    movl $(boot_root - LINEAR), %eax    // 1.
    movl %eax, %cr3
    movl $CR4_EXTENSION, %eax           // 2.
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LONG_MODE, %eax
    wrmsr
    movl $CR0_TRANSLATION, %eax
    movl %eax, %cr0
    lgdt (low_segments - LINEAR)        // 3.
    ljmp $CODE_SELECTOR, $(1f - LINEAR)

    .code64
1:  movabs $2f, %rax                    // 4.
    jmp *%rax
2:  movl $DATA_SELECTOR, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    lgdt high_segments(%rip)
    movq $0, boot_root(%rip)
    movq %cr3, %rax                     // the processor forgets what it knew of the tables
    movq %rax, %cr3

    leaq bss_start(%rip), %rdi          // 5. linker.ld aligns both ends to 8 bytes
    leaq bss_end(%rip), %rcx
    leaq -32(%rcx), %rdx                // as long as rdi is not above this, 32 bytes are left
    xorl %eax, %eax
    cmpq %rdi, %rdx
    jb 4f
3:  movq %rax, (%rdi)
    movq %rax, 8(%rdi)
    movq %rax, 16(%rdi)
    movq %rax, 24(%rdi)
    addq $32, %rdi
    cmpq %rdi, %rdx
    jae 3b
4:  cmpq %rcx, %rdi                     // the last 0 to 24 bytes
    jae 5f
    movq %rax, (%rdi)
    addq $8, %rdi
    jmp 4b

5:  leaq boot_stack_high(%rip), %rsp    // 6.
    xorl %ebp, %ebp
    movl %ebx, %edi                     // 7. clears the upper half, too
    pushq %rbp
    jmp boot_main
    .size _start, . - _start

    .code32
no_long_mode:
    movl $(complaint - LINEAR), %esi
1:  movw $UART + 5, %dx
2:  inb %dx, %al
    testb $UART_READY, %al
    jz 2b
    lodsb
    testb %al, %al
    jz 3f
    movw $UART, %dx
    outb %al, %dx
    jmp 1b
3:  xorl %eax, %eax                     // QEMU ends with status 1 (exit.c), or nothing happens
    outl %eax, $DEBUG_EXIT
4:  hlt
    jmp 4b
complaint:
    .ascii "tsumiki: this processor has no 64-bit mode. Expected one that has"
    .asciz ": QEMU's -cpu max\r\n"

// Multiboot2 Specification 2.0, 3.1: within the first 32 KiB of the file. It can describe a
// file as it lies in memory, without the addresses of an ELF file, which GRUB wants to have
// 32 bits: tools/bootdisk makes such a file.
    .balign 8
multiboot_header:
    .long MULTIBOOT_HEADER, 0, multiboot_header_end - multiboot_header
    .long -(MULTIBOOT_HEADER + multiboot_header_end - multiboot_header)
    .long 2, 24                         // where the header is, and the file; all of it
    .long multiboot_header - LINEAR, image_start - LINEAR, 0, 0
    .long 3, 12, _start - LINEAR        // where to enter
    .balign 8
    .long 0, 8                          // no more
multiboot_header_end:

    .data
    .balign 8
    .globl segments
segments:                               // the null segment; code; data; trap.c fills in
    .quad 0                             // the task state's two
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0, 0
segments_end:
    .balign 4
    .word 0
low_segments:
    .word segments_end - segments - 1
    .long segments - LINEAR
    .balign 4
    .word 0
high_segments:
    .word segments_end - segments - 1
    .quad segments

// The page tables: the root with the two halves of the address space, a table of
// gigabytes, and one of 2 MiB pages for each of them. vm_init() makes better ones.
    .balign 4096
boot_root:
    .quad boot_gigabytes - LINEAR + PRESENT + WRITE
    .fill LINEAR_ENTRY - 1, 8, 0
    .quad boot_gigabytes - LINEAR + PRESENT + WRITE
    .fill DEVICES_ENTRY - LINEAR_ENTRY - 1, 8, 0
    .quad window_gigabytes - LINEAR + PRESENT + WRITE
    .fill 511 - DEVICES_ENTRY, 8, 0
boot_gigabytes:
    .quad boot_pages - LINEAR + PRESENT + WRITE
    .quad boot_pages - LINEAR + 0x1000 + PRESENT + WRITE
    .quad boot_pages - LINEAR + 0x2000 + PRESENT + WRITE
    .quad boot_pages - LINEAR + 0x3000 + PRESENT + WRITE
    .fill 508, 8, 0
boot_pages:
    .set page, 0
    .rept 4 * 512
    .quad page * 0x200000 + PRESENT + WRITE + LARGE
    .set page, page + 1
    .endr

// The window for device registers, which device.c opens 2 MiB at a time. The gigabyte below
// 4 GiB is where a PC has most of them.
    .globl window_gigabytes
window_gigabytes:
    .fill 3, 8, 0
    .quad window_pages - LINEAR + PRESENT + WRITE
    .fill 508, 8, 0
window_pages:
    .fill 512, 8, 0
