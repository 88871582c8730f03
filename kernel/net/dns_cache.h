// SPDX-License-Identifier: MIT
//
// What DNS servers have said, for as long as they allowed it: addresses, and that there are
// none.
//
//   dns_cache_keep(&name, type, &answer)
//   dns_cache_find(&name, type, &answer)        false: nothing is known
//
// Chapter 22.
#pragma once

#include <stdbool.h>

#include "dns_message.h"

enum { DNS_CACHE_MAX = 64 }; // answers; the one that was used least lately makes room

void dns_cache_init(void);
// Does nothing when the answer may not be kept.
void dns_cache_keep(const struct dns_name *name, uint16_t type,
                    const struct dns_answer *answer);
bool dns_cache_find(const struct dns_name *name, uint16_t type, struct dns_answer *answer);
void dns_cache_clear(void);
