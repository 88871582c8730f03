// SPDX-License-Identifier: MIT
//
// The steps of a node's script that are about many connections: those who visit, those who are
// served, and what they cost.
//
// A question has QUESTION bytes, its answer ANSWER; a visitor asks so many in turn, and goes.
#pragma once

#include "list.h"
#include "smaller.h"
#include "tests/sim/node_connections.h"

enum { GUESTS_MAX = 10240, QUESTION = 100, ANSWER = 1000 };
enum { BURST = 64 }; // so many begin together: the card has to take their SYNs

struct guest {
    struct list link; // of crowd.ready, or alone
    struct tcp_user user;
    struct tcp_connection *connection; // NULL: a free place
    uint32_t to_send, received;        // bytes
    unsigned answers;                  // it has had so many
};

static struct {
    struct guest guests[GUESTS_MAX];
    struct list ready;  // whose connection has changed
    unsigned here, gone, failed;
    unsigned questions; // of each visitor; 0: we are those who answer
    unsigned resting;   // visitors that have an answer, and ask on when all have
    uint64_t rest_ns;   // 0: nobody rests
} crowd;

static void guest_changed(struct tcp_user *user)
{
    struct guest *guest = container_of(user, struct guest, user);
    list_remove(&guest->link);
    list_append(&crowd.ready, &guest->link);
    wake();
}

static void crowd_begin(unsigned questions)
{
    crowd.here = crowd.gone = crowd.failed = crowd.resting = 0;
    crowd.rest_ns = 0;
    crowd.questions = questions;
    list_init(&crowd.ready);
}

// For another one; NULL: there is none.
static struct guest *find_place(void)
{
    for (struct guest *guest = crowd.guests; guest < crowd.guests + GUESTS_MAX; guest++) {
        if (guest->connection)
            continue;
        *guest = (struct guest){.user.changed = guest_changed};
        list_init(&guest->link);
        return guest;
    }
    return NULL;
}

static void guest_leaves(struct guest *guest, bool has_failed)
{
    tcp_close(guest->connection, false);
    list_remove(&guest->link);
    guest->connection = NULL;
    crowd.here--;
    crowd.gone++;
    crowd.failed += has_failed;
}

// How evenly answers were given, when the first visitor has all of his.
static void judge_fairness(void)
{
    unsigned least = crowd.questions, begun = 0;
    for (unsigned i = 0; i < GUESTS_MAX; i++) {
        const struct guest *guest = &crowd.guests[i];
        begun += guest->connection != NULL;
        if (guest->connection)
            least = (unsigned)smaller(guest->answers, least);
    }
    say("the first of %u has %u answers, the last %u", begun, crowd.questions, least);
}

// What has come from a visitor, or for one. False: it has failed.
static bool take_bytes(struct guest *guest, uint32_t count)
{
    uint32_t size = crowd.questions ? ANSWER : QUESTION;
    uint32_t before = guest->received / size;
    guest->received += count;
    uint32_t more = guest->received / size - before;
    if (crowd.questions == 0) {
        guest->to_send += more * ANSWER;
        return true;
    }
    guest->answers += more;
    if (crowd.rest_ns > 0 && more > 0)
        crowd.resting++;
    else if (guest->answers < crowd.questions)
        guest->to_send += more * QUESTION;
    else if (crowd.gone == 0)
        judge_fairness();
    return guest->answers <= crowd.questions;
}

// All that can be done for it now.
static void serve_guest(struct guest *guest)
{
    static uint8_t bytes[PIECE];
    int count;
    while ((count = tcp_read(guest->connection, bytes, sizeof(bytes))) > 0)
        if (!take_bytes(guest, (uint32_t)count))
            break;
    bool has_ended = count == 0;
    while (guest->to_send > 0 &&
           (count = tcp_write(guest->connection, bytes, smaller(guest->to_send, PIECE))) > 0)
        guest->to_send -= (uint32_t)count;
    bool is_done = crowd.questions ? guest->answers == crowd.questions
                                   : has_ended && guest->to_send == 0;
    if (is_done || (count < 0 && count != -EAGAIN))
        guest_leaves(guest, !is_done);
}

static void serve_all(void)
{
    struct list *link;
    while ((link = list_take_first(&crowd.ready)))
        serve_guest(container_of(link, struct guest, link));
}

// All have one answer: for a while nothing happens at all.
static void rest(void)
{
    say("resting: %u", crowd.resting);
    timer_sleep(crowd.rest_ns);
    crowd.rest_ns = 0;
    for (unsigned i = 0; i < GUESTS_MAX; i++)
        if (crowd.guests[i].connection) {
            crowd.guests[i].to_send = QUESTION;
            serve_guest(&crowd.guests[i]);
        }
}

// visit ADDRESS:PORT CONNECTIONS AT-ONCE QUESTIONS [MILLISECONDS OF REST]
static void step_visit(char **words)
{
    struct os_address remote;
    unsigned all = (unsigned)number(words[2]), at_once = (unsigned)number(words[3]);
    if (!words[4] || address_parse(words[1], &remote) != 0 || at_once > GUESTS_MAX)
        panic("visit: expected ADDRESS:PORT CONNECTIONS AT-ONCE QUESTIONS");
    crowd_begin((unsigned)number(words[4]));
    crowd.rest_ns = number(words[5]) * MILLISECOND_NS;
    for (; crowd.gone < all; wait_for_change(MACHINE_NEVER)) {
        serve_all();
        unsigned most = (unsigned)smaller(crowd.here + BURST, at_once);
        while (crowd.here < most && crowd.here + crowd.gone < all) {
            struct guest *guest = find_place();
            guest->to_send = QUESTION;
            int error = tcp_open(&guest->connection, &guest->user);
            error = error ? error : tcp_connect(guest->connection, &remote);
            if (error)
                panic("visit: %s", error_text(error));
            crowd.here++;
        }
        if (crowd.rest_ns > 0 && crowd.resting == all)
            rest();
        if (crowd.gone == all)
            break;
    }
    say("visited: %u, failed: %u", crowd.gone, crowd.failed);
}

// serve CONNECTIONS [MANY]: each until it ends; what is in use when so many are here, and quiet
static void step_serve(char **words)
{
    unsigned all = (unsigned)number(words[1]), many = (unsigned)number(words[2]);
    need(node.listener, "listen");
    crowd_begin(0);
    while (crowd.gone < all) {
        struct guest *guest;
        while ((guest = find_place())) {
            if (tcp_accept(node.listener, &guest->connection, &guest->user) != 0)
                break;
            crowd.here++;
            list_append(&crowd.ready, &guest->link);
        }
        serve_all();
        if (crowd.gone == all)
            break;
        uint64_t quiet_ns = many > 0 ? timer_deadline_after(SECOND_NS) : MACHINE_NEVER;
        if (!wait_for_change(quiet_ns) && crowd.here >= many) {
            many = 0;
            step_memory(words);
        }
    }
    say("served: %u, failed: %u", crowd.gone, crowd.failed);
}
