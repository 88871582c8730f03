// SPDX-License-Identifier: MIT
//
// wc: counts the lines, words and bytes of its input
#include "os.h"

struct counts {
    unsigned long long lines, words, bytes;
    bool in_word;
};

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void count(struct counts *counts, const char *bytes, int size)
{
    for (int i = 0; i < size; i++) {
        bool blank = is_blank(bytes[i]);
        counts->lines += bytes[i] == '\n';
        counts->words += !blank && !counts->in_word;
        counts->in_word = !blank;
    }
    counts->bytes += (unsigned)size;
}

static int print(const struct counts *counts, char which)
{
    switch (which) {
    case 'l': return os_printf("%llu\n", counts->lines);
    case 'w': return os_printf("%llu\n", counts->words);
    case 'c': return os_printf("%llu\n", counts->bytes);
    default: return os_printf("%llu %llu %llu\n", counts->lines, counts->words, counts->bytes);
    }
}

int wc_main(int argc, char **argv)
{
    bool option = argc == 2 && argv[1][0] == '-' && argv[1][1] && strchr("lwc", argv[1][1]) &&
                  !argv[1][2];
    if (argc > 1 && !option)
        return os_usage("wc [-l | -w | -c]");

    struct counts counts = {0};
    char buffer[1024];
    int size;
    while ((size = os_read(OS_INPUT, buffer, sizeof(buffer))) > 0)
        count(&counts, buffer, size);
    if (size < 0)
        return os_print_error("wc", size);
    return print(&counts, option ? argv[1][1] : 0) < 0;
}
