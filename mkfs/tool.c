// SPDX-License-Identifier: MIT
//
// What the tools share: bringing up the kernel without devices, words, sizes, time.
#include "tool.h"

#include <stdarg.h>

#include "boot/boot.h"
#include "cache.h"
#include "cmdline.h"
#include "console.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "machine.h"
#include "outside.h"
#include "page.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"

static struct {
    const char *name; // of the tool
} tool;

// ---- Words ------------------------------------------------------------------------------
// What the kernel says, too, is no part of what a tool puts out.
static void write_errors(struct console_device *device, const char *bytes, size_t count)
{
    outside_write(OUTSIDE_ERRORS, bytes, count);
}

static struct console_device errors = {.name = "standard error", .write = write_errors};

static void to_output(void *context, const char *bytes, size_t count)
{
    tool_write(bytes, count);
}

static void to_errors(void *context, const char *bytes, size_t count)
{
    outside_write(OUTSIDE_ERRORS, bytes, count);
}

// Nobody may be left to hear it: then there is nothing more to do.
void tool_write(const char *bytes, size_t count)
{
    if (outside_write(OUTSIDE_OUTPUT, bytes, count) < 0)
        machine_exit(1);
}

void tool_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_to(to_output, NULL, format, arguments);
    va_end(arguments);
}

void tool_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    outside_write(OUTSIDE_ERRORS, tool.name, strlen(tool.name));
    outside_write(OUTSIDE_ERRORS, ": ", 2);
    format_to(to_errors, NULL, format, arguments);
    outside_write(OUTSIDE_ERRORS, "\n", 1);
    va_end(arguments);
}

// ---- Sizes ------------------------------------------------------------------------------
static const char units[] = "KMGT";

bool tool_parse_size(const char *text, uint64_t *size)
{
    size_t digits = 0;
    uint64_t number = 0;
    for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits >= 15)
            return false;
        number = number * 10 + (uint64_t)(text[digits] - '0');
    }
    const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
    if (digits == 0 || (text[digits] && (!unit || text[digits + 1])))
        return false;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    *size = number << shift;
    return number <= UINT64_MAX >> shift;
}

void tool_format_size(uint64_t size, char text[16])
{
    uint64_t number = size / 1024 + (size % 1024 > 0);
    unsigned unit = 0;
    for (; unit < sizeof units - 2 && number >= 10 * 1024; unit++)
        number = number / 1024 + (number % 1024 > 0);
    snprintf(text, 16, "%llu%c", (unsigned long long)number, units[unit]);
}

// ---- Time -------------------------------------------------------------------------------
bool tool_latest_time(uint64_t *ns)
{
    const char *epoch = outside_variable("SOURCE_DATE_EPOCH");
    uint64_t seconds;
    if (!epoch || string_to_u64(epoch, 10, &seconds) < 0)
        return false;
    *ns = seconds * 1000000000;
    return true;
}

// ---- Bringing it up ---------------------------------------------------------------------
int kernel_main(const struct boot_info *boot)
{
    char **arguments;
    int count = process_arguments(&arguments);
    const char *slash = strrchr(arguments[0], '/');
    tool.name = slash ? slash + 1 : arguments[0];

    console_set_device(&errors);
    trap_init();
    cmdline_init(boot);
    struct memory_range memory;
    process_memory(&memory.start, &memory.size);
    page_init(&memory, 1);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
    cache_init(0);
    return tool_main(count, arguments);
}
