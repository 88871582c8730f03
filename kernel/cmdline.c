// SPDX-License-Identifier: MIT
//
// The command line, kept as it came and read anew for every question: nothing is taken
// apart beforehand, so nothing limits how many words there are.
// Chapter 04.
#include "cmdline.h"

#include "error.h"
#include "fdt.h"
#include "print.h"
#include "string.h"

static struct {
    char text[CMDLINE_SIZE];
} cmdline;

// Where in the line we read.
struct reader {
    const char *at;
    bool quoted;
};

static const char *find_source(const struct boot_info *boot)
{
    struct fdt tree;
    if (boot->command_line)
        return boot->command_line;
    if (!boot->device_tree || fdt_open(&tree, boot->device_tree, FDT_SIZE_MAX) < 0)
        return "";
    const char *text = fdt_string(&tree, fdt_find(&tree, "/chosen"), "bootargs");
    return text ? text : "";
}

void cmdline_init(const struct boot_info *boot)
{
    size_t length = strlcpy(cmdline.text, find_source(boot), CMDLINE_SIZE);
    if (length >= CMDLINE_SIZE)
        log_warning("command line: only the first %d of its %zu bytes are used",
                    CMDLINE_SIZE - 1, length);
}

const char *cmdline_text(void)
{
    return cmdline.text;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

// The next byte of the word, its quotes taken off; -1 at its end.
static int read_byte(struct reader *reader)
{
    for (;;) {
        char byte = *reader->at;
        if (!byte || (is_space(byte) && !reader->quoted))
            return -1;
        reader->at++;
        if (byte == '"') {
            reader->quoted = !reader->quoted;
            continue;
        }
        if (byte == '\\' && reader->quoted && (*reader->at == '"' || *reader->at == '\\'))
            byte = *reader->at++;
        return (unsigned char)byte;
    }
}

// Whether the word has that name; then *reader stands at its value. Otherwise it stands
// somewhere in the word.
static bool take_name(struct reader *reader, const char *name)
{
    for (; *name; name++)
        if (read_byte(reader) != (unsigned char)*name)
            return false;
    struct reader value = *reader;
    int next = read_byte(&value);
    if (next >= 0 && next != '=')
        return false;
    *reader = value;
    return true;
}

// Moves to the first byte of the next word. False when there is none.
static bool next_word(struct reader *reader)
{
    while (read_byte(reader) >= 0)
        ;
    while (is_space(*reader->at))
        reader->at++;
    reader->quoted = false;
    return *reader->at != '\0';
}

// The value of the last word with that name: the later word counts, so a line can be
// extended at its end.
static bool find_value(const char *name, struct reader *value)
{
    bool found = false;
    struct reader word = {cmdline.text, false};
    for (bool more = true; more; more = next_word(&word)) {
        struct reader reader = word;
        if (take_name(&reader, name)) {
            *value = reader;
            found = true;
        }
    }
    return found;
}

int cmdline_value(const char *name, char *value, size_t size)
{
    struct reader reader;
    if (!find_value(name, &reader))
        return -ENOENT;

    size_t length = 0;
    for (int byte; (byte = read_byte(&reader)) >= 0; length++)
        if (length + 1 < size)
            value[length] = (char)byte;
    if (size > 0)
        value[length < size ? length : size - 1] = '\0';
    return length < size ? (int)length : -E2BIG;
}

uint64_t cmdline_number(const char *name, uint64_t otherwise)
{
    char text[24];
    uint64_t number;
    int length = cmdline_value(name, text, sizeof text);
    if (length == -ENOENT)
        return otherwise;

    bool hexadecimal = text[0] == '0' && (text[1] | 0x20) == 'x';
    if (length < 0 ||
        string_to_u64(text + (hexadecimal ? 2 : 0), hexadecimal ? 16 : 10, &number) < 0) {
        log_warning("command line: %s=%s is no number, %llu is used", name, text,
                    (unsigned long long)otherwise);
        return otherwise;
    }
    return number;
}
