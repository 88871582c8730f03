// SPDX-License-Identifier: MIT
//
// The TCP services that Linux runs in the race, at the ports of tests/bench/net.c:
//
//   7    gives back every byte      9    takes bytes      19   gives bytes
//
// A process for each, one connection at a time, calls that wait: nothing is cheaper.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void run(uint16_t port, void (*serve)(int handle))
{
    const int one = 1;
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (bind(listener, (const void *)&any, sizeof(any)) || listen(listener, 128)) {
        perror("streams: listen");
        exit(1);
    }
    for (;;) {
        int handle = accept(listener, NULL, NULL);
        serve(handle);
        close(handle);
    }
}

int main(void)
{
    memset(bytes, 'x', sizeof(bytes));
    if (fork() == 0)
        run(7, give_back);
    if (fork() == 0)
        run(9, take);
    run(19, give);
}
