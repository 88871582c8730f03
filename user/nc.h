// SPDX-License-Identifier: MIT
//
// nc: what its two files share.
//
// Chapter 25.
#pragma once

#include "hosts.h"

enum { NC_BUFFER_SIZE = 65536 };

struct nc {
    // Options:
    bool letters[128]; // by letter: given
    uint64_t patience_ns; // 0: for ever
    uint64_t service;     // of -T
    const char *host;     // NULL: any, for -l
    uint16_t port, last_port;
    struct os_address address;
    // The relay's:
    int handle;           // of the socket
    struct os_thread *sender; // input to the socket; goes on from peer to peer
    bool has_sent_all;    // the input has ended
    size_t first_size;    // of UDP's -l: a datagram that has been received already
    char first[NC_BUFFER_SIZE], to_peer[NC_BUFFER_SIZE], from_peer[NC_BUFFER_SIZE];
};

// Input to the socket and back until both have ended. The status to end with.
int nc_relay(struct nc *nc, int handle);
uint64_t nc_deadline(const struct nc *nc); // as -w says, from now on
void nc_say(const struct nc *nc, const struct os_address *address, const char *what);
