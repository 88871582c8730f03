// SPDX-License-Identifier: MIT
//
// netperf: what its two sides tell each other, and share.
//
// A client connects and sends one line, "bulk 16384 0 5000\n": the test, bytes a message, how
// many messages (0: no limit), for how many milliseconds (0: no limit). Then:
//
//   bulk     the client sends messages and ends its direction; the server answers with a line,
//            the number of bytes that came
//   reverse  the server sends messages and ends the connection
//   rr       each message of the client is answered by one of the server
//   udp      the server answers with a line, the port to which datagrams are to go; when the
//            client ends its direction, with the number of those that came, and their bytes
//
// Chapter 25.
#pragma once

#include "hosts.h"

enum {
    NETPERF_PORT = 5201,
    NETPERF_SIZE_MAX = 1 << 20, // of a message
    NETPERF_DATAGRAM_MAX = 65507,
};

struct netperf {
    char test[8];
    uint64_t size, count, duration_ms; // of a message; of messages and time, 0: no limit
    const char *file_name;
    int file; // what messages are made of, without a copy; negative: of the buffer
    // While it runs:
    int handle;
    char *buffer; // of `size` bytes
    uint64_t start_ns, messages, bytes;
};

// Sends or receives messages until a limit is reached, or the other side ends. 0 or an error.
int netperf_send(struct netperf *test);
int netperf_receive(struct netperf *test);
// Whether a limit is reached.
bool netperf_is_over(const struct netperf *test);
// A line of the other side, without its newline. 0 or an error.
int netperf_read_line(int handle, char *line, size_t size);

int netperf_serve(uint16_t port);                        // until Ctrl-C. The status
int netperf_run(struct netperf *test, const char *host, uint16_t port); // as the client
