// SPDX-License-Identifier: MIT
//
// A web server's answer: a status line, fields, and a body that is as long as one of three ways
// says (RFC 9112, 6.3): in chunks, each with its size before it; as a field has it; until the
// connection ends. See wget.h.
// Chapter 25.
#include "wget.h"

enum { LINES_MAX = 200 }; // of the head

// ---- Bytes --------------------------------------------------------------------------

// More of what comes, behind what is there. A count, 0: the end.
static int fill(struct wget_reply *reply)
{
    memmove(reply->buffer, reply->buffer + reply->first, reply->end - reply->first);
    reply->end -= reply->first;
    reply->first = 0;
    if (reply->end == WGET_BUFFER)
        return -E2BIG;
    int count = os_receive(reply->handle, reply->buffer + reply->end, WGET_BUFFER - reply->end,
                           os_clock_ns() + WGET_PATIENCE_NS);
    if (count > 0)
        reply->end += (size_t)count;
    return count;
}

// The next line, without its end; it is there until the next call.
static int read_line(struct wget_reply *reply, char **line)
{
    char *end;
    while (!(end = memchr(reply->buffer + reply->first, '\n', reply->end - reply->first))) {
        int count = fill(reply);
        if (count <= 0)
            return count ? count : -ECONNABORTED;
    }
    *line = reply->buffer + reply->first;
    reply->first = (size_t)(end + 1 - reply->buffer);
    if (end > *line && end[-1] == '\r')
        end--;
    *end = '\0';
    return 0;
}

// ---- The head -----------------------------------------------------------------------

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

// "HTTP/1.1 200 OK"
static int take_status(struct wget_reply *reply, const char *line)
{
    static const char version[] = "HTTP/1.";
    const char *at = line + sizeof(version) - 1;
    if (strncmp(line, version, sizeof(version) - 1) != 0 || !is_digit(at[0]) || at[1] != ' ' ||
        !is_digit(at[2]) || !is_digit(at[3]) || !is_digit(at[4]))
        return -EPROTO;
    reply->status = (unsigned)(at[2] - '0') * 100 + (unsigned)(at[3] - '0') * 10 +
                    (unsigned)(at[4] - '0');
    strlcpy(reply->reason, at[5] == ' ' ? at + 6 : "", sizeof(reply->reason));
    for (char *letter = reply->reason; *letter; letter++) {
        if (*letter < ' ' || *letter > '~')
            *letter = '?'; // a terminal would obey it
    }
    return 0;
}

static char to_lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

// What follows `name` and the colon in a line; NULL: it is another field. Blanks at the end
// are taken off.
static char *field(char *line, const char *name)
{
    while (*name && to_lower(*line) == *name) {
        name++;
        line++;
    }
    if (*name || *line != ':')
        return NULL;
    for (line++; *line == ' ' || *line == '\t';)
        line++;
    for (char *end = line + strlen(line); end > line && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    return line;
}

// "bytes 100-199/1000"; also "bytes */1000", of a part that there is not.
static void take_range(struct wget_reply *reply, char *value)
{
    char *slash = strchr(value, '/'), *dash = strchr(value, '-');
    if (strncmp(value, "bytes ", 6) != 0 || !slash ||
        string_to_u64(slash + 1, 10, &reply->range_total) != 0)
        return;
    if (dash)
        *dash = '\0';
    reply->has_range = !dash || string_to_u64(value + 6, 10, &reply->range_start) == 0;
}

static int take_field(struct wget_reply *reply, char *line)
{
    char *value;
    uint64_t length;
    if ((value = field(line, "content-length"))) {
        // Two that differ could be a trick on somebody between us (RFC 9112, 6.3).
        if (string_to_u64(value, 10, &length) != 0 ||
            (reply->has_length && reply->length != length))
            return -EPROTO;
        reply->has_length = true;
        reply->length = length;
    } else if ((value = field(line, "transfer-encoding"))) {
        for (char *letter = value; *letter; letter++)
            *letter = to_lower(*letter);
        if (strcmp(value, "chunked") != 0)
            return -EPROTO; // we have asked for no other
        reply->is_chunked = true;
    } else if ((value = field(line, "content-range"))) {
        take_range(reply, value);
    } else if ((value = field(line, "location"))) {
        strlcpy(reply->location, value, sizeof(reply->location));
    }
    return 0;
}

static int read_head(struct wget_reply *reply)
{
    char *line;
    int error = read_line(reply, &line);
    if (!error)
        error = take_status(reply, line);
    for (unsigned lines = 0; !error && lines < LINES_MAX; lines++) {
        error = read_line(reply, &line);
        if (!error && !*line)
            return 0;
        if (!error)
            error = take_field(reply, line);
    }
    return error ? error : -E2BIG;
}

int wget_reply_head(struct wget_reply *reply)
{
    int error = 0;
    do // 1xx: not the answer yet
        error = read_head(reply);
    while (!error && reply->status / 100 == 1);
    bool has_none = reply->status == 204 || reply->status == 304;
    if (has_none)
        reply->length = reply->is_chunked = 0;
    reply->has_length = !reply->is_chunked && (reply->has_length || has_none);
    reply->left = reply->has_length ? reply->length : reply->is_chunked ? 0 : UINT64_MAX;
    return error;
}

// ---- The body -----------------------------------------------------------------------

static bool is_hexadecimal(char letter)
{
    letter = to_lower(letter);
    return is_digit(letter) || (letter >= 'a' && letter <= 'f');
}

// "1a0" or "1a0;name=value"
static int parse_size(char *line, uint64_t *size)
{
    char *end = line;
    while (is_hexadecimal(*end))
        end++;
    bool is_good = end > line && (*end == '\0' || *end == ';' || *end == ' ' || *end == '\t');
    *end = '\0';
    return is_good && string_to_u64(line, 16, size) == 0 ? 0 : -EPROTO;
}

// The size of the next chunk; behind the last one, of size 0, are fields that nobody wants.
static int next_chunk(struct wget_reply *reply)
{
    char *line = NULL;
    int error = 0;
    if (reply->in_chunk) { // the end of the line that its bytes were
        error = read_line(reply, &line);
        if (!error && *line)
            error = -EPROTO;
    }
    if (!error)
        error = read_line(reply, &line);
    if (!error)
        error = parse_size(line, &reply->left);
    reply->in_chunk = true;
    if (error || reply->left > 0)
        return error;
    do
        error = read_line(reply, &line);
    while (!error && *line);
    reply->at_end = true;
    return error;
}

int wget_reply_body(struct wget_reply *reply, const char **bytes)
{
    int result = 0;
    if (reply->left == 0 && reply->is_chunked && !reply->at_end)
        result = next_chunk(reply);
    if (result < 0 || reply->left == 0)
        return result;
    if (reply->first == reply->end)
        result = fill(reply);
    if (result == 0 && reply->first == reply->end)
        result = reply->left == UINT64_MAX ? 0 : -ECONNABORTED;
    if (reply->first == reply->end)
        return result;

    size_t count = reply->end - reply->first;
    if (count > reply->left)
        count = (size_t)reply->left;
    *bytes = reply->buffer + reply->first;
    reply->first += count;
    if (reply->left != UINT64_MAX)
        reply->left -= count;
    return (int)count;
}
