// SPDX-License-Identifier: MIT
//
// Very many connections at once, over the loopback device: what an idle one costs, and whether
// active ones all get their share.
#include "error.h"
#include "print.h"
#include "sockets.h"
#include "string.h"

enum {
    PORT = 8002,
    IDLE = 10000,       // connections; each has both its ends here
    IDLE_BYTES = 6000,  // that both ends of one may cost: two of the program's handles included
    ACTIVE = 1000,
    PIECE = 512,
    ROUNDS = 8,         // that each active one should get, on average
    EVENTS = 64,
};

static struct {
    int clients[IDLE], servers[IDLE];
    unsigned pieces[ACTIVE]; // that the server got
} many;

void unit_setup(const struct boot_info *boot)
{
    unit_start_streams(boot);
}

static bool connect_all(unsigned count)
{
    int listener = unit_listen(PORT, 16);
    unsigned done = 0;
    for (; done < count; done++) {
        many.clients[done] = unit_connect(PORT);
        many.servers[done] = os_accept(listener, NULL, unit_late());
        if (many.clients[done] < 0 || many.servers[done] < 0) {
            print("  connection %u: %s, %s\n", done, error_text(many.clients[done]),
                  error_text(many.servers[done]));
            break;
        }
    }
    os_close(listener);
    return done == count;
}

static void close_all(unsigned count)
{
    struct tcp_statistics statistics;
    for (unsigned i = 0; i < count; i++) {
        os_close(many.clients[i]);
        os_close(many.servers[i]);
        thread_yield(); // the last segments go
    }
    for (unsigned i = 0; i < 100; i++)
        thread_yield();
    tcp_statistics(&statistics);
    CHECK_EQUAL(statistics.connections, 0);
}

static void ten_thousand_are_idle(void)
{
    size_t before = unit_free_pages();
    struct unit_holdings holdings = unit_holdings();
    CHECK(connect_all(IDLE));
    size_t each = (before - unit_free_pages()) * PAGE_SIZE / IDLE;
    print("\n    both ends of an idle connection: %zu bytes\n", each);
    CHECK(each < IDLE_BYTES);
    CHECK_EQUAL(unit_holdings().packets, holdings.packets);
    // The first and the last still work.
    for (unsigned i = 0; i < IDLE; i += IDLE - 1) {
        char byte = 0;
        CHECK_EQUAL(os_write(many.clients[i], "x", 1), 1);
        CHECK_EQUAL(os_receive(many.servers[i], &byte, 1, unit_late()), 1);
        CHECK_EQUAL(byte, 'x');
    }
    close_all(IDLE);
    CHECK_EQUAL(unit_holdings().packets, holdings.packets);
}

// Keeps every connection full, and reads one piece of each that is ready, as they are told.
static void serve(int watch)
{
    static const char zeros[4 * PIECE];
    char piece[PIECE];
    struct os_event events[EVENTS];
    for (unsigned served = 0; served < ACTIVE * ROUNDS;) {
        int count = os_watch_wait(watch, events, EVENTS, unit_late());
        CHECK(count > 0);
        for (int i = 0; i < count; i++) {
            size_t which = (size_t)events[i].context;
            many.pieces[which] += os_read(many.servers[which], piece, PIECE) > 0;
            served++;
            os_write(many.clients[which], zeros, PIECE); // what does not fit stays away
        }
        if (count <= 0)
            return;
    }
}

static void a_thousand_get_their_share(void)
{
    static const char zeros[4 * PIECE];
    unsigned least = UINT32_MAX, most = 0;
    int watch = os_watch_create();
    CHECK(connect_all(ACTIVE));
    for (size_t i = 0; i < ACTIVE; i++) {
        os_set_option(many.clients[i], OS_OPTION_WAIT, 0);
        CHECK_EQUAL(os_write(many.clients[i], zeros, sizeof(zeros)), sizeof(zeros));
        CHECK_EQUAL(os_watch(watch, many.servers[i], OS_POLL_READ, (void *)i), 0);
    }
    serve(watch);
    for (unsigned i = 0; i < ACTIVE; i++) {
        least = many.pieces[i] < least ? many.pieces[i] : least;
        most = many.pieces[i] > most ? many.pieces[i] : most;
    }
    print("\n    pieces served: %u to %u\n", least, most);
    CHECK(least * 2 >= most);
    os_close(watch);
    close_all(ACTIVE);
}

const struct test unit_tests[] = {
    {"ten thousand idle connections", ten_thousand_are_idle},
    {"a thousand active connections get their share", a_thousand_get_their_share},
    {0},
};
