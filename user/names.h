// SPDX-License-Identifier: MIT
//
// The addresses of names, and what to say when there are none.
//
//   count = name_find("ping", "example.org", addresses, 8)
//
// Chapter 22.
#pragma once

#include "os.h"

// The IPv4 addresses of a name. How many; 0: has said why.
int name_find(const char *program, const char *name, struct os_address *addresses,
              unsigned most);
// Why a question has no answer, on OS_ERROR. Returns 1.
int name_error(const char *program, const struct os_question *question, int error);
