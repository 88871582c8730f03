// SPDX-License-Identifier: MIT
//
// Hosts and ports as they are named on a command line.
//
// Chapter 25.
#pragma once

#include "os.h"

// The first address of a name. 0, or 1 when there is none: has said why.
int host_find(const char *program, const char *name, struct os_address *address);
// "80", or a range "20-25" when `last` is not NULL. False: it is none.
bool host_ports(const char *text, uint16_t *first, uint16_t *last);
// A connection to there. A handle, or an error.
int host_connect(const struct os_address *address, uint64_t deadline_ns);
// The same to the first address of a name that takes it, with so much patience for each (0: for
// ever). A handle, or an error: has said what is wrong with each.
int host_reach(const char *program, const char *name, uint16_t port, uint64_t patience_ns);
// Why a host could not be asked, in words.
const char *host_reason(int error);
// "10.0.2.2: connection refused" on OS_ERROR, after the program's name. Returns 1.
int host_error(const char *program, const struct os_address *address, int error);
