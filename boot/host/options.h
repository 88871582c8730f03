// SPDX-License-Identifier: MIT
//
// The process's own options, spelled like QEMU's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_DRIVES_MAX = 24, OPTIONS_NICS_MAX = 4 };

struct options {
    uint64_t memory_size;     // bytes, whole pages
    const char *command_line; // the kernel's, or NULL
    // For the devices that these plug in, who look at the words themselves: chapters that
    // know of no such device do without.
    const char *drives[OPTIONS_DRIVES_MAX]; // "file=PATH,..."
    unsigned drive_count;
    const char *nics[OPTIONS_NICS_MAX]; // "user,hostfwd=...", "tap,ifname=tap0"
    unsigned nic_count;
    const char *pcap;    // a path for their frames, or NULL
    const char *console; // a path, or NULL
    const char *faults;  // "delay,seed=1", or NULL
    bool no_rng;
    const char *simulation; // a descriptor's number, or NULL
    uint64_t seed; // of the entropy device; 0: the system's random bytes
};

// Ends the process, saying what was expected, when the arguments are wrong.
struct options options_parse(int argc, char **argv);
// Says what was expected in place of a word, shows all options, ends the process.
_Noreturn void options_refuse(const char *what, const char *word);

// What the process was started with (main.c).
const struct options *host_options(void);
