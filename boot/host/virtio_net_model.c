// SPDX-License-Identifier: MIT
//
// A network card: frames with a header in front, out by one queue and in by the other
// (virtio 1.2, 5.1).
//
// Where frames go to is the link's affair (net_link.h). A frame that comes in waits for
// buffers; one that is to go out waits until the link has room. Chapter 20.
#include <stdlib.h>
#include <string.h>

#include "boot/host/net_link.h"
#include "boot/host/options.h"
#include "boot/host/virtio_devices.h"
#include "boot/host/virtio_model.h"
#include "boot/host/virtio_net_model.h"
#include "drivers/virtio/virtio.h"

enum { QUEUE_RECEIVE, QUEUE_TRANSMIT, QUEUES };

// Offsets of the configuration's fields (virtio 1.2, 5.1.4).
enum { AT_MAC = 0, AT_STATUS = 6, AT_MTU = 10, CONFIG_SIZE = 12 };
enum { STATUS_LINK_UP = 1, HEADER_SIZE = sizeof(struct net_header), SEGMENTS_MAX = 256 };

struct card {
    struct net_link *link;
    bool is_down;
    uint16_t mtu;
    // The frame that is coming in, with its header in front; size 0: none.
    uint8_t frame[HEADER_SIZE + NET_FRAME_MAX];
    size_t size;
    struct virtio_request *buffers, *last; // taken for it already
    uint64_t room;                         // in those
    uint16_t buffer_count;
    struct virtio_request *to_send;      // the link has no room for it now
    struct segment pieces[SEGMENTS_MAX]; // of that, without its header
};

// ---- Out --------------------------------------------------------------------------------

// False when the link has no room.
static bool send_frame(struct virtio_model *model, const struct virtio_request *request)
{
    struct card *card = model->data;
    if (card->is_down || virtio_model_is_to_fail(model))
        return true; // it is lost
    if (card->link->has_headers)
        return card->link->send(card->link, request->segments, request->out);

    unsigned count = 0; // at most as many as the queue has descriptors
    size_t skip = HEADER_SIZE;
    for (unsigned i = 0; i < request->out; i++) {
        const struct segment *segment = &request->segments[i];
        size_t less = skip < segment->size ? skip : segment->size;
        skip -= less;
        if (less < segment->size)
            card->pieces[count++] =
                (struct segment){(char *)segment->data + less, segment->size - less};
    }
    return card->link->send(card->link, card->pieces, count);
}

static void serve_transmit(struct virtio_model *model)
{
    struct card *card = model->data;
    for (;;) {
        if (!card->to_send) {
            card->to_send = virtio_model_take(model, QUEUE_TRANSMIT);
            if (!card->to_send)
                break;
            virtio_net_check_transmit(model, card->to_send, card->mtu);
            pcap_write(card->to_send->segments, card->to_send->out, HEADER_SIZE);
        }
        if (!send_frame(model, card->to_send))
            break;
        struct virtio_request *request = card->to_send;
        card->to_send = NULL;
        virtio_model_give(model, request, 0);
    }
    model->device.output = card->to_send ? card->link->output : HOST_NO_DESCRIPTOR;
}

// ---- In ---------------------------------------------------------------------------------

