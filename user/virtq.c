// SPDX-License-Identifier: MIT
//
// virtq: shows what the queues of virtio devices do, or draws one of them
#include "os.h"

enum { ROW = 64 }; // descriptors in a row of the drawing

// "1.50": a / b with two digits behind the point, since there is no floating point here.
static void print_ratio(uint64_t a, uint64_t b)
{
    uint64_t hundredths = b == 0 ? 0 : (a * 100 + b / 2) / b;
    os_printf(" %5llu.%02llu", (unsigned long long)(hundredths / 100),
              (unsigned long long)(hundredths % 100));
}

static int list_queues(void)
{
    struct os_queue_info info;
    if (!os_queue_next(0, &info)) {
        os_printf("there are no virtio devices\n");
        return 0;
    }
    os_printf("%50s per request:\n", "");
    os_printf(" N DEVICE   DRIVER          QUEUE     SIZE BUSY  REQUESTS   DESCS  NOTIFS"
              "    IRQS\n");
    for (unsigned i = 0; os_queue_next(i, &info); i++) {
        os_printf("%2u %-8s %-15s %-9s %4u %4u %9llu", i, info.device, info.driver, info.name,
                  info.size, info.in_flight, (unsigned long long)info.requests);
        print_ratio(info.descriptors, info.requests);
        print_ratio(info.notifications, info.requests);
        print_ratio(info.interrupts, info.requests);
        os_printf(info.broken ? "  broken\n" : "\n");
    }
    return 0;
}

// Where an index points in its ring: the indexes only grow, and wrap around at 65536.
static void print_index(const char *name, uint16_t index, unsigned size, const char *meaning)
{
    os_printf("%-10s %5u  place %4u  %s\n", name, index, index % size, meaning);
}

static void draw_indexes(const struct os_queue_info *info)
{
    print_index("avail", info->avail_index, info->size, "we put the next request here");
    print_index("used", info->used_index, info->size, "the device puts the next answer here");
    print_index("last used", info->last_used, info->size, "we look for the next answer here");
}

// One character for each descriptor.
static void draw_descriptors(unsigned queue)
{
    struct os_queue_descriptor descriptor;
    os_printf("descriptors: H begins a request in flight, - belongs to it, . is free");
    for (unsigned i = 0; os_queue_descriptor(queue, i, &descriptor); i++) {
        if (i % ROW == 0)
            os_printf("\n%5u  ", i);
        os_printf(descriptor.head ? "H" : descriptor.in_flight ? "-" : ".");
    }
    os_printf("\n");
}

static void list_descriptors(unsigned queue)
{
    struct os_queue_descriptor descriptor;
    for (unsigned i = 0; os_queue_descriptor(queue, i, &descriptor); i++) {
        if (!descriptor.in_flight)
            continue;
        os_printf("%5u  %5u bytes at %#llx, ", i, (unsigned)descriptor.length,
                  (unsigned long long)descriptor.address);
        os_printf(descriptor.indirect ? "a table of descriptors"
                  : descriptor.write  ? "the device writes"
                                      : "the device reads");
        if (descriptor.next)
            os_printf(", goes on at %u", descriptor.next_index);
        os_printf("\n");
    }
}

static int draw_queue(unsigned queue)
{
    struct os_queue_info info;
    if (!os_queue_next(queue, &info)) {
        os_printf("virtq: there is no queue %u; `virtq` lists them\n", queue);
        return 1;
    }
    os_printf("%s, %s, queue \"%s\": %u descriptors%s%s%s\n", info.device, info.driver,
              info.name, info.size, info.event_idx ? ", event index" : "",
              info.indirect ? ", indirect tables" : "", info.broken ? ", broken" : "");
    draw_indexes(&info);
    draw_descriptors(queue);
    list_descriptors(queue);
    return 0;
}

int virtq_main(int argc, char **argv)
{
    uint64_t queue;
    if (argc == 1)
        return list_queues();
    if (argc != 2 || string_to_u64(argv[1], 10, &queue) || queue > UINT32_MAX)
        return os_usage("virtq [N]");
    return draw_queue((unsigned)queue);
}
