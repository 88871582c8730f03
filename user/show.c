// SPDX-License-Identifier: MIT
//
// What files are, in words and short numbers.
// Chapter 17.
#include "show.h"

static const struct {
    char letter;
    const char *name;
} types[] = {
    [OS_TYPE_FILE] = {'-', "file"},
    [OS_TYPE_DIRECTORY] = {'d', "directory"},
    [OS_TYPE_SYMLINK] = {'l', "symbolic link"},
    [OS_TYPE_DEVICE] = {'c', "device"},
    [OS_TYPE_DISK] = {'b', "disk"},
    [OS_TYPE_PIPE] = {'p', "pipe"},
};

static bool is_known(enum os_file_type type)
{
    return type >= OS_TYPE_FILE && type <= OS_TYPE_PIPE;
}

char show_type(enum os_file_type type)
{
    return is_known(type) ? types[type].letter : '?';
}

const char *show_type_name(enum os_file_type type)
{
    return is_known(type) ? types[type].name : "unknown";
}

// Rounded up, with one decimal below 10: never less than there is.
void show_size(char text[SHOW_SIZE], uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    unsigned shift = 0;
    while (shift < 60 && bytes >> shift >= 1024)
        shift += 10;
    if (shift == 0) {
        snprintf(text, SHOW_SIZE, "%u", (unsigned)bytes);
        return;
    }
    uint64_t rest = bytes & ((1ull << shift) - 1);
    unsigned whole = (unsigned)(bytes >> shift);
    unsigned tenths = (unsigned)((((rest >> (shift - 10)) * 10) + 1023) >> 10);
    if (whole < 10 && tenths < 10) {
        snprintf(text, SHOW_SIZE, "%u.%u%c", whole, tenths, units[shift / 10 - 1]);
        return;
    }
    whole += rest > 0;
    if (whole < 1024 || shift == 60)
        snprintf(text, SHOW_SIZE, "%u%c", whole, units[shift / 10 - 1]);
    else
        snprintf(text, SHOW_SIZE, "1.0%c", units[shift / 10]);
}

void show_time(char text[SHOW_TIME], uint64_t ns)
{
    struct os_date date;
    if (ns == 0) {
        strlcpy(text, "-", SHOW_TIME);
        return;
    }
    os_date(ns / 1000000000, &date);
    snprintf(text, SHOW_TIME, "%04d-%02d-%02d %02d:%02d", date.year, date.month, date.day,
             date.hour, date.minute);
}
