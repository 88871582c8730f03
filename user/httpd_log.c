// SPDX-License-Identifier: MIT
//
// httpd: a line for each request, as other servers write it and many programs read it:
//
//   10.0.2.2 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 600
//
// See httpd.h. Chapter 25.
#include "httpd.h"

enum { LINE_SHOWN = 256 };

static void print_time(char *text, size_t size)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint64_t seconds = os_wall_clock_ns() / 1000000000;
    struct os_date date;
    os_date(seconds, &date);
    snprintf(text, size, "%02d/%.3s/%04d:%02d:%02d:%02d +0000", date.day,
             months + 3 * (date.month - 1), date.year, date.hour, date.minute, date.second);
}

// What would end the line, or move a terminal's cursor, is shown as a number.
static void print_line(char *text, size_t size, const char *bytes, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at + 5 < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= ' ' && byte < 127 && byte != '"' && byte != '\\')
            text[at++] = (char)byte;
        else
            at += (size_t)snprintf(text + at, size - at, "\\x%02x", byte);
    }
    text[at] = '\0';
}

static void print_request(const struct server *server, const struct connection *connection,
                          const struct input *input, int status)
{
    char time[32], line[LINE_SHOWN], host[OS_ADDRESS_TEXT], size[24] = "-";
    struct os_address peer = connection->peer;
    const struct http_text *first = &input->request.line;
    peer.port = 0;
    print_time(time, sizeof(time));
    print_line(line, sizeof(line), input->bytes + input->start + first->at, first->length);
    if (!server->answer.listing)
        snprintf(size, sizeof(size), "%llu",
                 (unsigned long long)(server->answer.left + server->answer.page));
    os_printf("%s - - [%s] \"%s\" %d %s\n", os_address_print(&peer, host), time, line, status,
              size);
}

void httpd_log_request(const struct server *server, const struct connection *connection,
                       const struct input *input, int status)
{
    if (!server->is_quiet)
        print_request(server, connection, input, status);
}
