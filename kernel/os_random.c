// SPDX-License-Identifier: MIT
//
// os.h: random bytes.
// Chapter 14.
#include "random.h"
#include "user/os.h"

void os_random(void *buffer, size_t size)
{
    random_bytes(buffer, size);
}
