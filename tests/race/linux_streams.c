// SPDX-License-Identifier: MIT
//
// The TCP services that Linux runs in the race, at the ports of tests/bench/net.c:
//
//   streams PROGRAM ...
//
//   7    gives back every byte      9    takes bytes      19   gives bytes
//
// A process for each, one connection at a time, calls that wait: nothing is cheaper. Then it
// becomes the program that the words name.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux.h"

enum { BULK = 65536 };

static char bytes[BULK];

static void give_back(int handle)
{
    ssize_t count;
    while ((count = read(handle, bytes, sizeof(bytes))) > 0)
        if (write(handle, bytes, (size_t)count) < 0)
            return;
}

static void take(int handle)
{
    while (read(handle, bytes, sizeof(bytes)) > 0)
        ;
}

static void give(int handle)
{
    while (send(handle, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
        ;
}

static void start(uint16_t port, void (*serve)(int handle))
{
    const int one = 1;
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    check(bind(listener, (const void *)&any, sizeof(any)) == 0, "bind");
    check(listen(listener, 128) == 0, "listen");
    if (fork() > 0)
        return;
    for (;;) {
        int handle = accept(listener, NULL, NULL);
        serve(handle);
        close(handle);
    }
}

int main(int argc, char **argv)
{
    memset(bytes, 'x', sizeof(bytes));
    start(7, give_back);
    start(9, take);
    start(19, give);
    check(argc > 1, "usage: streams PROGRAM ...");
    execv(argv[1], argv + 1);
    check(0, argv[1]);
}
