// SPDX-License-Identifier: MIT
//
// The cable of a network card: frames go out and come in, and it is the process's affair
// where to and from.
//
//   -nic user     an own network, with the connections of whoever started us (net_user.c)
//   -nic tap      a network interface of the system (net_tap.c)
//   -nic dgram    a pair of sockets, as QEMU's -netdev dgram (net_dgram.c)
//   -nic loop     within the process (net_loop.c)
//   -nic sim      the simulation's (net_sim.c)
//
// Nearly all are descriptors from which a frame is read at a time. Chapter 20.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/segment.h"

// What a card puts in front of a frame (virtio 1.2, 5.1.6), little endian as this process.
struct net_header {
    uint8_t flags, gso_type;
    uint16_t header_size, gso_size, checksum_start, checksum_offset, buffers;
};
_Static_assert(sizeof(struct net_header) == 12, "virtio 1.2, 5.1.6");

enum { NET_FRAME_MAX = 65536 + 14 }; // a large segment's

struct virtio_model;

struct net_link {
    int input, output; // descriptors: something to read there, room to write, or
                       // HOST_NO_DESCRIPTOR. None of them blocks
    bool has_headers;  // frames have a net_header in front: unfinished checksums and large
                       // segments may go over it
    bool is_dead;      // nothing will come any more
    // Sends a frame, with its header in front if there are headers. False: no room now, once
    // more when there is something to write to `output`. What nobody takes is lost.
    bool (*send)(struct net_link *link, const struct segment *segments, unsigned count);
    // The next frame, up to `size` bytes; 0: none now.
    size_t (*receive)(struct net_link *link, void *frame, size_t size);
    // The driver takes in unfinished checksums, and large segments. NULL: may be ignored.
    void (*accept)(struct net_link *link, bool checksums, bool segments);
    bool (*reconnect)(struct net_link *link); // nobody is there any more. NULL: for ever
    const void *context;
    // For links without descriptors: whose cable it is, to be woken for a frame.
    unsigned number;
    struct virtio_model *card;
};

struct net_forward {
    bool is_udp;
    struct in_addr address; // of this host, where it listens
    uint16_t port, guest_port;
};

// What -nic describes.
enum { NIC_FORWARDS_MAX = 16, NIC_PATH_SIZE = 108 };
struct nic {
    char kind[8];
    char interface[16];                               // tap
    char local[NIC_PATH_SIZE], remote[NIC_PATH_SIZE]; // dgram
    struct net_forward forwards[NIC_FORWARDS_MAX];    // user
    unsigned forward_count;
    struct in_addr network, mask;                     // user. 0: 10.0.2.0/24
    bool no_checksums, no_segments, no_merging, no_status, no_event_idx;
    uint16_t mtu; // 0: none is said
    uint8_t mac[6];
    unsigned number; // 0, 1 ...
};

// Of "tap,ifname=tap0". Ends the process when it is no such thing.
struct nic nic_parse(const char *text, unsigned number);
// Says what is the matter with what the options ask for, and ends the process.
_Noreturn void nic_refuse(const struct nic *nic, const char *what, const char *why);

// All end the process, saying why, when it cannot be had.
struct net_link *net_link_open(const struct nic *nic);
struct net_link *net_link_create(int input, int output); // of descriptors; never NULL
void net_link_make_room(int socket);                     // for many frames in its queue

// All kinds that this image has, as the build finds them in the chapters' lists: for
// boot/host/net_NAME.c, the function net_NAME_open() (flags.mk). Ends with a NULL.
struct net_kind {
    const char *name;
    struct net_link *(*open)(const struct nic *nic);
};
extern const struct net_kind net_kinds[];
struct net_link *net_user_open(const struct nic *nic);
struct net_link *net_tap_open(const struct nic *nic);
struct net_link *net_dgram_open(const struct nic *nic);
struct net_link *net_loop_open(const struct nic *nic);
struct net_link *net_sim_open(const struct nic *nic);

// The file of -pcap, for tcpdump and Wireshark (pcap.c). Nothing when there is none.
void pcap_open(const char *path);
void pcap_write(const struct segment *segments, unsigned count, size_t skip);
