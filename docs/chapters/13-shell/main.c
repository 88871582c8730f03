// SPDX-License-Identifier: MIT
//
// Chapter 13: programs.
//
// Three of them are started by hand, with two pipes between them: seq 1000 | cat | wc.
// Then the shell is, which does the same with every line that is typed.
//
//   make CHAPTER=13 qemu
//   make CHAPTER=13 qemu RUN='ps; free'
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "pipe.h"
#include "print.h"
#include "process.h"
#include "stack.h"
#include "terminal.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

static int start(char *const argv[], struct file *input, struct file *output)
{
    struct file *const files[3] = {input, output, terminal_file()};
    int id = process_start(program_find(argv[0]), argv, files, true);
    if (id < 0)
        panic("%s does not start: %s", argv[0], error_text(id));
    // They have references of their own now. With ours gone, the end of a writer is the
    // end of its pipe.
    for (int handle = 0; handle < 3; handle++)
        file_put(files[handle]);
    return id;
}

static void run_three(void)
{
    static char seq[] = "seq", thousand[] = "1000", cat[] = "cat", wc[] = "wc";
    struct file *ends[4];
    if (pipe_create(&ends[0], &ends[1]) || pipe_create(&ends[2], &ends[3]))
        panic("no memory for two pipes");
    int ids[] = {
        start((char *[]){seq, thousand, NULL}, file_null(), ends[1]),
        start((char *[]){cat, NULL}, ends[0], ends[3]),
        start((char *[]){wc, NULL}, ends[2], terminal_file()),
    };
    for (int i = 0; i < 3; i++) {
        int status;
        process_wait(ids[i], &status, MACHINE_NEVER);
        print("program %d of 3 has ended with status %d\n", i + 1, status);
    }
}

static int run_shell(void)
{
    static char name[] = "shell", option[] = "-c", commands[CMDLINE_SIZE];
    bool given = cmdline_value("run", commands, sizeof(commands)) >= 0;
    int status = 1;
    int id = start((char *[]){name, given ? option : NULL, commands, NULL}, terminal_file(),
                   terminal_file());
    process_wait(id, &status, MACHINE_NEVER);
    return status;
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    board_start_interrupts(board);
    machine_interrupts_enable();
    terminal_init();
    process_init();

    run_three();
    return run_shell();
}
