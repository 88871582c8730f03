// SPDX-License-Identifier: MIT
//
// ps: shows the threads, what each waits for and since when
#include "os.h"

enum { BATCH = 8 };

static int print_thread(const struct os_thread_info *info)
{
    char wait[64] = "";
    if (info->waits_for[0])
        snprintf(wait, sizeof(wait), "%s%s%s", info->waits_for,
                 info->waits_for_name[0] ? " " : "", info->waits_for_name);
    if (info->holder) { // of a thread, that is the thread itself
        size_t length = strlen(wait);
        const char *format = strcmp(info->waits_for, "thread") ? " held by %u" : " (%u)";
        snprintf(wait + length, sizeof(wait) - length, format, (unsigned)info->holder);
    }
    char since[24] = "";
    if (info->waits_for[0])
        snprintf(since, sizeof(since), "%llu.%03llu s",
                 (unsigned long long)(info->waiting_ns / 1000000000),
                 (unsigned long long)(info->waiting_ns / 1000000 % 1000));
    return os_printf("%5u  %-10s %-14s %-8s %8llu %12s  %s\n", (unsigned)info->id,
                     info->program, info->name, info->state, (unsigned long long)info->switches,
                     since, wait);
}

int ps_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("ps");
    struct os_thread_info infos[BATCH];
    uint32_t after = 0;
    unsigned count;
    if (os_printf(
            "   ID  PROGRAM    THREAD         STATE    SWITCHES        SINCE  WAITS FOR\n") < 0)
        return 1;
    while ((count = os_threads(after, infos, BATCH)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            if (print_thread(&infos[i]) < 0)
                return 1;
        }
        after = infos[count - 1].id;
    }
    return 0;
}
