// SPDX-License-Identifier: MIT
//
// The states of a DHCP client (RFC 2131, figure 5), and what moves it from one to another: an
// answer, or its timer.
//
//   INIT -> SELECTING -> REQUESTING -> BOUND -> RENEWING -> REBINDING -> INIT
//
// Each state has one deadline, for the next thing to do there: say it once more, or go on.
//
// An address could belong to somebody already. RFC 5227 asks for about seven seconds of
// listening and probing before it is used. We use it at once and probe meanwhile, as is done
// with IPv6 (RFC 4429, "optimistic"): servers that give an address out twice are rare, and
// seconds of every start are not. When somebody answers the probe after all, the address is
// declined and taken off the interface.
// Chapter 22.
#include "arp.h"
#include "dhcp_client.h"
#include "error.h"
#include "machine.h"
#include "network.h"
#include "print.h"
#include "random.h"
#include "string.h"

enum {
    FIRST_TRY_S = 4, LAST_TRY_S = 64,  // RFC 2131, 4.1: 4, 8, 16, 32, 64 s
    REQUESTS_MAX = 4, REBOOTS_MAX = 2, // then from the start; then we go on with what we had
    PAUSE_S = 10,                      // RFC 2131, 3.1, 5
    RENEW_PAUSE_S = 60,                // RFC 2131, 4.4.5: ask for more time no more often
};

static void expired(struct timer *timer);

static void set_timer(struct dhcp_client *client, uint64_t deadline_ns)
{
    timer_stop(&client->timer);
    if (deadline_ns != MACHINE_NEVER)
        timer_start(&client->timer, deadline_ns, expired);
}

// ---- From state to state ------------------------------------------------------------

// A new exchange has a new number, by which its answers are known (RFC 2131, 4.1).
static void begin(struct dhcp_client *client)
{
    client->xid = (be32)random_u64();
    client->started_ns = machine_clock_ns();
}

// Twice as long each time; up to a second less or more, so that machines that were switched on
// together do not ask together for ever.
static uint64_t next_try(const struct dhcp_client *client)
{
    uint64_t seconds = FIRST_TRY_S;
    for (unsigned i = 1; i < client->tries && seconds < LAST_TRY_S; i++)
        seconds *= 2;
    uint64_t jitter_ns = random_u64() % (2 * DHCP_SECOND);
    return timer_deadline_after((seconds - 1) * DHCP_SECOND + jitter_ns);
}

static void say(struct dhcp_client *client)
{
    client->tries++;
    client->sent_ns = machine_clock_ns();
    dhcp_send(client, client->state == DHCP_SELECTING ? DHCP_DISCOVER : DHCP_REQUEST);
}

static void say_until_answered(struct dhcp_client *client)
{
    say(client);
    set_timer(client, next_try(client));
}

static void enter(struct dhcp_client *client, enum dhcp_state state)
{
    client->state = state;
    client->tries = 0;
}

// From the start. RFC 2131, 4.4.1, would wait up to ten seconds before that, for the sake of
// a hundred machines and one power switch; the jitter of later tries has to do.
static void discover(struct dhcp_client *client)
{
    dhcp_lease_drop(client);
    begin(client);
    enter(client, DHCP_SELECTING);
    say_until_answered(client);
}

// The link has been down: do we still have it (RFC 2131, 3.2)? We use it meanwhile.
static void reboot(struct dhcp_client *client)
{
    begin(client);
    enter(client, DHCP_REBOOTING);
    say_until_answered(client);
}

void dhcp_states_stop(struct dhcp_client *client)
{
    enter(client, DHCP_OFF);
    timer_stop(&client->timer);
    wait_queue_wake_all(&client->waiters, -ENETDOWN);
}

// Without a link there is nobody to ask; whoever sees it come up calls this again.
void dhcp_states_start(struct dhcp_client *client)
{
    timer_stop(&client->timer);
    if (!client->device->link_up)
        enter(client, DHCP_INIT);
    else if (client->is_configured)
        reboot(client);
    else
        discover(client);
}

static void become_bound(struct dhcp_client *client)
{
    enter(client, DHCP_BOUND);
    set_timer(client, client->renew_ns);
    wait_queue_wake_all(&client->waiters, 0);
}

// From the start, but not at once: what went wrong would do so again, and fast.
static void start_later(struct dhcp_client *client)
{
    dhcp_lease_drop(client);
    enter(client, DHCP_INIT);
    set_timer(client, timer_deadline_after(PAUSE_S * DHCP_SECOND));
}

void dhcp_states_decline(struct dhcp_client *client)
{
    dhcp_send(client, DHCP_DECLINE);
    start_later(client);
}

