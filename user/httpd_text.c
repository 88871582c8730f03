// SPDX-License-Identifier: MIT
//
// httpd: the text of answers. See httpd.h.
//
// What every answer to a request needs is put together of pieces that are there already:
// formatting a date and a dozen fields anew would cost more than all else.
// Chapter 25.
#include "httpd.h"

#define SECOND_NS UINT64_C(1000000000)

void answer_add(struct answer *answer, const char *text, size_t size)
{
    os_assert(answer->size + size <= sizeof(answer->text));
    memcpy(answer->text + answer->size, text, size);
    answer->size += size;
}

void answer_add_string(struct answer *answer, const char *text)
{
    answer_add(answer, text, strlen(text));
}

void answer_add_number(struct answer *answer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    answer_add(answer, digits + at, sizeof(digits) - at);
}

void answer_print(struct answer *answer, const char *format, ...)
{
    size_t room = sizeof(answer->text) - answer->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(answer->text + answer->size, room, format, arguments);
    va_end(arguments);
    os_assert((size_t)length < room);
    answer->size += (size_t)length;
}

// ---- Status ------------------------------------------------------------------------------
const char *answer_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "";
}

// ---- Heads -------------------------------------------------------------------------------
// Once a second. Who has no clock does not say what time it is (RFC 9110, 6.6.1).
static void renew_common(struct server *server)
{
    uint64_t wall_ns = os_wall_clock_ns();
    char date[HTTP_DATE];
    server->common_until_ns = server->now_ns + SECOND_NS - wall_ns % SECOND_NS;
    const char *format = wall_ns ? "Date: %s\r\nServer: tsumiki\r\n" : "Server: tsumiki\r\n";
    http_date_print(wall_ns / SECOND_NS, date);
    server->common_size =
        (size_t)snprintf(server->common, sizeof(server->common), format, date);
}

void answer_start_head(struct server *server, struct answer *answer, int status)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\n";
    if (server->now_ns >= server->common_until_ns)
        renew_common(server);
    if (status == 200)
        answer_add(answer, ok, sizeof(ok) - 1);
    else
        answer_print(answer, "HTTP/1.1 %d %s\r\n", status, answer_reason(status));
    answer_add(answer, server->common, server->common_size);
}

// Of HTTP/1.1 staying is the rule, of 1.0 ending is: what is not the rule is said.
const char *answer_end(const struct connection *connection, bool is_old)
{
    static const char close[] = "Connection: close\r\n\r\n";
    static const char keep[] = "Connection: keep-alive\r\n\r\n";
    static const char nothing[] = "\r\n";
    if (!connection->keeps)
        return close;
    return is_old ? keep : nothing;
}

void answer_end_head(struct answer *answer, const struct connection *connection, bool is_old)
{
    answer_add_string(answer, answer_end(connection, is_old));
}
