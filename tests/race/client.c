// SPDX-License-Identifier: MIT
//
// The host's end of the race's TCP rows, the same for both guests.
//
//   client rounds|take|give ADDRESS PORT SECONDS
//
// rounds: a byte there and back, in turns; take, give: a stream from there, to there. Prints
// rounds or bytes a second, without those of the first tenth of the time.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char bytes[1 << 20];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// What one step carried, or less than one: it is over.
static ssize_t go_round(int handle)
{
    return write(handle, bytes, 1) == 1 ? read(handle, bytes, 1) : -1;
}

static ssize_t take(int handle)
{
    return read(handle, bytes, sizeof(bytes));
}

static ssize_t give(int handle)
{
    return write(handle, bytes, sizeof(bytes));
}

static const struct {
    const char *name;
    ssize_t (*step)(int handle);
} modes[] = {{"rounds", go_round}, {"take", take}, {"give", give}};

// How much it was in so much time; ends the program if the other side does.
static uint64_t work(int handle, ssize_t (*step)(int handle), double seconds)
{
    uint64_t sum = 0;
    double end = now() + seconds;
    while (now() < end) {
        ssize_t count = step(handle);
        if (count < 1) {
            fprintf(stderr, "client: the other side has ended the connection\n");
            exit(1);
        }
        sum += (uint64_t)count;
    }
    return sum;
}

int main(int argc, char **argv)
{
    const int one = 1;
    ssize_t (*step)(int handle) = NULL;
    for (unsigned i = 0; argc == 5 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            step = modes[i].step;
    if (!step) {
        fprintf(stderr, "usage: client rounds|take|give ADDRESS PORT SECONDS\n");
        return 2;
    }
    const struct sockaddr_in there = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)atoi(argv[3])),
                                      .sin_addr.s_addr = inet_addr(argv[2])};
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(handle, (const void *)&there, sizeof(there))) {
        perror("client: connect");
        return 1;
    }
    double seconds = atof(argv[4]);
    work(handle, step, seconds / 10);
    double start = now();
    uint64_t sum = work(handle, step, seconds);
    printf("%.0f\n", (double)sum / (now() - start));
    return 0;
}
