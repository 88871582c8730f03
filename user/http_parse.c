// SPDX-License-Identifier: MIT
//
// HTTP: from bytes to a request (RFC 9112, 2 to 6). See http.h.
//
// Line by line, as far as there are lines: each byte is looked for its line's end once, and
// read once more. What the RFC leaves open is refused: two lengths, folded lines and blanks
// before a colon are how requests are hidden in others (RFC 9112, 11.2).
// Chapter 25.
#include "http.h"

struct reader {
    struct http_request *request;
    const char *bytes;
};

// ---- Bytes ----------------------------------------------------------------------------------
// The characters of names and methods (RFC 9110, 5.6.2), by bits of 32 each.
static bool is_token_byte(unsigned char byte)
{
    static const uint32_t tokens[8] = {0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF};
    return tokens[byte / 32] >> byte % 32 & 1;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

// The byte at `at`, without its case when it is a letter.
static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

// `word` is in lower case.
static bool equals(const char *bytes, size_t length, const char *word)
{
    size_t i = 0;
    while (i < length && word[i] && lower(bytes[i]) == word[i])
        i++;
    return i == length && !word[i];
}

static bool is_number(const char *bytes, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < '0' || bytes[i] > '9' || *value > UINT64_MAX / 10 - 1)
            return false;
        *value = *value * 10 + (uint64_t)(bytes[i] - '0');
    }
    return length > 0;
}

// ---- The first line: GET /path HTTP/1.1 --------------------------------------------------------
static enum http_method method_of(const char *bytes, size_t length)
{
    static const char *const known[] = {"POST",  "PUT",   "DELETE", "OPTIONS",
                                        "TRACE", "PATCH", "CONNECT"};
    if (length == 3 && memcmp(bytes, "GET", 3) == 0)
        return HTTP_GET;
    if (length == 4 && memcmp(bytes, "HEAD", 4) == 0)
        return HTTP_HEAD;
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) == length && memcmp(bytes, known[i], length) == 0)
            return HTTP_REFUSED;
    }
    return HTTP_UNKNOWN;
}

// "HTTP/1.1". A later minor version is understood as that.
static int read_version(struct http_request *request, const char *bytes, size_t length)
{
    if (length != 8 || memcmp(bytes, "HTTP/", 5) != 0 || bytes[6] != '.' || bytes[5] < '0' ||
        bytes[5] > '9' || bytes[7] < '0' || bytes[7] > '9')
        return -400;
    request->minor = bytes[7] > '0';
    return bytes[5] == '1' ? 0 : -505;
}

static int read_first_line(struct reader *reader, size_t at, size_t end)
{
    struct http_request *request = reader->request;
    const char *bytes = reader->bytes;
    size_t method = at;
    request->line = (struct http_text){(uint16_t)at, (uint16_t)(end - at)};
    while (at < end && is_token_byte((unsigned char)bytes[at]))
        at++;
    if (at == method || at == end || bytes[at] != ' ')
        return -400;
    request->method = (uint8_t)method_of(bytes + method, at - method);
    size_t target = ++at;
    while (at < end && (unsigned char)bytes[at] > ' ' && bytes[at] != 127)
        at++;
    if (at == target || at == end || bytes[at] != ' ')
        return -400;
    if (at - target > HTTP_TARGET_MAX)
        return -414;
    request->target = (struct http_text){(uint16_t)target, (uint16_t)(at - target)};
    return read_version(request, bytes + at + 1, end - at - 1);
}

// ---- Fields: what each says ----------------------------------------------------------------------
typedef int read_field(struct reader *reader, struct http_text value);

static int read_host(struct reader *reader, struct http_text value)
{
    const char *bytes = reader->bytes + value.at;
    if (reader->request->has_host)
        return -400;
    for (size_t i = 0; i < value.length; i++) {
        if (is_blank(bytes[i]) || strchr("/?#@\\<>\"", bytes[i]))
            return -400;
    }
    reader->request->has_host = true;
    return 0;
}

static int read_length(struct reader *reader, struct http_text value)
{
    struct http_request *request = reader->request;
    if (request->has_length)
        return -400;
    request->has_length = true;
    return is_number(reader->bytes + value.at, value.length, &request->length) ? 0 : -400;
}

// Chunks are the only coding here; what comes behind another one could not be told apart.
static int read_coding(struct reader *reader, struct http_text value)
{
    if (reader->request->is_chunked || reader->request->minor == 0)
        return -400;
    reader->request->is_chunked = true;
    return equals(reader->bytes + value.at, value.length, "chunked") ? 0 : -501;
}

