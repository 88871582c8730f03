// SPDX-License-Identifier: MIT
//
// CRC32C: a checksum that finds every burst of errors up to 32 bits, and of others all
// but one in four thousand million. (The polynomial is Castagnoli's, as in iSCSI: RFC 3720,
// 12.1.) Chapter 17.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Of these bytes behind those whose checksum `crc` is (0: nothing before). Never sleeps.
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);
