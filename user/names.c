// SPDX-License-Identifier: MIT
//
// The addresses of names, for programs.
//
//   name_find(), name_error()
//
// Chapter 22.
#include "names.h"

#define PATIENCE_NS UINT64_C(20000000000) // 20 s: three tries of 5 s, and a little

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

static const char *explain(int error)
{
    switch (error) {
    case -ETIMEDOUT:
        return "no answer";
    case -EPROTO:
        return "it could not find out";
    default:
        return error_text(error);
    }
}

int name_error(const char *program, const struct os_question *question, int error)
{
    char servers[3 * OS_ADDRESS_TEXT];
    const char *name = question->name;
    if (question->server.family)
        os_address_print(&question->server, servers);
    else
        list_servers(servers, sizeof(servers));
    if (error == -ENOENT)
        os_fprintf(OS_ERROR, "%s: %s: there is no such host\n", program, name);
    else if (error == -EINVAL)
        os_fprintf(OS_ERROR, "%s: %s: this is neither an address nor a name\n", program, name);
    else if (error == -ENETUNREACH && !servers[0])
        os_fprintf(OS_ERROR,
                   "%s: %s: no DNS server is known. DHCP names one, or ifconfig, or "
                   "ip=ADDRESS/PREFIX,GATEWAY,DNS on the command line\n",
                   program, name);
    else
        os_fprintf(OS_ERROR, "%s: %s: asked %s: %s\n", program, name, servers, explain(error));
    return 1;
}

int name_find(const char *program, const char *name, struct os_address *addresses,
              unsigned most)
{
    const struct os_question question = {.name = name};
    int count = os_resolve(name, OS_IPV4, addresses, most, os_clock_ns() + PATIENCE_NS);
    if (count > 0)
        return count;
    name_error(program, &question, count);
    return 0;
}
