// SPDX-License-Identifier: MIT
//
// HTTP: from a target to a path of ours (RFC 9112, 3.2; RFC 3986, 2.1). See http.h.
//
// Whatever was encoded is looked at after it was decoded, once: ".." is refused in any dress.
// Chapter 25.
#include "http.h"

static int digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

// One byte of the path, encoded or not; moves *at behind it. -1: it makes no sense, or no
// name has it.
static int next_byte(const char *target, size_t length, size_t *at)
{
    int byte = (unsigned char)target[(*at)++];
    if (byte == '%') {
        int high = *at < length ? digit(target[*at]) : -1;
        int low = *at + 1 < length ? digit(target[*at + 1]) : -1;
        byte = high < 0 || low < 0 ? 0 : high << 4 | low;
        *at += 2;
    }
    return byte == 0 || byte == '\\' ? -1 : byte;
}

// "http://host/path" is what a proxy is asked for (3.2.2): the path is behind the host. "HTTP"
// is the same (RFC 9110, 4.2.3): the bit that makes a letter small is set in ":" and "/", too.
size_t http_skip_host(const char *target, size_t length)
{
    static const char scheme[] = "http://";
    size_t at = 0;
    while (at < length && (target[at] | 32) == scheme[at])
        at++;
    if (scheme[at])
        return 0;
    while (at < length && target[at] != '/' && target[at] != '?')
        at++;
    return at;
}

static bool leads_up(const char *path, size_t start, size_t end)
{
    return end - start == 2 && path[start] == '.' && path[start + 1] == '.';
}

// What is decoded is never longer than what it was made of.
int http_path(const char *target, size_t length, char *path, size_t size)
{
    size_t at = http_skip_host(target, length), end = 0, name = 0;
    if (length + 1 >= size)
        return -414;
    if (at > 0 && (at == length || target[at] == '?'))
        path[end++] = '/'; // "http://host"
    else if (at == length || target[at] != '/')
        return -400;
    while (at < length && target[at] != '?' && target[at] != '#') {
        int byte = next_byte(target, length, &at);
        if (byte < 0 || (byte == '/' && leads_up(path, name, end)))
            return -400;
        path[end++] = (char)byte;
        if (byte == '/')
            name = end;
    }
    path[end] = '\0';
    return leads_up(path, name, end) ? -400 : (int)end;
}
