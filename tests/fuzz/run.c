// SPDX-License-Identifier: MIT
//
// A fuzzer's process: libFuzzer has main(), the kernel gets memory and the stack that
// libFuzzer calls it on. In place of boot/host/main.c and of the ways out.
#include "fuzz.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "boot/host/options.h"
#include "console.h"
#include "host.h"
#include "machine.h"

enum {
    MEMORY_SIZE = 256 << 20, // a page of it costs something only once it is touched
    WORDS_KEPT = 8192,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct {
    struct host_range memory, stack;
    char **arguments;
    char words[WORDS_KEPT]; // the last that the kernel said
    size_t said;            // of all of them
} process;

struct host_range host_memory(void)
{
    return process.memory;
}

struct host_range host_boot_stack(void)
{
    return process.stack;
}

char **host_arguments(void)
{
    return process.arguments;
}

// What the kernel has to say of thousands of broken things nobody reads: only the last of
// it matters.
static void keep(struct console_device *device, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        process.words[process.said++ % WORDS_KEPT] = bytes[i];
}

// libFuzzer keeps the bytes that led to an end like this.
void machine_exit(int status)
{
    size_t newest = process.said % WORDS_KEPT;
    if (process.said > WORDS_KEPT)
        fwrite(process.words + newest, 1, WORDS_KEPT - newest, stderr);
    fwrite(process.words, 1, newest, stderr);
    abort();
}

void machine_reboot(void)
{
    abort();
}

const struct options *host_options(void)
{
    static const struct options none;
    return &none;
}

static struct host_range own_stack(void)
{
    void *low = NULL;
    size_t size = 0;
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    return (struct host_range){(uintptr_t)low, (uintptr_t)low + size};
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    void *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        perror("memory for the kernel");
        exit(1);
    }
    process.memory = (struct host_range){(uintptr_t)memory, (uintptr_t)memory + MEMORY_SIZE};
    process.stack = own_stack();
    process.arguments = *argv;
    static struct console_device keeper = {.name = "keeper", .write = keep};
    console_set_device(&keeper);
    fuzz_setup(&(struct boot_info){0});
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_one(bytes, size);
    return 0;
}
