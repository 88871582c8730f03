// SPDX-License-Identifier: MIT
//
// os.h: the addresses of names, the names of addresses.
// Chapter 22.
#include "error.h"
#include "net/dns.h"
#include "process.h"
#include "user/os_net.h"
#include "wait.h"

// A question, and the thread that waits for its answer.
struct asking {
    struct dns_query query;
    bool is_done;
    struct wait_queue waiter;
};

static void wake(struct dns_query *query)
{
    struct asking *asking = container_of(query, struct asking, query);
    asking->is_done = true;
    wait_queue_wake_all(&asking->waiter, 0);
}

static void prepare(struct asking *asking)
{
    asking->is_done = false;
    wait_queue_init(&asking->waiter);
    asking->query.done = wake;
}

static int wait(struct asking *asking, const char *what, uint64_t deadline_ns)
{
    const struct wait_reason reason = {.what = "DNS", .name = what, .external = true};
    int error = 0;
    while (!asking->is_done && !error)
        error = wait_queue_wait(&asking->waiter, &reason, deadline_ns);
    if (!asking->is_done)
        dns_cancel(&asking->query);
    return asking->is_done ? asking->query.error : error;
}

static const struct os_address *server_of(const struct os_question *question)
{
    return question->server.family ? &question->server : NULL;
}

static int ask(struct asking *asking, const struct os_question *question,
               enum os_family family, uint64_t deadline_ns)
{
    prepare(asking);
    dns_ask(&asking->query, question->name, family, server_of(question));
    return wait(asking, question->name, deadline_ns);
}

// One family after the other. A name that has no address of one kind can have some of the
// other.
static int resolve(const struct os_question *question, struct os_address *addresses,
                   unsigned count, uint64_t deadline_ns)
{
    static const enum os_family families[] = {OS_IPV4, OS_IPV6};
    struct asking asking;
    unsigned found = 0;
    int error = 0;
    for (unsigned i = 0; i < 2 && (!error || error == -ENOENT); i++) {
        if (question->family != OS_ANY_FAMILY && question->family != families[i])
            continue;
        error = ask(&asking, question, families[i], deadline_ns);
        for (unsigned j = 0; !error && j < asking.query.answer.count && found < count; j++)
            addresses[found++] = asking.query.answer.addresses[j];
    }
    return found > 0 ? (int)found : error ? error : -EAFNOSUPPORT;
}

int os_resolve_at(const struct os_question *question, struct os_address *addresses,
                  unsigned count, uint64_t deadline_ns)
{
    return process_leave(resolve(question, addresses, count, deadline_ns));
}

int os_resolve(const char *name, enum os_family family, struct os_address *addresses,
               unsigned count, uint64_t deadline_ns)
{
    const struct os_question question = {.name = name, .family = family};
    return os_resolve_at(&question, addresses, count, deadline_ns);
}

int os_resolve_host(const struct os_address *address, const struct os_address *server,
                    char name[OS_HOST_TEXT], uint64_t deadline_ns)
{
    struct asking asking;
    if (address->family != OS_IPV4)
        return process_leave(-EAFNOSUPPORT);
    prepare(&asking);
    dns_ask_host(&asking.query, address, server && server->family ? server : NULL);
    int error = wait(&asking, "an address", deadline_ns);
    if (!error)
        dns_name_print(&asking.query.answer.host, name);
    return process_leave(error);
}
