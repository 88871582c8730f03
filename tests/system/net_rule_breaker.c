// SPDX-License-Identifier: MIT
//
// A driver that breaks one rule for network cards (virtio 1.2, 5.1), rule=NAME on the command
// line. tests/system/test_net_host.py reads what the card says to that.
#include "bring_up.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum {
    CSUM = 1,
    GUEST_CSUM = 2,
    MTU = 8,
    GUEST_TSO4 = 1 << 7,
    HOST_TSO4 = 1 << 11,
    MRG_RXBUF = 1 << 15
}; // 5.1.3
enum { HEADER = 12, FRAME_MAX = 70000, FRAME = 60 };
enum { RECEIVE, TRANSMIT };

// What is broken. Field numbers are those of the header's bytes (5.1.6).
static const struct rule {
    const char *name;
    unsigned features;
    unsigned queue, size; // of the buffer, bytes
    bool other_way;       // read where it has to be written, and the other way round
    uint8_t header[HEADER];
} rules[] = {
    {"none", CSUM | HOST_TSO4, TRANSMIT, HEADER + FRAME, false, {0}},
    {"host-tso", HOST_TSO4, TRANSMIT, HEADER + FRAME, false, {0}},
    {"guest-tso", GUEST_TSO4, TRANSMIT, HEADER + FRAME, false, {0}},
    {"flags", CSUM, TRANSMIT, HEADER + FRAME, false, {2}},
    {"no-csum", 0, TRANSMIT, HEADER + FRAME, false, {1}},
    {"csum-start", CSUM, TRANSMIT, HEADER + FRAME, false, {1, 0, 0, 0, 0, 0, 55, 0, 4, 0}},
    {"no-tso", CSUM, TRANSMIT, HEADER + FRAME, false, {1, 1, 0, 0, 100, 0, 34, 0, 16, 0}},
    {"gso-type", CSUM | HOST_TSO4, TRANSMIT, HEADER + FRAME, false, {1, 4, 0, 0, 100, 0}},
    {"gso-size", CSUM | HOST_TSO4, TRANSMIT, HEADER + FRAME, false, {1, 1, 0, 0, 0, 0}},
    {"gso-csum", CSUM | HOST_TSO4, TRANSMIT, HEADER + FRAME, false, {0, 1, 0, 0, 100, 0}},
    {"buffers", 0, TRANSMIT, HEADER + FRAME, false, {[10] = 1}},
    {"short", 0, TRANSMIT, HEADER + 13, false, {0}},
    {"long", 0, TRANSMIT, FRAME_MAX, false, {0}},
    {"mtu", MTU, TRANSMIT, HEADER + 14 + 4 + 1401, false, {0}},
    {"written", 0, TRANSMIT, HEADER + FRAME, true, {0}},
    {"read", 0, RECEIVE, 2000, true, {0}},
    {"small", 0, RECEIVE, 1000, false, {0}},
    {"small-tso", GUEST_CSUM | GUEST_TSO4, RECEIVE, 2000, false, {0}},
    {"small-mrg", MRG_RXBUF, RECEIVE, HEADER, false, {0}},
};

static struct {
    const struct rule *rule;
    struct virtqueue *queues[2];
    uint8_t *buffer, *whole;
} breaker;

static uint64_t choose(uint64_t offered)
{
    return breaker.rule->features;
}

static int start(struct virtio_device *device)
{
    int error = virtqueue_create(device, 0, 16, "receive", NULL, &breaker.queues[RECEIVE]);
    return error ? error
                 : virtqueue_create(device, 1, 16, "transmit", NULL, &breaker.queues[TRANSMIT]);
}

static void submit(unsigned queue, uint8_t *bytes, uint32_t size, bool is_read)
{
    const struct segment segment = {bytes, size};
    if (virtqueue_submit(breaker.queues[queue], &segment, is_read, !is_read, bytes) != 0)
        panic("no room in the queue");
    virtqueue_notify(breaker.queues[queue]);
    thread_yield();
}

// The buffer by the rule; and for one that is to be received into, a frame to make it known.
static void run(void)
{
    const struct rule *rule = breaker.rule;
    memcpy(breaker.buffer, rule->header, HEADER);
    submit(rule->queue, breaker.buffer, rule->size,
           (rule->queue == TRANSMIT) != rule->other_way);
    if (rule->queue == RECEIVE)
        submit(TRANSMIT, breaker.whole, HEADER + FRAME, true);
    timer_sleep(1000000);
}

static void find_rule(void)
{
    char name[16] = "";
    cmdline_value("rule", name, sizeof(name));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(name, rules[i].name) == 0)
            breaker.rule = &rules[i];
    if (!breaker.rule)
        panic("expected rule=NAME");
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver driver = {
        .name = "breaker", .id = VIRTIO_NET, .wanted = ~0u, .choose = choose, .start = start};
    static const struct virtio_driver *const drivers[] = {&driver, NULL};
    const struct board *board = bring_up(boot);
    find_rule();
    breaker.buffer = heap_alloc(FRAME_MAX);
    breaker.whole = heap_alloc(FRAME_MAX);
    memset(breaker.buffer, 0, FRAME_MAX);
    memset(breaker.whole, 0, FRAME_MAX);
    if (virtio_probe(board, drivers) == 0)
        panic("there is no network card");
    run();
    print("nobody minded\n");
    return 0;
}
