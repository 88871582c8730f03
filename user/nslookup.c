// SPDX-License-Identifier: MIT
//
// nslookup: shows the addresses of a name (-4, -6: of one kind only), or an address's name
//
//   nslookup example.org             asks the DNS servers that `ifconfig` shows
//   nslookup example.org 10.0.2.3    asks this one
//   nslookup 10.0.2.2
#include "names.h"
#include "options.h"

enum { ADDRESSES_MAX = 16 };
#define PATIENCE_NS UINT64_C(35000000000) // 15 s for either kind, and a little

static int explain(const struct os_question *question, int error)
{
    if (error != -ENOENT)
        return name_error("nslookup", question, error);
    struct os_address address;
    bool is_address = os_address_parse(question->name, &address) == 0;
    os_fprintf(OS_ERROR, "nslookup: %s: %s\n", question->name,
               is_address ? "it has no name" : "no such name, or it has no address");
    return 1;
}

static int look_up_host(const struct os_question *question, const struct os_address *address)
{
    char name[OS_HOST_TEXT];
    int error =
        os_resolve_host(address, &question->server, name, os_clock_ns() + PATIENCE_NS);
    if (error)
        return explain(question, error);
    os_printf("%s is %s\n", question->name, name);
    return 0;
}

static int look_up(const struct os_question *question)
{
    struct os_address addresses[ADDRESSES_MAX];
    char text[OS_ADDRESS_TEXT];
    int count =
        os_resolve_at(question, addresses, ADDRESSES_MAX, os_clock_ns() + PATIENCE_NS);
    if (count < 0)
        return explain(question, count);
    for (int i = 0; i < count; i++)
        os_printf("%s is at %s\n", question->name, os_address_print(&addresses[i], text));
    return 0;
}

// Its address, or that of its name. 0, or 1: has said why.
static int find_server(const char *name, struct os_address *server)
{
    struct os_question question = {.name = name};
    int count = os_resolve(name, OS_IPV4, server, 1, os_clock_ns() + PATIENCE_NS);
    return count < 0 ? name_error("nslookup", &question, count) : 0;
}

int nslookup_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "46");
    struct os_question question = {.family = OS_ANY_FAMILY};
    struct os_address address;
    int letter;
    while ((letter = options_next(&options)) > 0)
        question.family = letter == '4' ? OS_IPV4 : OS_IPV6;
    if (letter < 0 || options.count < 1 || options.count > 2)
        return os_usage("nslookup [-4 | -6] NAME [SERVER]; nslookup ADDRESS [SERVER]");
    question.name = options.operands[0];
    if (options.count == 2 && find_server(options.operands[1], &question.server))
        return 1;
    if (os_address_parse(question.name, &address) == 0 && address.port == 0)
        return look_up_host(&question, &address);
    return look_up(&question);
}
