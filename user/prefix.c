// SPDX-License-Identifier: MIT
//
// Networks as hands type them.
// Chapter 21.
#include "prefix.h"

bool prefix_parse(const char *text, struct os_address *address, unsigned *bits)
{
    char copy[OS_ADDRESS_TEXT];
    uint64_t number = PREFIX_NONE;
    if (strcmp(text, "default") == 0)
        text = "0.0.0.0/0";
    if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy))
        return false;
    char *slash = strchr(copy, '/');
    if (slash) {
        *slash = '\0';
        if (string_to_u64(slash + 1, 10, &number) != 0 || number >= PREFIX_NONE)
            return false;
    }
    *bits = (unsigned)number;
    return os_address_parse(copy, address) == 0 && address->port == 0;
}

const char *prefix_print(const struct os_address *address, unsigned bits,
                         char text[PREFIX_TEXT])
{
    char network[OS_ADDRESS_TEXT];
    if (bits == 0)
        strlcpy(text, "default", PREFIX_TEXT);
    else
        snprintf(text, PREFIX_TEXT, "%s/%u", os_address_print(address, network), bits);
    return text;
}
