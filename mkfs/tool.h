// SPDX-License-Identifier: MIT
//
// What the tools share. A tool is the kernel as a process, with a program of its own in
// place of kernel/main.c: tool_main() finds memory, threads, block layer and cache ready,
// and mounts an image with the kernel's own tsfs.
//
//   tool_open_image(path, writable)     the image is the disk "vda"
//   tool_mount(flags)                   ... and its tree is at "/"
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block_device;

int tool_main(int argc, char **argv); // the program: returns its exit status

// To standard output, and to standard error behind the tool's name.
void tool_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tool_write(const char *bytes, size_t count);
void tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// "64M" in bytes: a number, and K, M, G or T. False: it is no such thing.
bool tool_parse_size(const char *text, uint64_t *size);
// "72M": a round number of these that is not below.
void tool_format_size(uint64_t size, char text[16]);

// SOURCE_DATE_EPOCH, where it is given: what is made again later is to be the same.
bool tool_latest_time(uint64_t *ns);

// Complains and returns NULL when it cannot.
struct block_device *tool_open_image(const char *path, bool writable);
// Makes the image, or empties it, and gives it this size.
struct block_device *tool_make_image(const char *path, uint64_t size);
// Everything is where it belongs, on the host's disk. 0 or an error.
int tool_close_image(struct block_device *device);
int tool_mount(unsigned flags); // complains
int tool_unmount(void);         // complains