// Finishes a checksum of which the field holds the pseudo header's part (virtio 1.2, 5.1.6.2):
// this driver has not said that it does so itself.
static void complete_checksum(uint8_t *frame, size_t size, const struct net_header *header)
{
    size_t field = (size_t)header->checksum_start + header->checksum_offset;
    uint64_t sum = 0;
    for (size_t i = header->checksum_start; i < size; i++)
        sum += (i - header->checksum_start) % 2 == 0 ? frame[i] << 8 : frame[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t checksum = sum == 0xffff ? 0xffff : (uint16_t)~sum; // 0: UDP has none (RFC 768)
    if (field + 2 <= size) {
        frame[field] = (uint8_t)(checksum >> 8);
        frame[field + 1] = (uint8_t)checksum;
    }
}

// Takes the next frame off the link. False when there is none; one that the driver could
// make nothing of is lost, and the next one is looked at.
static bool fetch(struct virtio_model *model)
{
    struct card *card = model->data;
    struct net_header *header = (struct net_header *)(void *)card->frame;
    size_t skip = card->link->has_headers ? 0 : HEADER_SIZE;
    for (;;) {
        memset(header, 0, sizeof *header);
        size_t size =
            card->link->receive(card->link, card->frame + skip, sizeof card->frame - skip);
        if (size == 0)
            return false;
        size += skip;
        bool is_large =
            header->gso_type != NET_GSO_NONE && !virtio_model_has(model, NET_GUEST_TSO4);
        if (card->is_down || size <= HEADER_SIZE || is_large || virtio_model_is_to_fail(model))
            continue;
        if (header->flags && !virtio_model_has(model, NET_GUEST_CSUM)) {
            if (header->flags & NET_NEEDS_CSUM)
                complete_checksum(card->frame + HEADER_SIZE, size - HEADER_SIZE, header);
            *header = (struct net_header){0};
        }
        struct segment whole = {card->frame, size};
        pcap_write(&whole, 1, HEADER_SIZE);
        card->size = size;
        return true;
    }
}

// Takes buffers until the frame has room. False when the driver has no more for now.
static bool collect_buffers(struct virtio_model *model)
{
    struct card *card = model->data;
    bool merges = virtio_model_has(model, NET_MRG_RXBUF);
    while (card->room < card->size && (merges || !card->buffers)) {
        struct virtio_request *request = virtio_model_take(model, QUEUE_RECEIVE);
        if (!request)
            return false;
        virtio_net_check_buffer(model, request, card->mtu);
        if (card->buffers)
            card->last->rest = request;
        else
            card->buffers = request;
        card->last = request;
        card->room += request->in_size;
        card->buffer_count++;
    }
    return true;
}

static void forget_buffers(struct card *card)
{
    card->buffers = card->last = NULL;
    card->room = 0;
    card->buffer_count = 0;
}

// Writes the frame into the buffers, and gives them all to the driver at once.
static void deliver(struct virtio_model *model)
{
    struct card *card = model->data;
    struct net_header *header = (struct net_header *)(void *)card->frame;
    header->buffers = card->buffer_count;
    if (virtio_faults_strike(&model->faults, FAULT_LIE))
        header->buffers = (uint16_t)model->faults.state;
    size_t done = 0;
    for (struct virtio_request *buffer = card->buffers; buffer; buffer = buffer->rest) {
        buffer->written =
            (uint32_t)virtio_request_write(buffer, 0, card->frame + done, card->size - done);
        done += buffer->written;
    }
    struct virtio_request *first = card->buffers;
    forget_buffers(card);
    virtio_model_give(model, first, first->written);
}

static void serve_receive(struct virtio_model *model)
{
    struct card *card = model->data;
    bool has_room = true;
    while ((card->size > 0 || fetch(model)) && (has_room = collect_buffers(model))) {
        if (card->room >= card->size)
            deliver(model); // or else it is too large for this driver, and lost
        card->size = 0;
    }
    bool may_come = has_room && !card->link->is_dead;
    model->device.input = may_come ? card->link->input : HOST_NO_DESCRIPTOR;
    if (card->link->is_dead && !card->is_down)
        virtio_net_model_set_link(model, false);
}

// ---- The device -------------------------------------------------------------------------

static void serve(struct virtio_model *model, unsigned queue)
{
    if (queue == QUEUE_RECEIVE)
        serve_receive(model);
    else
        serve_transmit(model);
}

static void run(struct virtio_model *model)
{
    struct card *card = model->data;
    if (model->rings[QUEUE_RECEIVE].ready)
        serve_receive(model);
    if (card->to_send && model->rings[QUEUE_TRANSMIT].ready)
        serve_transmit(model);
}

static void start(struct virtio_model *model)
{
    struct card *card = model->data;
    virtio_net_check_features(model);
    if (card->link->accept)
        card->link->accept(card->link, virtio_model_has(model, NET_GUEST_CSUM),
                           virtio_model_has(model, NET_GUEST_TSO4));
    host_device_wake(&model->device);
}

// What is held belongs to queues that are no more, and a frame to a driver of other wishes.
static void reset(struct virtio_model *model)
{
    struct card *card = model->data;
    card->size = 0;
    virtio_request_free(card->to_send);
    virtio_request_free(card->buffers);
    card->to_send = NULL;
    forget_buffers(card);
    model->device.input = model->device.output = HOST_NO_DESCRIPTOR;
}

void virtio_net_model_set_link(struct virtio_model *model, bool up)
{
    struct card *card = model->data;
    card->is_down = !up;
    model->config[AT_STATUS] = up ? STATUS_LINK_UP : 0;
    virtio_model_config_changed(model);
}

static uint64_t features_of(const struct nic *nic, const struct net_link *link)
{
    bool checksums = link->has_headers && !nic->no_checksums;
    bool segments = checksums && !nic->no_segments; // these need those: 5.1.3.1
    return NET_MAC | (nic->no_merging ? 0 : NET_MRG_RXBUF) | (nic->no_status ? 0 : NET_STATUS) |
           (nic->mtu ? NET_MTU : 0) | (checksums ? NET_CSUM | NET_GUEST_CSUM : 0) |
           (segments ? NET_HOST_TSO4 | NET_GUEST_TSO4 : 0);
}

struct virtio_model *virtio_net_model(const struct nic *nic)
{
    static const struct virtio_model_kind kind = {.name = "net",
                                                  .id = VIRTIO_NET,
                                                  .queues = QUEUES,
                                                  .serve = serve,
                                                  .run = run,
                                                  .start = start,
                                                  .reset = reset};
    struct virtio_model *model = virtio_model_create(&kind);
    struct card *card = calloc(1, sizeof(*card));
    if (!card)
        abort();
    card->link = net_link_open(nic);
    card->link->card = model;
    card->mtu = nic->mtu;
    model->data = card;
    model->offered |= features_of(nic, card->link);
    if (nic->no_event_idx)
        model->offered &= ~VIRTIO_F_EVENT_IDX;
    model->config_size = CONFIG_SIZE;
    memcpy(&model->config[AT_MAC], nic->mac, sizeof nic->mac);
    model->config[AT_STATUS] = STATUS_LINK_UP;
    model->config[AT_MTU] = (uint8_t)nic->mtu;
    model->config[AT_MTU + 1] = (uint8_t)(nic->mtu >> 8);
    return model;
}

void virtio_net_model_plug(struct board *board)
{
    const struct options *options = host_options();
    pcap_open(options->pcap);
    for (unsigned i = 0; i < options->nic_count; i++) {
        struct nic nic = nic_parse(options->nics[i], i);
        virtio_model_plug_option(virtio_net_model(&nic), VIRTIO_SLOT_NICS + i, board);
    }
}
