// SPDX-License-Identifier: MIT
//
// tsfs: the seal on a block of metadata. Chapter 17.
#include <stddef.h>

#include "crc32c.h"
#include "tsfs_make.h"

// Over the whole block but for the place of the checksum itself.
uint32_t tsfs_checksum(uint32_t seed, const void *block, uint32_t size)
{
    const struct tsfs_header *header = block;
    uint32_t crc = crc32c(seed, &header->magic, sizeof(header->magic));
    return crc32c(crc, &header->block, size - offsetof(struct tsfs_header, block));
}

void tsfs_seal(uint32_t seed, void *block, uint32_t size)
{
    struct tsfs_header *header = block;
    header->checksum = tsfs_checksum(seed, block, size);
}