// Somebody answers the probe of an address that is in use for a moment already.
static void probed(void *context, bool is_taken, const uint8_t by[MAC_SIZE])
{
    struct dhcp_client *client = context;
    struct os_address address = address_ipv4(client->lease.address, 0);
    char text[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    if (!is_taken || !client->is_configured)
        return;
    log_warning("%s: DHCP gave us %s, which %s has already; asking for another one",
                client->device->name, address_print(&address, text), ethernet_print(by, mac));
    dhcp_states_decline(client);
}

// The message may have to wait for the server's Ethernet address, and needs ours until then.
void dhcp_states_release(struct dhcp_client *client)
{
    begin(client);
    enter(client, DHCP_RELEASING);
    dhcp_send(client, DHCP_RELEASE);
    set_timer(client, timer_deadline_after(DHCP_SECOND));
}

// ---- Answers ------------------------------------------------------------------------

static void take_offer(struct dhcp_client *client, const struct dhcp_answer *answer)
{
    client->lease = *answer; // the first that will do
    enter(client, DHCP_REQUESTING);
    say_until_answered(client);
}

// The address is ours, or stays ours.
static void take_lease(struct dhcp_client *client, const struct dhcp_answer *answer)
{
    bool is_new = !client->is_configured || answer->address != client->lease.address;
    int error = dhcp_lease_take(client, answer);
    if (error) {
        log_warning("%s: what DHCP gave us does not work here: %s; asking again",
                    client->device->name, error_text(error));
        start_later(client);
        return;
    }
    client->has_complained = false;
    become_bound(client);
    if (is_new) {
        network_log(client->device);
        arp_probe(client->device, answer->address, probed, client);
    }
}

// We may not have it, or no longer (RFC 2131, 3.1, 4 and 4.4.5). One that was just offered and
// is refused at once would be so again.
static void lose_lease(struct dhcp_client *client, const struct dhcp_answer *answer)
{
    log_warning("%s: the DHCP server refuses us the address%s%s; asking for another one",
                client->device->name, answer->message[0] ? ": " : "", answer->message);
    if (client->state == DHCP_REQUESTING)
        start_later(client);
    else
        discover(client);
}

static void take_answer(struct dhcp_client *client, const struct dhcp_answer *answer)
{
    bool expects_lease = client->state == DHCP_REQUESTING || client->state == DHCP_REBOOTING ||
                         client->state == DHCP_RENEWING || client->state == DHCP_REBINDING;
    bool is_usable = dhcp_lease_is_usable(answer);
    if (answer->type == DHCP_OFFER && client->state == DHCP_SELECTING && is_usable)
        take_offer(client, answer);
    else if (answer->type == DHCP_ACK && expects_lease && is_usable)
        take_lease(client, answer);
    else if (answer->type == DHCP_NAK && expects_lease)
        lose_lease(client, answer);
}

void dhcp_states_receive(struct udp_port *port, struct packet *packet,
                         const struct os_address *from, const struct os_address *to)
{
    struct dhcp_client *client = container_of(port, struct dhcp_client, port);
    struct dhcp_answer answer;
    if (from->port == DHCP_SERVER_PORT && packet->total <= DHCP_ANSWER_MAX &&
        packet_pull_up(packet, packet->total) &&
        dhcp_message_read(packet->data, packet->size, &answer) && answer.xid == client->xid &&
        memcmp(answer.mac, client->device->mac, MAC_SIZE) == 0)
        take_answer(client, &answer);
    packet_put(packet);
}

// ---- Deadlines ----------------------------------------------------------------------

static void complain(struct dhcp_client *client)
{
    if (!client->has_complained)
        log_warning("%s: no DHCP server answers; trying on. Without one: ip=ADDRESS/PREFIX,"
                    "GATEWAY,DNS on the command line, or ifconfig",
                    client->device->name);
    client->has_complained = true;
}

// Nobody has confirmed the address that we had; it is ours until its end all the same
// (RFC 2131, 3.2, 4).
static void keep_lease(struct dhcp_client *client)
{
    if (client->end_ns > machine_clock_ns())
        become_bound(client);
    else
        discover(client);
}

// Half of the time that is left until the next state, but a minute at least (RFC 2131, 4.4.5).
static void ask_for_time(struct dhcp_client *client, uint64_t until_ns)
{
    uint64_t left_ns = until_ns - machine_clock_ns(), wait_ns = left_ns / 2;
    if (wait_ns < RENEW_PAUSE_S * DHCP_SECOND)
        wait_ns = RENEW_PAUSE_S * DHCP_SECOND;
    say(client);
    set_timer(client, timer_deadline_after(wait_ns < left_ns ? wait_ns : left_ns));
}

static void extend_lease(struct dhcp_client *client)
{
    uint64_t now_ns = machine_clock_ns();
    if (client->state == DHCP_BOUND) {
        begin(client);
        enter(client, DHCP_RENEWING);
    }
    if (client->state == DHCP_RENEWING && now_ns >= client->rebind_ns)
        enter(client, DHCP_REBINDING);
    if (now_ns < client->end_ns) {
        ask_for_time(client, client->state == DHCP_RENEWING ? client->rebind_ns
                                                            : client->end_ns);
        return;
    }
    log_warning("%s: the time of our address is over, and no DHCP server gives us more; "
                "asking for a new one",
                client->device->name);
    discover(client);
}

static void expired(struct timer *timer)
{
    struct dhcp_client *client = container_of(timer, struct dhcp_client, timer);
    switch (client->state) {
    case DHCP_INIT:
        dhcp_states_start(client);
        break;
    case DHCP_SELECTING:
        complain(client);
        say_until_answered(client);
        break;
    case DHCP_REQUESTING:
        if (client->tries == REQUESTS_MAX)
            discover(client);
        else
            say_until_answered(client);
        break;
    case DHCP_REBOOTING:
        if (client->tries == REBOOTS_MAX)
            keep_lease(client);
        else
            say_until_answered(client);
        break;
    case DHCP_BOUND:
    case DHCP_RENEWING:
    case DHCP_REBINDING:
        extend_lease(client);
        break;
    case DHCP_RELEASING:
        dhcp_lease_drop(client);
        dhcp_states_stop(client);
        break;
    case DHCP_OFF:
        break;
    }
}
