// SPDX-License-Identifier: MIT
//
// ss: shows connections and who waits for them; -l only those, -t TCP, -u UDP, -i more, -a all
#include "options.h"

enum { AT_ONCE = 8, US = 1000 };

struct wanted {
    bool listeners, tcp, udp, details, all;
};

// Microseconds as milliseconds with one place.
static void print_ms(const char *name, uint64_t us)
{
    os_printf(" %s %llu.%llu ms", name, (unsigned long long)(us / 1000),
              (unsigned long long)(us % 1000 / 100));
}

static void print_times(const struct os_connection_info *info)
{
    os_printf("     ");
    print_ms("rtt", info->rtt_ns / US);
    print_ms("+-", info->rtt_variance_ns / US);
    print_ms("rto", info->rto_ns / US);
    os_printf(", sent again %llu, timeouts %llu, sent %llu, received %llu bytes\n",
              (unsigned long long)info->retransmits, (unsigned long long)info->timeouts,
              (unsigned long long)info->sent_bytes, (unsigned long long)info->received_bytes);
}

static void print_windows(const struct os_connection_info *info)
{
    os_printf("      cwnd %u", info->cwnd);
    if (info->cwnd > 0 && info->ssthresh < 0x40000000) // or there was no loss yet
        os_printf(", ssthresh %u", info->ssthresh);
    os_printf(", in flight %u, mss %u, windows: peer %u, own %u", info->in_flight, info->mss,
              info->peer_window, info->own_window);
    if (info->phase[0])
        os_printf("; %s, %s", info->congestion, info->phase);
    os_printf("\n");
}

static int print(const struct os_connection_info *info, bool details)
{
    char local[OS_ADDRESS_TEXT], remote[OS_ADDRESS_TEXT] = "*";
    bool listens = info->backlog_max > 0;
    os_address_print(&info->local, local);
    if (info->remote.family)
        os_address_print(&info->remote, remote);
    os_printf("%-5s %-12s %7u %7u  %-21s %-21s", info->protocol, info->state,
              listens ? info->backlog : info->receive_queue,
              listens ? info->backlog_max : info->send_queue, local, remote);
    if (info->id <= OS_TRACEABLE_MAX)
        os_printf(" %llu", (unsigned long long)info->id);
    int count = os_printf("\n");
    if (details && !listens && info->mss > 0) {
        print_times(info);
        print_windows(info);
    }
    if (details)
        count = os_printf("      memory %zu bytes\n", info->memory);
    return count < 0;
}

static bool is_wanted(const struct os_connection_info *info, const struct wanted *wanted)
{
    bool is_tcp = strcmp(info->protocol, "tcp") == 0;
    bool is_listener = strcmp(info->state, "LISTEN") == 0 || (!is_tcp && !info->remote.family);
    return (is_tcp ? wanted->tcp : wanted->udp) && (is_listener || !wanted->listeners);
}

// Those in TIME-WAIT are over, and a busy server has thousands: it is enough how many.
static int print_all(const struct wanted *wanted)
{
    struct os_connection_info infos[AT_ONCE];
    uint64_t after = 0, over = 0;
    unsigned count;
    os_printf("%-5s %-12s %7s %7s  %-21s %-21s %s\n", "PROTO", "STATE", "RECV-Q", "SEND-Q",
              "LOCAL", "REMOTE", "ID");
    while ((count = os_connections(after, infos, AT_ONCE)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            if (!is_wanted(&infos[i], wanted))
                continue;
            if (!wanted->all && strcmp(infos[i].state, "TIME-WAIT") == 0)
                over++;
            else if (print(&infos[i], wanted->details))
                return 1;
        }
        after = infos[count - 1].id;
    }
    if (over > 0)
        os_printf("%llu in TIME-WAIT (-a shows them)\n", (unsigned long long)over);
    return 0;
}

int ss_main(int argc, char **argv)
{
    struct wanted wanted = {0};
    struct options options = options_start(argc, argv, "lutia");
    int letter;
    while ((letter = options_next(&options)) > 0) {
        wanted.listeners |= letter == 'l';
        wanted.tcp |= letter == 't';
        wanted.udp |= letter == 'u';
        wanted.details |= letter == 'i';
        wanted.all |= letter == 'a';
    }
    if (letter < 0 || options.count > 0)
        return os_usage("ss [-ltuia]");
    if (!wanted.tcp && !wanted.udp)
        wanted.tcp = wanted.udp = true;
    return print_all(&wanted);
}
