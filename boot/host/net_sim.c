// SPDX-License-Identifier: MIT
//
// -sim FD and -nic sim: this process is one node of a simulation (tests/sim). Time is what the
// coordinator says, and passes for as long as we wait; frames come from there and go there.
//
//   to the coordinator    struct sim_turn, now and until when we wait; our frames
//   from it               struct sim_turn, the time it is; the frames that have come
//
// Frames are struct sim_frame and bytes. Between two turns nobody else runs, and nothing that
// differs from run to run is looked at: the same seed gives the same run, to the byte.
// Chapter 20.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/host/net_link.h"
#include "boot/host/options.h"
#include "boot/host/virtio_net_model.h"
#include "host.h"
#include "machine.h"

enum {
    LOOK_PERIOD_NS = 1000000, // threads that never wait hear of others so often
};

struct sim_turn {
    uint64_t now_ns;
    uint64_t until_ns;   // UINT64_MAX: no deadline; 0: this node has ended
    uint32_t size;       // bytes of frames that follow
    uint32_t cables_out; // from the coordinator: one bit a card
};
struct sim_frame {
    uint16_t card, size;
};

struct waiting_frame {
    struct waiting_frame *next;
    size_t size;
    uint8_t bytes[];
};
struct cable {
    struct net_link *link;
    bool is_out;
    struct waiting_frame *first, **last;
};

static struct {
    int socket;
    uint64_t next_look_ns;
    struct cable cables[OPTIONS_NICS_MAX];
    uint8_t *out;
    size_t out_size, out_room;
} sim;

// ---- Turns ------------------------------------------------------------------------------

// All of it. The simulation's end is ours.
static void transfer(bool in, void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        char *rest = (char *)bytes + done;
        ssize_t count =
            in ? read(sim.socket, rest, size - done) : write(sim.socket, rest, size - done);
        if (count <= 0)
            _exit(1);
        done += (size_t)count;
    }
}

static void send_turn(uint64_t until_ns)
{
    struct sim_turn turn = {
        .now_ns = host_clock_now(), .until_ns = until_ns, .size = (uint32_t)sim.out_size};
    memcpy(sim.out, &turn, sizeof turn);
    transfer(false, sim.out, sizeof turn + sim.out_size);
    sim.out_size = 0;
}

static void add_frame(struct cable *cable, const uint8_t *bytes, size_t size)
{
    struct waiting_frame *frame = malloc(sizeof(*frame) + size);
    if (!frame)
        abort();
    frame->next = NULL;
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    *cable->last = frame;
    cable->last = &frame->next;
    host_device_wake(&cable->link->card->device);
}

static void take_frames(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        struct sim_frame frame;
        memcpy(&frame, bytes, sizeof frame);
        if (frame.card < OPTIONS_NICS_MAX && sim.cables[frame.card].link)
            add_frame(&sim.cables[frame.card], bytes + sizeof frame, frame.size);
        bytes += sizeof frame + frame.size;
        size -= sizeof frame + frame.size;
    }
}

static void set_cables(uint32_t cables_out)
{
    for (unsigned i = 0; i < OPTIONS_NICS_MAX; i++) {
        struct cable *cable = &sim.cables[i];
        bool is_out = (cables_out >> i & 1) != 0;
        if (cable->link && cable->is_out != is_out)
            virtio_net_model_set_link(cable->link->card, !is_out);
        cable->is_out = is_out;
    }
}

// In place of the wait in poll(): the others' turn.
static void wait_for_turn(uint64_t timeout_ns)
{
    uint64_t now_ns = host_clock_now();
    if (timeout_ns == 0 && now_ns < sim.next_look_ns)
        return;
    send_turn(timeout_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + timeout_ns);

    struct sim_turn turn;
    transfer(true, &turn, sizeof turn);
    uint8_t *frames = malloc(turn.size + 1);
    if (!frames)
        abort();
    transfer(true, frames, turn.size);
    host_clock_set(turn.now_ns);
    sim.next_look_ns = turn.now_ns + LOOK_PERIOD_NS;
    set_cables(turn.cables_out);
    take_frames(frames, turn.size);
    free(frames);
}

// Our end: the last frames are on their way all the same.
static void send_last_frames(void)
{
    send_turn(0);
}

// ---- The cable --------------------------------------------------------------------------

static bool send_frame(struct net_link *link, const struct segment *segments, unsigned count)
{
    size_t at = sizeof(struct sim_turn) + sim.out_size, start = at;
    struct sim_frame frame = {.card = (uint16_t)link->number};
    for (unsigned i = 0; i < count; i++)
        frame.size = (uint16_t)(frame.size + segments[i].size);
    if (at + sizeof frame + frame.size > sim.out_room) {
        sim.out_room = 2 * (at + sizeof frame + frame.size);
        sim.out = realloc(sim.out, sim.out_room);
        if (!sim.out)
            abort();
    }
    memcpy(sim.out + at, &frame, sizeof frame);
    at += sizeof frame;
    for (unsigned i = 0; i < count; at += segments[i++].size)
        memcpy(sim.out + at, segments[i].data, segments[i].size);
    sim.out_size += at - start;
    return true;
}

static size_t receive_frame(struct net_link *link, void *bytes, size_t size)
{
    struct cable *cable = &sim.cables[link->number];
    struct waiting_frame *frame = cable->first;
    if (!frame)
        return 0;
    cable->first = frame->next;
    if (!cable->first)
        cable->last = &cable->first;
    size_t count = frame->size < size ? frame->size : size;
    memcpy(bytes, frame->bytes, count);
    free(frame);
    return count;
}

static void start(const struct nic *nic)
{
    const char *text = host_options()->simulation;
    if (!text)
        nic_refuse(nic, "there is no simulation", "expected -sim FD, see tests/sim");
    sim.socket = atoi(text);
    sim.out_room = 65536;
    sim.out = malloc(sim.out_room);
    if (!sim.out)
        abort();
    host_line_wait_by(wait_for_turn);
    atexit(send_last_frames);
}

struct net_link *net_sim_open(const struct nic *nic)
{
    struct cable *cable = &sim.cables[nic->number];
    if (!sim.out)
        start(nic);
    struct net_link *link = net_link_create(HOST_NO_DESCRIPTOR, HOST_NO_DESCRIPTOR);
    link->send = send_frame;
    link->receive = receive_frame;
    link->number = nic->number;
    cable->link = link;
    cable->last = &cable->first;
    return link;
}