// A list: "keep-alive, Upgrade".
static int read_connection(struct reader *reader, struct http_text value)
{
    const char *at = reader->bytes + value.at, *end = at + value.length;
    while (at < end) {
        const char *word = at;
        while (at < end && is_token_byte((unsigned char)*at))
            at++;
        size_t length = (size_t)(at - word);
        if (equals(word, length, "close"))
            reader->request->says_close = true;
        else if (equals(word, length, "keep-alive"))
            reader->request->says_keep = true;
        while (at < end && (length == 0 || !is_token_byte((unsigned char)*at))) {
            length = 1;
            at++;
        }
    }
    return 0;
}

static int read_expect(struct reader *reader, struct http_text value)
{
    if (reader->request->minor == 0)
        return 0;
    reader->request->expects_continue = true;
    return equals(reader->bytes + value.at, value.length, "100-continue") ? 0 : -417;
}

// By name, in lower case. Those without a function are kept for later.
static const struct field {
    const char *name;
    uint8_t length, kept; // kept: enum http_field
    read_field *read;
} fields[] = {
    {"host", 4, 0, read_host},
    {"connection", 10, 0, read_connection},
    {"content-length", 14, 0, read_length},
    {"transfer-encoding", 17, 0, read_coding},
    {"expect", 6, 0, read_expect},
    {"range", 5, HTTP_RANGE, NULL},
    {"if-range", 8, HTTP_IF_RANGE, NULL},
    {"if-modified-since", 17, HTTP_IF_MODIFIED_SINCE, NULL},
    {"if-unmodified-since", 19, HTTP_IF_UNMODIFIED_SINCE, NULL},
    {"if-match", 8, HTTP_IF_MATCH, NULL},
    {"if-none-match", 13, HTTP_IF_NONE_MATCH, NULL},
};

static int read_value(struct reader *reader, size_t name, size_t colon, struct http_text value)
{
    size_t length = colon - name;
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].length != length || !equals(reader->bytes + name, length, fields[i].name))
            continue;
        if (fields[i].read)
            return fields[i].read(reader, value);
        reader->request->fields[fields[i].kept] = value;
        return 0;
    }
    return 0;
}

// "Name: value". A blank at the start would continue the line before, as long ago (5.2).
static int read_field_line(struct reader *reader, size_t at, size_t end)
{
    const char *bytes = reader->bytes;
    size_t name = at;
    while (at < end && is_token_byte((unsigned char)bytes[at]))
        at++;
    if (at == name || at == end || bytes[at] != ':')
        return -400;
    size_t colon = at++;
    while (at < end && is_blank(bytes[at]))
        at++;
    while (end > at && is_blank(bytes[end - 1]))
        end--;
    for (size_t i = at; i < end; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if ((byte < ' ' && byte != '\t') || byte == 127)
            return -400;
    }
    if (++reader->request->count > HTTP_FIELDS_MAX)
        return -431;
    return read_value(reader, name, colon,
                      (struct http_text){(uint16_t)at, (uint16_t)(end - at)});
}

// ---- All of it -------------------------------------------------------------------------------------
// The empty line has come: what the fields say together.
static int finish(struct http_request *request)
{
    if (request->minor > 0 && !request->has_host)
        return -400;
    if (request->is_chunked && request->has_length)
        return -400;
    request->keep_alive = !request->says_close && (request->minor > 0 || request->says_keep);
    return 0;
}

// The end of the line that the reader is at, behind its LF; 0: it has not come.
static size_t find_line_end(struct http_request *request, const char *bytes, size_t size)
{
    size_t at = request->sought;
    while (at < size && bytes[at] != '\n')
        at++;
    request->sought = (uint16_t)(at < size ? at + 1 : at);
    return at < size ? at + 1 : 0;
}

// More cannot come: what was too long?
static int refuse_size(const struct http_request *request)
{
    return request->line.length == 0 ? -414 : -431;
}

int http_parse(struct http_request *request, const char *bytes, size_t size)
{
    struct reader reader = {request, bytes};
    size_t next, limit = size < HTTP_REQUEST_MAX ? size : HTTP_REQUEST_MAX;
    while ((next = find_line_end(request, bytes, limit))) {
        size_t at = request->at, end = next - 1;
        int error = 0;
        if (end > at && bytes[end - 1] == '\r')
            end--;
        request->at = (uint16_t)next;
        if (request->line.length == 0) // empty lines before it do no harm (2.2)
            error = end > at ? read_first_line(&reader, at, end) : 0;
        else if (end > at)
            error = read_field_line(&reader, at, end);
        else
            error = finish(request);
        if (error)
            return error;
        if (end == at && request->line.length > 0)
            return (int)next;
    }
    return limit == HTTP_REQUEST_MAX ? refuse_size(request) : 0;
}
