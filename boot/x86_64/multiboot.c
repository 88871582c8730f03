// SPDX-License-Identifier: MIT
//
// What GRUB hands over (Multiboot2 Specification 2.0, 3.6): the total size, then tags, each
// with its kind and its size and at a multiple of 8.
//
// Two kinds are of use here, and they hold what PVH's start info points to, in the same form.
// So that is what they become. On a machine with UEFI the loader has asked the firmware which
// memory is free, and says it in the same words.
// Chapter 01.
#include <stddef.h>

#include "boot/x86_64/start_info.h"

enum {
    HEADER_SIZE = 8, // of the whole, and of each tag
    ALIGNMENT = 8,
    TOTAL_MAX = 1 << 20,
    MEMORY_ENTRIES = 16, // of its tag: where they begin
};

enum tag_kind {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MEMORY = 6,
};

struct tag {
    uint32_t kind, size;                // bytes, without what aligns the next one
    uint32_t entry_size, entry_version; // of TAG_MEMORY alone
};

static const char *take_command_line(const struct tag *tag, uint64_t place,
                                     struct start_info *found)
{
    const char *text = (const char *)tag;
    if (tag->size == HEADER_SIZE || text[tag->size - 1] != '\0')
        return "multiboot2: its command line has no end";
    found->command_line = place + HEADER_SIZE;
    return NULL;
}

static const char *take_memory(const struct tag *tag, uint64_t place, struct start_info *found)
{
    if (tag->size < MEMORY_ENTRIES || tag->entry_size != sizeof(struct start_memory))
        return "multiboot2: its memory map is of a kind that was not expected";
    found->memory_map = place + MEMORY_ENTRIES;
    found->memory_map_count =
        (uint32_t)((tag->size - MEMORY_ENTRIES) / sizeof(struct start_memory));
    return NULL;
}

static const char *take(const struct tag *tag, uint64_t place, struct start_info *found)
{
    if (tag->kind == TAG_COMMAND_LINE)
        return take_command_line(tag, place, found);
    return tag->kind == TAG_MEMORY ? take_memory(tag, place, found) : NULL;
}

const char *multiboot_read(const void *information, uint64_t place, struct start_info *found)
{
    const uint8_t *bytes = information;
    uint32_t total = *(const uint32_t *)information;
    const char *wrong = NULL;

    *found = (struct start_info){.magic = START_INFO_MAGIC, .version = 1};
    if (total > TOTAL_MAX)
        return "multiboot2: more than a MiB of information cannot be";
    for (uint32_t at = HEADER_SIZE; at + HEADER_SIZE <= total && !wrong;) {
        const struct tag *tag = (const void *)(bytes + at);
        if (tag->size < HEADER_SIZE || tag->size > total - at)
            return "multiboot2: a tag is smaller than its header, or larger than all of it";
        if (tag->kind == TAG_END)
            return found->memory_map ? NULL : "multiboot2: there is no memory map";
        wrong = take(tag, place + at, found);
        at += (tag->size + ALIGNMENT - 1) & -(uint32_t)ALIGNMENT;
    }
    return wrong ? wrong : "multiboot2: the tag that ends it is missing";
}
