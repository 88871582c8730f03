// SPDX-License-Identifier: MIT
//
// The process's own options, spelled like QEMU's: -m SIZE, -append TEXT, -drive, -nic ...
// Chapter 01.
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine.h"

enum {
    STATUS_WRONG_USAGE = 2, // 0 and 1 are the kernel's verdicts
};

static const char usage[] =
    "usage: tsumiki [-m SIZE] [-append TEXT] [-drive file=PATH[,...]]... [-nic KIND[,...]]...\n"
    "  -m SIZE        the machine's memory, with K, M or G behind the number (default: 128M)\n"
    "  -append TEXT   the kernel's command line, such as 'run=\"ps; free\"'\n"
    "  -drive file=PATH[,readonly=on][,snapshot=on][,discard=off][,logical_block_size=N]\n"
    "                 a disk; once more for each that follows. A comma in PATH is written ,,\n"
    "  -nic user[,hostfwd=tcp|udp:[ADDRESS]:PORT-:PORT]...[,net=10.0.2.0/24] |\n"
    "       tap,ifname=NAME | dgram,local=PATH,remote=PATH | loop\n"
    "                 a network card; all have [,csum=off][,tso=off][,mrg=off][,mtu=N]\n"
    "                 [,mac=52:54:00:12:34:56]\n"
    "  -pcap FILE     gets all frames, for tcpdump and Wireshark\n"
    "  -console PATH  a second console on a terminal, on PATH.in and PATH.out if these are\n"
    "                 pipes, or else into the file\n"
    "  -no-rng        no entropy device\n"
    "  -seed N        the entropy device's bytes follow from this number\n"
    "  -sim FD        a node of a simulation, with cards of -nic sim: see tests/sim\n"
    "  -faults KINDS[,seed=N][,rate=N]\n"
    "                 devices that cannot be relied on: reorder,delay,fail,lie,withdraw or\n"
    "                 some of these; one chance in N (16)\n"
    "  -help          this text\n";

// "64M" in bytes, rounded down to whole pages; 0 when it is no such thing.
static uint64_t parse_size(const char *text)
{
    char *end;
    errno = 0;
    uint64_t size = strtoull(text, &end, 10);
    if (errno || end == text || *text == '-')
        return 0;

    unsigned shift = *end == 'G' ? 30 : *end == 'M' ? 20 : *end == 'K' ? 10 : 0;
    if (shift)
        end++;
    if (*end || size > UINT64_MAX >> shift)
        return 0;
    return (size << shift) & ~(uint64_t)(PAGE_SIZE - 1);
}

void options_refuse(const char *what, const char *word)
{
    dprintf(STDERR_FILENO, "tsumiki: %s: %s\n%s", word, what, usage);
    exit(STATUS_WRONG_USAGE);
}

// Adds a word to a list of at most `size`.
static void add(const char **words, unsigned *count, unsigned size, const char *complaint)
{
    if (*count == size)
        options_refuse(complaint, optarg);
    words[(*count)++] = optarg;
}

// `word`: as it was given.
static void set(struct options *options, int option, const char *word)
{
    switch (option) {
    case 'm':
        options->memory_size = parse_size(optarg);
        if (!options->memory_size)
            options_refuse("expected a size of a page or more, such as 128M", optarg);
        break;
    case 'a': options->command_line = optarg; break;
    case 'd':
        add(options->drives, &options->drive_count, OPTIONS_DRIVES_MAX, "one drive too many");
        break;
    case 'i':
        add(options->nics, &options->nic_count, OPTIONS_NICS_MAX,
            "one network card too many");
        break;
    case 'p': options->pcap = optarg; break;
    case 'c': options->console = optarg; break;
    case 'n': options->no_rng = true; break;
    case 'e': options->seed = strtoull(optarg, NULL, 10); break;
    case 's': options->simulation = optarg; break;
    case 'f': options->faults = optarg; break;
    case 'h':
        dprintf(STDOUT_FILENO, "%s", usage);
        exit(0);
    case ':': options_refuse("expected something behind it", word);
    default: options_refuse("no such option", word);
    }
}

struct options options_parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"m", required_argument, NULL, 'm'},
        {"append", required_argument, NULL, 'a'},
        {"drive", required_argument, NULL, 'd'},
        {"nic", required_argument, NULL, 'i'},
        {"pcap", required_argument, NULL, 'p'},
        {"console", required_argument, NULL, 'c'},
        {"no-rng", no_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 'e'},
        {"sim", required_argument, NULL, 's'},
        {"faults", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options options = {.memory_size = 128u << 20};

    opterr = 0;
    for (;;) {
        int option = getopt_long_only(argc, argv, "+:", known, NULL);
        if (option == -1)
            break;
        set(&options, option, argv[optind - 1]);
    }
    if (optind < argc)
        options_refuse("expected an option", argv[optind]);
    return options;
}
