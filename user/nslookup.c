// SPDX-License-Identifier: MIT
//
// nslookup: shows the addresses of a name; -4, -6: only those of one kind
//
//   nslookup example.org             asks the DNS servers that `ifconfig` shows
//   nslookup example.org 10.0.2.3    asks this one
#include "options.h"

enum { ADDRESSES_MAX = 16 };
#define PATIENCE_NS UINT64_C(35000000000) // 15 s for either kind, and a little

// The servers that would be asked, "10.0.2.3, 10.0.2.4"; "" when there are none.
static void list_servers(char *text, size_t size)
{
    struct os_interface_info info;
    char server[OS_ADDRESS_TEXT];
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0; os_interface_next(i, &info); i++) {
        for (unsigned j = 0; j < 3 && info.servers[j].family && length < size; j++)
            length += (size_t)snprintf(text + length, size - length, "%s%s",
                                       length ? ", " : "",
                                       os_address_print(&info.servers[j], server));
    }
}

static int explain(const struct os_question *question, int error)
{
    char servers[3 * OS_ADDRESS_TEXT];
    const char *name = question->name;
    if (question->server.family)
        os_address_print(&question->server, servers);
    else
        list_servers(servers, sizeof(servers));
    if (error == -ENOENT)
        os_fprintf(OS_ERROR, "nslookup: %s: no such name, or it has no address\n", name);
    else if (error == -EINVAL)
        os_fprintf(OS_ERROR, "nslookup: %s: this cannot be a name\n", name);
    else if (error == -ENETUNREACH && !servers[0])
        os_fprintf(OS_ERROR,
                   "nslookup: %s: no DNS server is known. DHCP names one, or ifconfig, or "
                   "ip=ADDRESS/PREFIX,GATEWAY,DNS on the command line\n",
                   name);
    else
        os_fprintf(OS_ERROR, "nslookup: %s: asked %s: %s\n", name, servers,
                   error == -ETIMEDOUT ? "no answer"
                   : error == -EPROTO  ? "it could not find out"
                                       : error_text(error));
    return 1;
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
    return count < 0 ? explain(&question, count) : 0;
}

int nslookup_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "46");
    struct os_question question = {.family = OS_ANY_FAMILY};
    int letter;
    while ((letter = options_next(&options)) > 0)
        question.family = letter == '4' ? OS_IPV4 : OS_IPV6;
    if (letter < 0 || options.count < 1 || options.count > 2)
        return os_usage("nslookup [-4 | -6] NAME [SERVER]");
    question.name = options.operands[0];
    if (options.count == 2 && find_server(options.operands[1], &question.server))
        return 1;
    return look_up(&question);
}
