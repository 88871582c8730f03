// SPDX-License-Identifier: MIT
//
// URLs of HTTP: http://host:port/path?query (RFC 3986, RFC 9110, 4.2.1). See wget.h.
// Chapter 25.
#include "wget.h"

enum { HTTP_PORT = 80 };
static const char scheme[] = "http://";

// A name is copied where it fits; nothing in it may end a line of the request.
static int copy(char *to, size_t size, const char *from, size_t length)
{
    if (length >= size)
        return -ENAMETOOLONG;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)from[i] <= ' ' || from[i] == 0x7f)
            return -EINVAL;
        to[i] = from[i];
    }
    to[length] = '\0';
    return 0;
}

// "host" or "host:port"
static int take_host(struct wget_url *url, const char *text, size_t length)
{
    char port[8];
    uint64_t number = HTTP_PORT;
    const char *colon = memchr(text, ':', length);
    size_t host = colon ? (size_t)(colon - text) : length;
    if (host == 0 || memchr(text, '@', length))
        return -EINVAL;
    if (colon && host + 1 < length) {
        if (copy(port, sizeof(port), colon + 1, length - host - 1) != 0 ||
            string_to_u64(port, 10, &number) != 0 || number == 0 || number > UINT16_MAX)
            return -EINVAL;
    }
    url->port = (uint16_t)number;
    return copy(url->host, sizeof(url->host), text, host);
}

// What is behind '#' is for the reader alone.
static int take_path(struct wget_url *url, const char *text)
{
    size_t length = 0;
    while (text[length] && text[length] != '#')
        length++;
    bool has_slash = text[0] == '/';
    url->path[0] = '/';
    return copy(url->path + !has_slash, sizeof(url->path) - !has_slash, text, length);
}

// "scheme:" in front of a host, but not "host:80".
static bool has_other_scheme(const char *text)
{
    const char *colon = strstr(text, "://");
    const char *slash = strchr(text, '/');
    return colon && colon + 1 == slash;
}

int wget_url_parse(struct wget_url *url, const char *text)
{
    if (strncmp(text, scheme, sizeof(scheme) - 1) == 0)
        text += sizeof(scheme) - 1;
    else if (has_other_scheme(text))
        return -EPROTONOSUPPORT;
    size_t host = 0;
    while (text[host] && !strchr("/?#", text[host]))
        host++;
    int error = take_host(url, text, host);
    return error ? error : take_path(url, text + host);
}

int wget_url_follow(struct wget_url *url, const char *location)
{
    char joined[2 * WGET_PATH_SIZE];
    if (has_other_scheme(location))
        return wget_url_parse(url, location);
    if (strncmp(location, "//", 2) == 0)
        return wget_url_parse(url, location + 2);
    if (location[0] == '/')
        return take_path(url, location);
    // Beside where we were: up to the last '/' of the path, which does not count in a query.
    size_t end = 0;
    while (url->path[end] && url->path[end] != '?')
        end++;
    while (location[0] != '?' && end > 0 && url->path[end - 1] != '/')
        end--;
    if (snprintf(joined, sizeof(joined), "%.*s%s", (int)end, url->path, location) >=
        (int)sizeof(joined))
        return -ENAMETOOLONG;
    return take_path(url, joined);
}

const char *wget_url_print(const struct wget_url *url, char text[WGET_URL_TEXT])
{
    char port[8] = "";
    if (url->port != HTTP_PORT)
        snprintf(port, sizeof(port), ":%u", url->port);
    snprintf(text, WGET_URL_TEXT, "%s%s%s%s", scheme, url->host, port, url->path);
    return text;
}

void wget_url_file(const struct wget_url *url, char name[OS_NAME_MAX + 1])
{
    const char *start = url->path;
    size_t length = 0;
    for (const char *at = url->path; *at && *at != '?'; at++)
        start = *at == '/' ? at + 1 : start;
    while (start[length] && start[length] != '?')
        length++;
    bool is_name = length > 0 && strncmp(start, ".", length) != 0 &&
                   strncmp(start, "..", length) != 0;
    if (is_name)
        strlcpy(name, start, length < OS_NAME_MAX ? length + 1 : OS_NAME_MAX + 1);
    else
        strlcpy(name, "index.html", OS_NAME_MAX + 1);
}
