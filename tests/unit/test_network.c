// SPDX-License-Identifier: MIT
//
// What the command line says of the network, and texts of addresses.
#include "net/network.h"

#include "boot/board.h"
#include "error.h"
#include "heap.h"
#include "page.h"
#include "string.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static void reads_all_of_it(void)
{
    struct ip_configuration found;
    char text[ADDRESS_TEXT_SIZE];
    CHECK_EQUAL(network_parse("10.0.2.15/24,10.0.2.2,10.0.2.3,10.0.2.4:5353", &found), 0);
    CHECK_STRING(address_print(&found.address, text), "10.0.2.15");
    CHECK_EQUAL(found.prefix, 24);
    CHECK_STRING(address_print(&found.gateway, text), "10.0.2.2");
    CHECK_STRING(address_print(&found.servers[0], text), "10.0.2.3");
    CHECK_STRING(address_print(&found.servers[1], text), "10.0.2.4:5353");
    CHECK_EQUAL(found.servers[2].family, OS_ANY_FAMILY);
    CHECK_STRING(found.source, "static");
}

static void the_rest_may_be_left_out(void)
{
    struct ip_configuration found;
    CHECK_EQUAL(network_parse("10.0.2.15/8", &found), 0);
    CHECK_EQUAL(found.gateway.family, OS_ANY_FAMILY);
    CHECK_EQUAL(found.servers[0].family, OS_ANY_FAMILY);
    CHECK_EQUAL(network_parse("10.0.2.15/24,10.0.2.2", &found), 0);
    CHECK_EQUAL(found.servers[0].family, OS_ANY_FAMILY);
}

static void refuses_what_makes_no_sense(void)
{
    static const char *const wrong[] = {
        "",
        "static",
        "10.0.2.15", // how large is the network?
        "10.0.2.15/",
        "10.0.2.15/33",
        "10.0.2/24",
        "0.0.0.0/24",
        "10.0.2.15/24,router",
        "10.0.2.15/24,10.0.2.2:80",
        "10.0.2.15/24,10.0.2.2,dns",
        "10.0.2.15/24,,10.0.2.3",
        "10.0.2.15/24,10.0.2.2,1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4",
        "10.0.2.15/24,10.0.2.2,0.0.0.0",
        "10.0.2.15/24 ,10.0.2.2",
        "10.0.2.15/240000000000000000000000000000000000000000000000",
    };
    struct ip_configuration found;
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CHECK_EQUAL(network_parse(wrong[i], &found), -EINVAL);
}

static const char *print_six(const char *bytes)
{
    static char text[ADDRESS_TEXT_SIZE];
    struct os_address address = {.family = OS_IPV6};
    memcpy(address.bytes, bytes, 16);
    return address_print(&address, text);
}

// The examples of RFC 5952, 4 and 5.
static void prints_addresses_of_ipv6(void)
{
    CHECK_STRING(print_six("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1");
    CHECK_STRING(print_six("\x20\1\x0d\xb8\0\0\0\1\0\1\0\1\0\1\0\1"), "2001:db8:0:1:1:1:1:1");
    CHECK_STRING(print_six("\x20\1\0\0\0\0\0\1\0\0\0\0\0\0\0\1"), "2001:0:0:1::1");
    CHECK_STRING(print_six("\x20\1\x0d\xb8\0\0\0\0\0\1\0\0\0\0\0\1"), "2001:db8::1:0:0:1");
    CHECK_STRING(print_six("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "::");
    CHECK_STRING(print_six("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "::1");
    CHECK_STRING(print_six("\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "ff02::");
    CHECK_STRING(print_six("\xab\xcd\xab\xcd\xab\xcd\xab\xcd\xab\xcd\xab\xcd\xab\xcd\xab\xcd"),
                 "abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd");
}

const struct test unit_tests[] = {
    {"reads all of it", reads_all_of_it},
    {"the rest may be left out", the_rest_may_be_left_out},
    {"refuses what makes no sense", refuses_what_makes_no_sense},
    {"prints addresses of IPv6", prints_addresses_of_ipv6},
    {0},
};
