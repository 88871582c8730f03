// SPDX-License-Identifier: MIT
//
// crash: does what a program must not do, to show what the kernel says
#include "os.h"

static const char constant[] = "a constant";

static void crash_null(void)
{
    volatile int *volatile pointer = NULL;
    *pointer = 1;
}

static void crash_constant(void)
{
    *(volatile char *)(uintptr_t)constant = 'A';
}

static void crash_code(void)
{
    *(volatile char *)(uintptr_t)crash_null = 0;
}

static void crash_data(void)
{
    static unsigned char instructions[16];
    ((void (*)(void))(uintptr_t)instructions)();
}

static int recurse(int depth)
{
    int (*volatile again)(int) = recurse; // the compiler would warn, and rightly
    volatile char room[256];
    room[depth % 256] = (char)depth;
    return again(depth + 1) + room[depth % 256];
}

static void crash_stack(void)
{
    recurse(0);
}

static void crash_double_free(void)
{
    void *memory = os_alloc(100);
    void *volatile again = memory;
    os_free(memory);
    os_free(again);
}

static void crash_overrun(void)
{
    char *memory = os_alloc(100);
    volatile char *volatile end = memory + 100;
    *end = 1;
    os_free(memory);
}

static void crash_use_after_free(void)
{
    char *memory = os_alloc(100);
    volatile char *volatile still = memory + 50;
    os_free(memory);
    *still = 1;
    // Found when the memory is handed out again, at the latest.
    for (int i = 0; i < 1000; i++)
        os_alloc(100);
}

static void crash_assert(void)
{
    os_assert(1 + 1 == 3);
}

// A report that cannot read the name of the file it is about.
static void crash_nested(void)
{
    os_assert_failed((const char *)8, __LINE__, "the report can be read");
}

static void crash_hang(void)
{
    os_printf("from here on nothing switches threads: neither Ctrl-C nor anything else gets "
              "through\n");
    for (volatile int i = 0;; i = i + 1)
        ;
}

static struct os_mutex *locks[2];

static int lock_both(void *first)
{
    struct os_mutex *const *mine = first;
    os_mutex_lock(*mine, OS_NEVER);
    os_yield();
    return os_mutex_lock(mine == locks ? locks[1] : locks[0], OS_NEVER);
}

static void crash_deadlock(void)
{
    locks[0] = os_mutex_create("left");
    locks[1] = os_mutex_create("right");
    struct os_thread *one = os_thread_create("left first", lock_both, &locks[0]);
    os_thread_create("right first", lock_both, &locks[1]);
    os_thread_join(one, NULL, OS_NEVER);
}

static const struct {
    const char *name, *what;
    void (*run)(void);
} ways[] = {
    {"null", "writes to address 0", crash_null},
    {"constant", "writes to a constant", crash_constant},
    {"code", "writes to the kernel's code", crash_code},
    {"data", "jumps into data", crash_data},
    {"stack", "calls itself until the stack is full", crash_stack},
    {"double-free", "frees memory twice", crash_double_free},
    {"overrun", "writes behind the end of its memory", crash_overrun},
    {"use-after-free", "writes to memory it has freed", crash_use_after_free},
    {"assert", "finds its own assumption wrong", crash_assert},
    {"deadlock", "two threads lock two mutexes in opposite order", crash_deadlock},
    {"nested", "crashes while the kernel reports a crash", crash_nested},
    {"hang", "never lets another thread run", crash_hang},
};

int crash_main(int argc, char **argv)
{
    enum { COUNT = sizeof(ways) / sizeof(ways[0]) };
    for (int i = 0; argc == 2 && i < COUNT; i++) {
        if (strcmp(argv[1], ways[i].name) != 0)
            continue;
        ways[i].run();
        os_printf("crash %s: nobody noticed\n", argv[1]);
        return 1;
    }
    os_fprintf(argc == 1 ? OS_OUTPUT : OS_ERROR, "usage: crash WAY\n");
    for (int i = 0; i < COUNT; i++)
        os_fprintf(argc == 1 ? OS_OUTPUT : OS_ERROR, "  %-15s %s\n", ways[i].name,
                   ways[i].what);
    return argc == 1 ? 0 : 2;
}
