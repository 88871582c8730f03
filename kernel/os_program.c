// SPDX-License-Identifier: MIT
//
// os.h: programs that start programs.
// Chapter 13.
#include "error.h"
#include "file.h"
#include "process.h"
#include "program.h"
#include "user/os.h"

// The file for one of the child's three handles, with a reference for us; NULL when it
// is not open.
static struct file *file_for_child(int handle)
{
    if (handle == -1)
        return file_null();
    struct file *file = file_table_find(&process_current()->files, handle);
    return file ? file_get(file) : NULL;
}

// The child's handles are references of its own; ours are put back in any case.
int os_run(char *const argv[], const int handles[3], bool background)
{
    const struct program *program = argv[0] ? program_find(argv[0]) : NULL;
    if (!program)
        return -ENOENT;
    struct file *files[3];
    bool open = true;
    for (int i = 0; i < 3; i++) {
        files[i] = file_for_child(handles[i]);
        open = open && files[i];
    }
    int id = open ? process_start(program, argv, files, background) : -EBADF;
    for (int i = 0; i < 3; i++)
        file_put(files[i]);
    return id;
}

int os_wait(int id, int *status, uint64_t deadline_ns)
{
    int error = process_wait(id, status, deadline_ns);
    process_check_interrupt();
    return error;
}

// By the id of any of its threads, since that is what `ps` shows.
int os_kill(int id)
{
    for (struct thread *thread = thread_next(NULL); thread; thread = thread_next(thread)) {
        if (id <= 0 || thread->id != (uint32_t)id || thread->state == THREAD_DEAD)
            continue;
        // The kernel, and what it started: without the first shell nobody could type
        // any more.
        struct process *process = thread->program, *kernel = process_next(NULL);
        if (!process || process == kernel || process->parent == kernel)
            return -EPERM;
        process_interrupt(process);
        process_check_interrupt(); // it may have been ourselves
        return 0;
    }
    return -ESRCH;
}

void os_catch_interrupt(void)
{
    process_current()->catches_interrupt = true;
}

bool os_was_interrupted(void)
{
    process_check_interrupt();
    return process_current()->was_interrupted;
}

// What was printed and is not there is a failure, whether the program has looked or not.
_Noreturn void os_exit(int status)
{
    int error = os_output_error();
    if (error && error != -EPIPE) {
        os_fprintf(OS_ERROR, "%s: output: %s\n", process_name(process_current()),
                   error_text(error));
        status = status ? status : 1;
    }
    process_exit(status);
}

bool os_program_next(unsigned i, struct os_program *program)
{
    for (unsigned skipped = 0; program_table[skipped].name; skipped++) {
        if (skipped < i)
            continue;
        program->name = program_table[i].name;
        program->summary = program_table[i].summary;
        return true;
    }
    return false;
}
