// SPDX-License-Identifier: MIT
//
// Where things are in the address space, for C and assembly. (48 bits of an address count;
// the bits above repeat the highest of them, so that there are two halves.)
//
//     0                      nothing: no null pointer leads anywhere, whatever is added
//     LINEAR  + physical     all of memory, the image with it
//     DEVICES + physical     registers of devices
//     PORTS   + number       not memory at all: ports, which have instructions of their own
#pragma once

#define LINEAR 0xffff800000000000
#define DEVICES 0xffffc00000000000
#define PORTS 0xffffffffffff0000

#define LINEAR_ENTRY 256 // of the root table, where the linear map begins
#define DEVICES_ENTRY 384

// Selectors: offsets into the table of segments (entry.S).
#define CODE_SELECTOR 8
#define DATA_SELECTOR 16
#define TASK_SELECTOR 24
