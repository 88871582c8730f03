// SPDX-License-Identifier: MIT
//
// Networks as hands type them: "10.0.2.0/24", "default".
//
//   if (!prefix_parse(argv[1], &network, &bits)) return os_usage("...");
//   os_printf("%s\n", prefix_print(&network, bits, text));
//
// Chapter 21.
#pragma once

#include "os.h"

enum { PREFIX_TEXT = OS_ADDRESS_TEXT + 4, PREFIX_NONE = 33 };

// "ADDRESS/BITS", or "default" for 0.0.0.0/0. Without a length: PREFIX_NONE. False: it is none.
bool prefix_parse(const char *text, struct os_address *address, unsigned *bits);
// The same the other way. Returns `text`.
const char *prefix_print(const struct os_address *address, unsigned bits,
                         char text[PREFIX_TEXT]);
