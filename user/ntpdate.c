// SPDX-License-Identifier: MIT
//
// ntpdate: sets the clock by a time server's; -q: only shows how far they are apart
//
//   ntpdate pool.ntp.org
//   ntpdate                   asks the servers that DHCP has named
#include "names.h"
#include "options.h"

#define SECOND UINT64_C(1000000000)
#define PATIENCE_NS (20 * SECOND) // more than questions take until they give up

// "-0.012345": how far it is from ours, or how long it took.
static void print_seconds(bool is_negative, uint64_t ns)
{
    os_printf("%s%llu.%06llu s", is_negative ? "-" : "", (unsigned long long)(ns / SECOND),
              (unsigned long long)(ns % SECOND / 1000));
}

static int explain(const char *server, const struct os_time_answer *answer, int error)
{
    if (error == -EACCES)
        os_fprintf(OS_ERROR, "ntpdate: %s: it does not want to be asked (\"%s\")\n", server,
                   answer->reference);
    else if (error == -EAGAIN)
        os_fprintf(OS_ERROR, "ntpdate: %s: it does not know the time itself\n", server);
    else if (error == -ETIMEDOUT)
        os_fprintf(OS_ERROR, "ntpdate: %s: no answer\n", server);
    else
        os_fprintf(OS_ERROR, "ntpdate: %s: %s\n", server, error_text(error));
    return 1;
}

// What our clock shows, and what it should. A machine without a clock gets one.
static void show_and_set(const char *server, const struct os_time_answer *answer, bool sets)
{
    uint64_t passed_ns = os_clock_ns() - answer->clock_ns;
    uint64_t right_ns = answer->unix_ns + passed_ns, ours_ns = os_wall_clock_ns();
    if (sets)
        os_wall_clock_set(right_ns);
    os_printf("%s (stratum %u): ", server, answer->stratum);
    if (ours_ns == 0) {
        os_printf("we had no time");
    } else {
        bool is_behind = right_ns < ours_ns;
        os_printf("offset ");
        print_seconds(is_behind, is_behind ? ours_ns - right_ns : right_ns - ours_ns);
    }
    os_printf(", delay ");
    print_seconds(false, answer->delay_ns);
    os_printf(sets ? "; the clock is set\n" : "\n");
}

static int ask(const char *server, const struct os_address *address, bool sets)
{
    struct os_time_answer answer;
    int error = os_time_query(address, &answer, os_clock_ns() + PATIENCE_NS);
    if (error)
        return explain(server, &answer, error);
    show_and_set(server, &answer, sets);
    return 0;
}

// The i-th that DHCP has named, on whichever interface. False: there are no more.
static bool find_known(unsigned i, struct os_address *address)
{
    struct os_interface_info info;
    for (unsigned j = 0; os_interface_next(j, &info); j++) {
        for (unsigned k = 0; k < 3 && info.time_servers[k].family; k++) {
            if (i-- > 0)
                continue;
            *address = info.time_servers[k];
            return true;
        }
    }
    return false;
}

// One after the other, until one answers.
static int ask_known(bool sets)
{
    struct os_address address;
    char text[OS_ADDRESS_TEXT];
    unsigned i = 0;
    for (; find_known(i, &address); i++) {
        if (ask(os_address_print(&address, text), &address, sets) == 0)
            return 0;
    }
    if (i == 0)
        os_fprintf(OS_ERROR, "ntpdate: DHCP has named no time server; `ntpdate SERVER` asks "
                             "any other\n");
    return 1;
}

int ntpdate_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "q");
    struct os_address address;
    bool sets = true;
    int letter;
    while ((letter = options_next(&options)) > 0)
        sets = false;
    if (letter < 0 || options.count > 1)
        return os_usage("ntpdate [-q] [SERVER]");
    if (options.count == 0)
        return ask_known(sets);
    if (name_find("ntpdate", options.operands[0], &address, 1) == 0)
        return 1;
    return ask(options.operands[0], &address, sets);
}
