// SPDX-License-Identifier: MIT
//
// A web server, and nothing else: the machine is switched on, and there is a page. No shell, no
// processes, no files, no sockets: one thread on top of TCP, and the page is a part of the
// image.
//
//   make APP=apps/httpd.c qemu             curl http://localhost:8080/
//
// TCP says of a connection that there is something new, between threads; the thread then does
// for it what can be done without waiting, and goes on to the next. There is no time-out: past
// 64 clients, for which there has to be memory, whoever has been silent longest makes room.
// There is no clock either, so no answer says what time it is (RFC 9110, 6.6.1).
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "drivers/virtio/virtio_net.h"
#include "drivers/virtio/virtio_rng.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/network.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "page.h"
#include "panic.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "user/http.h"
#include "vm.h"
#include "wait.h"

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<title>tsumiki</title>\n"
    "<h1>Hello from a machine that does nothing else</h1>\n"
    "</html>\n";

enum { PORT = 80, BACKLOG = 64, CLIENTS_MAX = 64, ANSWER_SIZE = sizeof(page) + 256 };

struct client {
    struct list link; // of server.news or server.silent
    struct tcp_user user;
    struct tcp_connection *connection;
    struct http_request request; // as far as it has come
    bool is_last;                // the answer: what still comes is thrown away
    size_t size, sent, answer_size;
    char bytes[HTTP_REQUEST_MAX]; // `size` of them have come
    char answer[ANSWER_SIZE];     // `sent` of them have gone
};

static struct {
    struct tcp_connection *listener;
    struct tcp_user user;     // the listener's
    struct wait_queue waiter; // the thread, when there is nothing to do
    struct list news, silent; // clients: to be served; the others, who is silent longest first
    unsigned count;           // of both
    char path[HTTP_TARGET_MAX + 2];
} server;

// ---- Answers -----------------------------------------------------------------------------
static int status_of(const struct client *client)
{
    const struct http_request *request = &client->request;
    if (request->method == HTTP_UNKNOWN)
        return 501;
    if (request->method == HTTP_REFUSED)
        return 405;
    int length = http_path(client->bytes + request->target.at, request->target.length,
                           server.path, sizeof(server.path));
    if (length < 0)
        return -length;
    return strcmp(server.path, "/") == 0 || strcmp(server.path, "/index.html") == 0 ? 200 : 404;
}

// Of HTTP/1.1 staying is the rule, of 1.0 ending is: what is not the rule is said.
static const char *connection_field(const struct client *client)
{
    if (client->is_last)
        return "Connection: close\r\n";
    return client->request.minor == 0 ? "Connection: keep-alive\r\n" : "";
}

// To the request that begins `bytes`. Bodies are not read: what is behind one is no request.
static void answer(struct client *client, int status)
{
    const struct http_request *request = &client->request;
    bool has_body = request->is_chunked || request->length > 0;
    const char *text = status == 200 ? page : "No such page.\n";
    client->is_last = has_body || !request->keep_alive;
    client->sent = 0;
    client->answer_size = (size_t)snprintf(
        client->answer, ANSWER_SIZE,
        "HTTP/1.1 %d %s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Length: %zu\r\n"
        "%s%s\r\n%s",
        status, status == 200 ? "OK" : "Refused", status == 200 ? "html" : "plain",
        strlen(text), status == 405 ? "Allow: GET, HEAD\r\n" : "", connection_field(client),
        request->method == HTTP_HEAD ? "" : text);
}

// ---- One step for a client: a count; 0: it has ended; -EAGAIN: there is no more to do now ---
static int send(struct client *client)
{
    const char *bytes = client->answer + client->sent;
    size_t size = client->answer_size - client->sent;
    int count = client->is_last ? tcp_write_last(client->connection, bytes, size)
                                : tcp_write(client->connection, bytes, size);
    client->sent += count > 0 ? (size_t)count : 0;
    return count;
}

// What has come is answered, if it is a request, or is none; otherwise more is read.
static int receive(struct client *client)
{
    int head = http_parse(&client->request, client->bytes, client->size);
    if (head == 0) {
        int count = tcp_read(client->connection, client->bytes + client->size,
                             sizeof(client->bytes) - client->size);
        client->size += count > 0 ? (size_t)count : 0;
        return count;
    }
    int status = head < 0 ? -head : status_of(client);
    if (head < 0) { // what else has come makes no sense either
        client->request.keep_alive = false;
        head = (int)client->size;
    }
    answer(client, status);
    client->request = (struct http_request){0};
    client->size -= (size_t)head;
    memmove(client->bytes, client->bytes + head, client->size);
    return 1;
}

// Closing before the client does would make it lose the answer (RFC 9112, 9.6).
static int wait_for_end(struct client *client)
{
    return tcp_read(client->connection, client->bytes, sizeof(client->bytes));
}

// ---- Clients -----------------------------------------------------------------------------
// From TCP, between threads, or out of a call of ours.
static void client_has_news(struct tcp_user *user)
{
    struct client *client = container_of(user, struct client, user);
    list_remove(&client->link);
    list_append(&server.news, &client->link);
    wait_queue_wake_all(&server.waiter, 0);
}

static void somebody_comes(struct tcp_user *user)
{
    wait_queue_wake_all(&server.waiter, 0);
}

static void end(struct client *client)
{
    tcp_close(client->connection, false);
    list_remove(&client->link);
    heap_free(client);
    server.count--;
}

static void serve(struct client *client)
{
    int result;
    list_append(&server.silent, &client->link); // until there is more news
    do {
        if (client->sent < client->answer_size)
            result = send(client);
        else
            result = client->is_last ? wait_for_end(client) : receive(client);
    } while (result > 0);
    if (result != -EAGAIN)
        end(client);
}

// False: nobody waits, or there is no memory for him.
static bool accept(void)
{
    struct client *client = heap_alloc(sizeof(*client));
    if (!client)
        return false;
    client->user.changed = client_has_news;
    if (tcp_accept(server.listener, &client->connection, &client->user) != 0) {
        heap_free(client);
        return false;
    }
    if (server.count == CLIENTS_MAX)
        end(container_of(server.silent.next, struct client, link));
    server.count++;
    list_init(&client->link);
    client_has_news(&client->user);
    return true;
}

_Noreturn static void serve_all(void)
{
    static const struct wait_reason reason = {.what = "clients", .external = true};
    for (;;) {
        struct list *first;
        while ((first = list_take_first(&server.news)))
            serve(container_of(first, struct client, link));
        if (!accept())
            wait_queue_wait(&server.waiter, &reason, MACHINE_NEVER);
    }
}

// ---- Bringing it up ----------------------------------------------------------------------
static void must(int error, const char *what)
{
    if (error)
        panic("%s: %s", what, error_text(error));
}

static void start_network(void)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &udp_protocol,
                                                             &tcp_protocol, NULL};
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
}

static void start_server(void)
{
    const struct os_address any = address_ipv4(0, PORT);
    wait_queue_init(&server.waiter);
    list_init(&server.news);
    list_init(&server.silent);
    server.user.changed = somebody_comes;
    must(tcp_open(&server.listener, &server.user), "opening");
    must(tcp_bind(server.listener, &any), "binding");
    must(tcp_listen(server.listener, BACKLOG), "listening");
}

int kernel_main(const struct boot_info *boot)
{
    static const struct virtio_driver *const drivers[] = {&virtio_rng_driver,
                                                          &virtio_net_driver, NULL};
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_interrupts(board);
    machine_interrupts_enable();
    virtio_probe(board, drivers);
    start_network();
    start_server(); // before there is an address: nobody is refused
    network_init();
    serve_all();
}
