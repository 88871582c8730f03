// SPDX-License-Identifier: MIT
//
// What -drive describes, in QEMU's words: file=PATH,readonly=on,snapshot=on,discard=off,
// logical_block_size=4096. Chapter 15.
#include "boot/host/drive.h"

#include <stdlib.h>
#include <string.h>

#include "boot/host/options.h"

enum { BLOCK_SIZE_MAX = 4096 };

const char *drive_next_item(const char *text, char *item, size_t size)
{
    size_t length = 0;
    for (; length + 1 < size; item[length++] = *text++) {
        if (*text == ',' && text[1] == ',')
            text++;
        else if (*text == ',' || *text == '\0')
            break;
    }
    item[length] = '\0';
    return *text == ',' ? text + 1 : NULL;
}

// on or off; QEMU's other words for it, too.
static bool parse_switch(const char *value, const char *text)
{
    if (strcmp(value, "on") == 0 || strcmp(value, "unmap") == 0)
        return true;
    if (strcmp(value, "off") != 0 && strcmp(value, "ignore") != 0)
        options_refuse("expected on or off behind readonly=, snapshot= and discard=", text);
    return false;
}

static uint32_t parse_block_size(const char *value, const char *text)
{
    unsigned long size = strtoul(value, NULL, 10);
    if (size < 512 || size > BLOCK_SIZE_MAX || (size & (size - 1)) != 0)
        options_refuse("expected 512, 1024, 2048 or 4096 behind logical_block_size=", text);
    return (uint32_t)size;
}

static void set(struct drive *drive, const char *name, const char *value, const char *text)
{
    if (strcmp(name, "file") == 0)
        strncpy(drive->file, value, sizeof drive->file - 1);
    else if (strcmp(name, "readonly") == 0)
        drive->read_only = parse_switch(value, text);
    else if (strcmp(name, "snapshot") == 0)
        drive->snapshot = parse_switch(value, text);
    else if (strcmp(name, "discard") == 0)
        drive->no_discard = !parse_switch(value, text);
    else if (strcmp(name, "logical_block_size") == 0)
        drive->block_size = parse_block_size(value, text);
    else if (!(strcmp(name, "format") == 0 && strcmp(value, "raw") == 0))
        options_refuse("a drive knows file=, readonly=, snapshot=, discard= and "
                       "logical_block_size=",
                       text);
}

struct drive drive_parse(const char *text)
{
    struct drive drive = {0};
    char item[sizeof drive.file + 8];
    for (const char *rest = text; rest;) {
        rest = drive_next_item(rest, item, sizeof item);
        char *equals = strchr(item, '=');
        if (!equals)
            options_refuse("expected file=PATH and more such pairs, with commas between", text);
        *equals = '\0';
        set(&drive, item, equals + 1, text);
    }
    if (drive.file[0] == '\0')
        options_refuse("expected file=PATH", text);
    return drive;
}
