// SPDX-License-Identifier: MIT
//
// arp: shows neighbours; -s ADDRESS MAC: this one is there; -d ADDRESS: forget it
#include "options.h"

enum { NS_PER_S = 1000000000, MAC_BYTES = 6 };

static int list(void)
{
    struct os_neighbour_info info;
    char address[OS_ADDRESS_TEXT];
    os_printf("%-15s %-17s %-5s %-10s %6s\n", "ADDRESS", "ETHERNET", "ON", "STATE", "AGE");
    for (unsigned i = 0; os_neighbour_next(i, &info); i++) {
        const uint8_t *mac = info.mac;
        if (os_printf("%-15s %02x:%02x:%02x:%02x:%02x:%02x %-5s %-10s %5llus\n",
                      os_address_print(&info.address, address), mac[0], mac[1], mac[2], mac[3],
                      mac[4], mac[5], info.interface, info.state,
                      (unsigned long long)(info.age_ns / NS_PER_S)) < 0)
            return 1;
    }
    return 0;
}

// "52:54:00:12:34:56": six numbers of one or two digits in base 16.
static bool parse_mac(const char *text, uint8_t mac[MAC_BYTES])
{
    for (unsigned i = 0; i < MAC_BYTES; i++) {
        const char *end = strchr(text, ':');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char digits[3];
        uint64_t number;
        if (length < 1 || length > 2 || !end != (i == MAC_BYTES - 1))
            return false;
        strlcpy(digits, text, length + 1);
        if (string_to_u64(digits, 16, &number) != 0)
            return false;
        mac[i] = (uint8_t)number;
        text += length + 1;
    }
    return true;
}

// The first interface to other hosts.
static bool find_interface(char name[16])
{
    struct os_interface_info info;
    for (unsigned i = 0; os_interface_next(i, &info); i++) {
        if (!info.is_loopback) {
            strlcpy(name, info.name, sizeof(info.name));
            return true;
        }
    }
    return false;
}

static const char *explain(int error)
{
    switch (error) {
    case -ENOENT:
        return "there is no such neighbour";
    case -ENODEV:
        return "no such interface (`ifconfig` shows those that are there)";
    case -EINVAL:
        return "expected an address of the link and an Ethernet address, like "
               "52:54:00:12:34:56";
    default:
        return error_text(error);
    }
}

static int finish(const char *what, int error)
{
    if (!error)
        return 0;
    os_fprintf(OS_ERROR, "arp: %s: %s\n", what, explain(error));
    return 1;
}

static int set(const struct os_address *address, const char *mac_text, const char *interface)
{
    uint8_t mac[MAC_BYTES];
    char first[16];
    if (!parse_mac(mac_text, mac))
        return -EINVAL;
    if (!interface && !find_interface(first))
        return -ENODEV;
    return os_neighbour_set(interface ? interface : first, address, mac);
}

int arp_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "sdi:");
    struct os_address address;
    const char *interface = NULL;
    int letter, action = 0;
    while ((letter = options_next(&options)) > 0) {
        if (letter == 'i')
            interface = options.value;
        else
            action = letter;
    }
    if (letter == 0 && action == 0 && options.count == 0)
        return list();
    if (letter == 0 && options.count > 0 &&
        os_address_parse(options.operands[0], &address) == 0) {
        if (action == 's' && options.count == 2)
            return finish(options.operands[0], set(&address, options.operands[1], interface));
        if (action == 'd' && options.count == 1)
            return finish(options.operands[0], os_neighbour_forget(&address));
    }
    return os_usage("arp [-s ADDRESS MAC [-i INTERFACE] | -d ADDRESS]");
}
