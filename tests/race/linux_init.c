// SPDX-License-Identifier: MIT
//
// The first program of Linux in the race: loads the modules that the initramfs lists, gives the
// network card the address of `ip=ADDRESS,GATEWAY` on the command line, and becomes the program
// that the words behind `--` name.
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux.h"

static void load_modules(void)
{
    char name[64], path[80];
    FILE *order = fopen("/modules/order", "r");
    while (order && fscanf(order, "%63s", name) == 1) {
        snprintf(path, sizeof(path), "/modules/%s.ko", name);
        int file = open(path, O_RDONLY);
        check(syscall(SYS_finit_module, file, "", 0) == 0, path);
        close(file);
    }
}

static struct sockaddr address_of(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
    struct sockaddr plain;
    memcpy(&plain, &address, sizeof(plain));
    return plain;
}

static void bring_up(int handle, const char *card)
{
    struct ifreq request = {.ifr_flags = 0};
    strncpy(request.ifr_name, card, IFNAMSIZ - 1);
    check(ioctl(handle, SIOCGIFFLAGS, &request) == 0, card);
    request.ifr_flags |= IFF_UP;
    check(ioctl(handle, SIOCSIFFLAGS, &request) == 0, card);
}

static void start_network(char *words)
{
    char *gateway = strchr(words, ',');
    *gateway++ = '\0';
    int handle = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "eth0", .ifr_addr = address_of(words)};
    check(ioctl(handle, SIOCSIFADDR, &request) == 0, "eth0: address");
    request.ifr_netmask = address_of("255.255.255.0");
    check(ioctl(handle, SIOCSIFNETMASK, &request) == 0, "eth0: mask");
    bring_up(handle, "eth0");
    bring_up(handle, "lo");
    struct rtentry route = {.rt_dst = address_of("0.0.0.0"),
                            .rt_genmask = address_of("0.0.0.0"),
                            .rt_gateway = address_of(gateway),
                            .rt_flags = RTF_UP | RTF_GATEWAY};
    check(ioctl(handle, SIOCADDRT, &route) == 0, "route");
    close(handle);
}

int main(int argc, char **argv)
{
    (void)argc;
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/tmp", 0755);
    mount("none", "/dev", "devtmpfs", 0, NULL);
    mount("none", "/proc", "proc", 0, NULL);
    load_modules();
    char *ip = getenv("ip");
    if (ip)
        start_network(ip);
    execv(argv[1], argv + 1);
    check(0, argv[1]);
}
