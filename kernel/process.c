// SPDX-License-Identifier: MIT
//
// Processes: starting a program, and taking back all that it had.
//
//   process_start(program, argv, files, background)      a child of the current process
//   process_wait(id, &status, deadline)
//   process_exit(status)
//
// The end of a process, in this order: its other threads are asked to end and waited
// for; its files are closed; what it owns is released; its children in the foreground
// are asked to end and have no parent any more; then its first thread ends, and its
// parent's process_wait() takes the rest. Chapter 13.
#include "process.h"

#include "error.h"
#include "heap.h"
#include "string.h"
#include "user/os.h"

enum {
    STATUS_INTERRUPTED = 130, // OS_INTERRUPTED of os.h
    TURN = 1024, // calls that need not wait, or so many pages: then the others have theirs
};

static struct {
    struct list all;
    struct process kernel;
    const struct process_terminal *terminal; // NULL: there is none
    uint64_t start_ns;
} processes;

static void prepare(struct process *process)
{
    list_init(&process->threads);
    list_init(&process->owned);
    list_append(&processes.all, &process->all);
}

void process_set_terminal(const struct process_terminal *terminal)
{
    processes.terminal = terminal;
}

// The console becomes its input and output, as it becomes those of all that follow.
void process_init(void)
{
    const struct process_terminal *terminal = processes.terminal;
    struct process *kernel = &processes.kernel;
    list_init(&processes.all);
    prepare(kernel);
    kernel->thread = thread_current();
    kernel->thread->program = kernel;
    kernel->id = (int)kernel->thread->id;
    kernel->background = true;
    for (int handle = 0; handle < 3; handle++)
        file_table_add(&kernel->files, terminal ? terminal->file() : file_null());
    if (terminal)
        terminal->set_interrupt(process_interrupt_foreground);
    processes.start_ns = machine_clock_ns();
}

uint64_t process_start_ns(void)
{
    return processes.start_ns;
}

// For `ps` and messages.
const char *process_name(const struct process *process)
{
    return process->program ? process->program->name : "kernel";
}

struct process *process_next(const struct process *process)
{
    struct list *next = process ? process->all.next : processes.all.next;
    return next == &processes.all ? NULL : container_of(next, struct process, all);
}

void process_own(struct owned *owned, const struct owned_kind *kind)
{
    owned->kind = kind;
    list_append(&process_current()->owned, &owned->link);
}

void process_disown(struct owned *owned)
{
    list_remove(&owned->link);
}

// ---- Starting ---------------------------------------------------------------------------
// One piece of memory: the pointers, the NULL behind them, the strings.
static int copy_arguments(struct process *process, char *const argv[])
{
    size_t size = sizeof(char *);
    int argc = 0;
    for (; argv[argc]; argc++) {
        size += sizeof(char *) + strlen(argv[argc]) + 1;
        if (size > PROCESS_ARGUMENTS_MAX)
            return -E2BIG;
    }
    process->argv = heap_alloc(size);
    if (!process->argv)
        return -ENOMEM;
    process->argc = argc;
    char *end = (char *)process->argv + size;
    char *string = (char *)(process->argv + argc + 1);
    for (int i = 0; i < argc; i++) {
        process->argv[i] = string;
        string += strlcpy(string, argv[i], (size_t)(end - string)) + 1;
    }
    return 0;
}

// References of its own, as handles 0 to 2.
static int copy_files(struct process *process, struct file *const files[3])
{
    int handle = 0;
    for (int i = 0; i < 3 && handle >= 0; i++)
        handle = file_table_add(&process->files, file_get(files[i]));
    return handle < 0 ? handle : 0;
}

static void free_process(struct process *process)
{
    file_table_close_all(&process->files);
    list_remove(&process->all);
    heap_free(process->argv);
    heap_free(process);
}

// Where the first thread of every process begins. To return is to call os_exit().
static void run(void *argument)
{
    struct process *process = argument;
    os_exit(process->program->main(process->argc, process->argv));
}

// All that may fail, in the order in which free_process() takes it back.
static int create(const struct program *program, char *const argv[],
                  struct file *const files[3], struct process **created)
{
    struct process *process = heap_alloc(sizeof(*process));
    if (!process)
        return -ENOMEM;
    prepare(process);
    process->program = program;
    int error = copy_arguments(process, argv);
    if (!error)
        error = copy_files(process, files);
    if (!error) {
        process->thread = thread_create(program->name, run, process);
        error = process->thread ? 0 : -ENOMEM;
    }
    if (error)
        free_process(process);
    *created = process;
    return error;
}

// Nothing can fail once create() has succeeded.
int process_start(const struct program *program, char *const argv[],
                  struct file *const files[3], bool background)
{
    struct process *process;
    int error = create(program, argv, files, &process);
    if (error)
        return error;
    process->thread->program = process;
    process->id = (int)process->thread->id;
    process->parent = process_current();
    process->background = background;
    if (process->parent->directory)
        process->directory = file_get(process->parent->directory);
    if (!background && processes.terminal)
        processes.terminal->look_for_interrupt();
    return process->id;
}

