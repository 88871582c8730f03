// SPDX-License-Identifier: MIT
//
// Addresses: their text, both ways, and what is no address.
#include "net/address.h"

#include "error.h"
#include "test.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
}

static void prints(void)
{
    char text[ADDRESS_TEXT_SIZE];
    struct os_address address = address_ipv4(IPV4(10, 0, 2, 255), 0);
    CHECK_STRING(address_print(&address, text), "10.0.2.255");
    address.port = 65535;
    CHECK_STRING(address_print(&address, text), "10.0.2.255:65535");
    address = (struct os_address){0};
    CHECK_STRING(address_print(&address, text), "-");
}

static void parses(void)
{
    struct os_address address;
    CHECK_EQUAL(address_parse("192.168.0.1", &address), 0);
    CHECK_EQUAL(address.family, OS_IPV4);
    CHECK_EQUAL(address_be32(&address), IPV4(192, 168, 0, 1));
    CHECK_EQUAL(address.port, 0);
    CHECK_EQUAL(address_parse("0.0.0.0:80", &address), 0);
    CHECK_EQUAL(address.port, 80);
    CHECK(address_is_any(&address));
    CHECK_EQUAL(address_parse("255.255.255.255:65535", &address), 0);
    CHECK_EQUAL(address.bytes[3], 255);
}

static void refuses_what_is_no_address(void)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "1.2.3",
                                        "1.2.3.",
                                        "1.2.3.4.",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "1.2.3.4x",
                                        " 1.2.3.4",
                                        "1..3.4",
                                        "01.2.3.4",
                                        "1.2.3.00",
                                        "1.2.3.-4",
                                        "1.2.3.4:",
                                        "1.2.3.4:x",
                                        "1.2.3.4:65536",
                                        "0x1.2.3.4",
                                        "1.2.3.4294967297",
                                        "1.2.3.4:4294967376",
                                        "localhost",
                                        "::1"};
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct os_address address = address_ipv4(IPV4(1, 1, 1, 1), 7);
        CHECK_STRING(address_parse(wrong[i], &address) ? "refused" : wrong[i], "refused");
        CHECK_EQUAL(address.port, 7); // and left as it was
    }
}

static void parses_prefixes(void)
{
    struct os_address address;
    unsigned prefix;
    CHECK_EQUAL(address_parse_prefix("10.0.0.0/8", &address, &prefix), 0);
    CHECK_EQUAL(prefix, 8);
    CHECK_EQUAL(address_parse_prefix("10.1.2.3", &address, &prefix), 0);
    CHECK_EQUAL(prefix, 32);
    CHECK_EQUAL(address_parse_prefix("0.0.0.0/0", &address, &prefix), 0);
    CHECK_EQUAL(prefix, 0);
    CHECK_EQUAL(address_parse_prefix("10.0.0.0/33", &address, &prefix), -EINVAL);
    CHECK_EQUAL(address_parse_prefix("10.0.0.0/", &address, &prefix), -EINVAL);
    CHECK_EQUAL(address_parse_prefix("10.0.0.0:8", &address, &prefix), -EINVAL);
}

static void knows_kinds(void)
{
    struct os_address a = address_ipv4(IPV4(224, 0, 0, 1), 0);
    struct os_address b = address_ipv4(IPV4(239, 255, 255, 255), 5);
    struct os_address c = address_ipv4(IPV4(240, 0, 0, 1), 0);
    struct os_address none = {0};
    CHECK(address_is_multicast(&a) && address_is_multicast(&b) && !address_is_multicast(&c));
    CHECK(!address_is_any(&a) && address_is_any(&none));
    CHECK(!address_equal(&a, &b) && !address_equal(&a, &none));
    b = a;
    b.port = 9;
    CHECK(address_equal(&a, &b)); // ports are not compared
}

const struct test unit_tests[] = {
    {"prints", prints},
    {"parses", parses},
    {"refuses what is no address", refuses_what_is_no_address},
    {"parses prefixes", parses_prefixes},
    {"knows kinds", knows_kinds},
    {0},
};
