// SPDX-License-Identifier: MIT
//
// What -nic describes, in QEMU's words where it has some: a kind, and what belongs to it.
// Chapter 20.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/host/drive.h"
#include "boot/host/net_link.h"
#include "boot/host/options.h"

enum { MTU_MIN = 68, MTU_MAX = 65535, ITEM_SIZE = 128 }; // RFC 791, 3.2; virtio 1.2, 5.1.4.1

_Noreturn void nic_refuse(const struct nic *nic, const char *what, const char *why)
{
    dprintf(STDERR_FILENO, "tsumiki: -nic %s: %s: %s\n", nic->kind, what, why);
    exit(1);
}

static bool is_off(const char *value, const char *text)
{
    if (strcmp(value, "off") != 0 && strcmp(value, "on") != 0)
        options_refuse("expected on or off behind csum=, tso=, mrg=, status=, event_idx=",
                       text);
    return strcmp(value, "off") == 0;
}

static uint16_t parse_mtu(const char *value, const char *text)
{
    unsigned long mtu = strtoul(value, NULL, 10);
    if (mtu < MTU_MIN || mtu > MTU_MAX)
        options_refuse("expected 68 to 65535 behind mtu=", text);
    return (uint16_t)mtu;
}

static void parse_mac(const char *value, uint8_t mac[6], const char *text)
{
    int end = 0;
    sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
           &mac[4], &mac[5], &end);
    if (end == 0 || value[end] || (mac[0] & 1))
        options_refuse("expected the address of one card behind mac=, such as "
                       "52:54:00:12:34:56",
                       text);
}

// "tcp:127.0.0.1:8080-:80"; without an address it is heard on all of this host's.
static struct net_forward parse_forward(const char *value, const char *text)
{
    struct net_forward forward = {.is_udp = strncmp(value, "udp:", 4) == 0};
    char address[INET_ADDRSTRLEN] = "0.0.0.0";
    int end = 0;
    const char *rest = strchr(value, ':');
    if (rest && rest[1] == ':')
        sscanf(rest, "::%hu-:%hu%n", &forward.port, &forward.guest_port, &end);
    else if (rest)
        sscanf(rest, ":%15[0-9.]:%hu-:%hu%n", address, &forward.port, &forward.guest_port,
               &end);
    bool is_known = forward.is_udp || strncmp(value, "tcp:", 4) == 0 || rest == value;
    if (end == 0 || rest[end] || !is_known || !inet_aton(address, &forward.address))
        options_refuse("expected tcp or udp, an address and two ports behind hostfwd=, such as "
                       "tcp:127.0.0.1:8080-:80",
                       text);
    return forward;
}

// "10.0.3.0/24", or "10.0.3.0": its hosts have the numbers up to 15 (net_user.c).
static void parse_network(const char *value, struct nic *nic, const char *text)
{
    enum { PREFIX_MIN = 8, PREFIX_MAX = 27 };
    char address[INET_ADDRSTRLEN] = "";
    unsigned bits = 24;
    int end = 0;
    sscanf(value, "%15[0-9.]%n/%u%n", address, &end, &bits, &end);
    bool is_right = end > 0 && !value[end] && bits >= PREFIX_MIN && bits <= PREFIX_MAX &&
                    inet_aton(address, &nic->network);
    nic->mask.s_addr = htonl(UINT32_MAX << (32 - (is_right ? bits : PREFIX_MAX)));
    if (!is_right || (nic->network.s_addr & ~nic->mask.s_addr) != 0)
        options_refuse("expected a network of 8 to 27 bits behind net=, such as 10.0.3.0/24",
                       text);
}

static void set_text(char *to, size_t size, const char *value, const char *text)
{
    if (strlen(value) >= size)
        options_refuse("a name is too long", text);
    memcpy(to, value, strlen(value) + 1);
}

static bool set_place(struct nic *nic, const char *name, const char *value, const char *text)
{
    if (strcmp(name, "ifname") == 0)
        set_text(nic->interface, sizeof nic->interface, value, text);
    else if (strcmp(name, "local") == 0)
        set_text(nic->local, sizeof nic->local, value, text);
    else if (strcmp(name, "remote") == 0)
        set_text(nic->remote, sizeof nic->remote, value, text);
    else if (strcmp(name, "hostfwd") == 0 && nic->forward_count < NIC_FORWARDS_MAX)
        nic->forwards[nic->forward_count++] = parse_forward(value, text);
    else if (strcmp(name, "net") == 0)
        parse_network(value, nic, text);
    else
        return false;
    return true;
}

static void set_card(struct nic *nic, const char *name, const char *value, const char *text)
{
    if (strcmp(name, "csum") == 0)
        nic->no_checksums = is_off(value, text);
    else if (strcmp(name, "tso") == 0)
        nic->no_segments = is_off(value, text);
    else if (strcmp(name, "mrg") == 0)
        nic->no_merging = is_off(value, text);
    else if (strcmp(name, "status") == 0)
        nic->no_status = is_off(value, text);
    else if (strcmp(name, "event_idx") == 0)
        nic->no_event_idx = is_off(value, text);
    else if (strcmp(name, "mtu") == 0)
        nic->mtu = parse_mtu(value, text);
    else if (strcmp(name, "mac") == 0)
        parse_mac(value, nic->mac, text);
    else
        options_refuse("a network card knows ifname=, local=, remote=, net=, up to 16 "
                       "hostfwd=, and csum=, tso=, mrg=, status=, event_idx=, mtu=, mac=",
                       text);
}

struct nic nic_parse(const char *text, unsigned number)
{
    // QEMU's own address, so that the two machines look the same.
    struct nic nic = {.mac = {0x52, 0x54, 0x00, 0x12, 0x34, (uint8_t)(0x56 + number)},
                      .number = number};
    char item[ITEM_SIZE];
    const char *rest = drive_next_item(text, item, sizeof item);
    set_text(nic.kind, sizeof nic.kind, item, text);
    while (rest) {
        rest = drive_next_item(rest, item, sizeof item);
        char *equals = strchr(item, '=');
        if (!equals)
            options_refuse("expected pairs such as csum=off, with commas between", text);
        *equals = '\0';
        if (!set_place(&nic, item, equals + 1, text))
            set_card(&nic, item, equals + 1, text);
    }
    return nic;
}
