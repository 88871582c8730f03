// SPDX-License-Identifier: MIT
//
// os.h: addresses and their text.
// Chapter 21.
#include "net/address.h"
#include "user/os_net.h"

_Static_assert((int)OS_ADDRESS_TEXT == (int)ADDRESS_TEXT_SIZE, "one text, two names");

const char *os_address_print(const struct os_address *address, char text[OS_ADDRESS_TEXT])
{
    return address_print(address, text);
}

int os_address_parse(const char *text, struct os_address *address)
{
    return address_parse(text, address);
}