// The end of its first thread is the end of a process.
int process_wait(int id, int *status, uint64_t deadline_ns)
{
    list_for_each(struct process, process, &processes.all, all) {
        if (process->id != id || process->parent != process_current())
            continue;
        int error = thread_join(process->thread, status, deadline_ns);
        if (!error)
            free_process(process);
        return error;
    }
    return -ECHILD;
}

// ---- Being asked to end -----------------------------------------------------------------
void process_interrupt(struct process *process)
{
    thread_interrupt(process->thread);
}

// One that has ended already, and is not waited for yet, does not count.
bool process_interrupt_foreground(void)
{
    bool found = false;
    list_for_each(struct process, process, &processes.all, all) {
        bool ended = process->thread->state == THREAD_DEAD;
        if (process->background || ended)
            continue;
        process_interrupt(process);
        found = true;
    }
    return found;
}

// The calls of os.h come by here on their way back to the program.
void process_check_interrupt(void)
{
    struct thread *self = thread_current();
    struct process *process = process_current();
    if (!self->interrupted)
        return;
    if (process->catches_interrupt && !process->was_interrupted && self == process->thread) {
        process->was_interrupted = true;
        self->interrupted = false;
        return;
    }
    if (self == process->thread)
        process_exit(STATUS_INTERRUPTED);
    process_exit_thread(STATUS_INTERRUPTED);
}

// Who reads what is in memory never waits. A count of bytes stands for the work of copying.
int process_leave(int result)
{
    struct thread *self = thread_current();
    struct process *process = self->program;
    if (process->turn != self->switches) {
        process->turn = self->switches;
        process->work = 0;
    }
    process->work += result > 0 ? 1 + (unsigned)result / PAGE_SIZE : 1;
    if (process->work < TURN) {
        thread_checkpoint();
    } else {
        process->work = 0;
        thread_yield();
    }
    if (self->interrupted)
        process_check_interrupt();
    return result;
}

// ---- The end ----------------------------------------------------------------------------
// The current thread will not come back to what it holds.
static void drop_holdings(struct process *process)
{
    struct thread *self = thread_current();
    if (self->mutexes == 0)
        return;
    list_for_each(struct owned, owned, &process->owned, link) {
        if (owned->kind->thread_ends)
            owned->kind->thread_ends(owned, self);
    }
}

// Each round looks at the list again: while we wait, one thread may create another, or
// join it. A second Ctrl-C may interrupt us meanwhile; that changes nothing any more.
static void end_other_threads(struct process *process)
{
    while (!list_is_empty(&process->threads)) {
        list_for_each(struct os_thread, other, &process->threads, link)
            thread_interrupt(other->thread);
        struct os_thread *first = container_of(process->threads.next, struct os_thread, link);
        thread_current()->interrupted = false;
        int error = thread_join(first->thread, NULL, MACHINE_NEVER);
        if (error == -EBUSY)
            thread_yield(); // to the one who joins it, who is interrupted too
        if (error)
            continue;
        list_remove(&first->link);
        heap_free(first);
    }
}

// From the list's front: a release may take others off it.
static void release_all(struct process *process)
{
    struct list *link;
    while ((link = list_take_first(&process->owned))) {
        struct owned *owned = container_of(link, struct owned, link);
        owned->kind->release(owned);
    }
}

// Who has nobody to wait for it releases itself. In the foreground nobody could end it
// by Ctrl-C either: it is asked to end now.
static void leave_children(struct process *parent)
{
    struct process *next;
    for (struct process *child = process_next(NULL); child; child = next) {
        next = process_next(child);
        if (child->parent != parent)
            continue;
        bool ended = child->thread->state == THREAD_DEAD;
        thread_detach(child->thread);
        child->parent = NULL;
        if (ended)
            free_process(child);
        else if (!child->background)
            process_interrupt(child);
    }
}

// The first call decides the status. Any thread may call; the first one does the work.
_Noreturn void process_exit(int status)
{
    struct process *process = process_current();
    if (process == &processes.kernel)
        machine_exit(status);
    if (!process->exiting) {
        process->exiting = true;
        process->status = status;
    }
    if (thread_current() != process->thread) {
        thread_interrupt(process->thread);
        process_exit_thread(process->status);
    }
    drop_holdings(process);
    end_other_threads(process);
    if (process->raw_console)
        processes.terminal->set_raw(false);
    file_table_close_all(&process->files);
    struct file *directory = process->directory;
    process->directory = NULL; // closing it may sleep, and others look at us
    file_put(directory);
    release_all(process);
    leave_children(process);

    status = process->status;
    thread_current()->program = &processes.kernel;
    if (!process->parent)
        free_process(process);
    thread_exit(status);
}

_Noreturn void process_exit_thread(int result)
{
    drop_holdings(process_current());
    thread_exit(result);
}
