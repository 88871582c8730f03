// SPDX-License-Identifier: MIT
//
// os.h: the time, asked of the network.
// Chapter 22.
#include "net/sntp.h"
#include "process.h"
#include "wait.h"

// A question, and the thread that waits for its answer.
struct asking {
    struct sntp_query query;
    bool is_done;
    struct wait_queue waiter;
};

static void wake(struct sntp_query *query)
{
    struct asking *asking = container_of(query, struct asking, query);
    asking->is_done = true;
    wait_queue_wake_all(&asking->waiter, 0);
}

int os_time_query(const struct os_address *server, struct os_time_answer *answer,
                  uint64_t deadline_ns)
{
    const struct wait_reason reason = {.what = "NTP server", .external = true};
    struct asking asking = {.query = {.done = wake}};
    int error = 0;
    wait_queue_init(&asking.waiter);
    sntp_ask(&asking.query, server);
    while (!asking.is_done && !error)
        error = wait_queue_wait(&asking.waiter, &reason, deadline_ns);
    if (!asking.is_done)
        sntp_cancel(&asking.query);
    else
        error = asking.query.error;
    *answer = asking.query.answer;
    return process_leave(error);
}
