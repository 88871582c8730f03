// SPDX-License-Identifier: MIT
//
// HTTP: from bytes to a request (RFC 9112, 2 to 6). See http.h.
//
// Line by line, each byte once. Of a line that is not whole yet nothing is kept, and it is only
// read again when its end has come. What the RFC leaves open is refused: two lengths, folded
// lines and blanks before a colon are how requests are hidden in others (RFC 9112, 11.2).
// Chapter 25.
#include "http.h"

struct reader {
    struct http_request *request;
    const char *bytes;
    size_t size;
};

// What reading a line leads to; or a negative status.
enum { NEXT_LINE, LINE_IS_CUT, LAST_LINE };

// ---- Bytes -------------------------------------------------------------------------------
enum {
    TOKEN = 1, // of names and methods (RFC 9110, 5.6.2)
    HOST = 2,  // of a host and its port (RFC 3986, 3.2.2)
    BOTH = TOKEN | HOST,
};

static const uint8_t classes[256] = {
    ['!'] = BOTH,         ['#'] = TOKEN,        ['$' ... '\''] = BOTH, ['('] = HOST,
    [')'] = HOST,         ['*' ... '+'] = BOTH, [','] = HOST,          ['-' ... '.'] = BOTH,
    ['0' ... '9'] = BOTH, [':' ... ';'] = HOST, ['='] = HOST,          ['A' ... 'Z'] = BOTH,
    ['['] = HOST,         [']'] = HOST,         ['^'] = TOKEN,         ['_'] = BOTH,
    ['`'] = TOKEN,        ['a' ... 'z'] = BOTH, ['|'] = TOKEN,         ['~'] = BOTH,
};

static inline bool is(char byte, unsigned class)
{
    return classes[(unsigned char)byte] & class;
}

// The first byte from `at` on that no name has.
static size_t skip_name(const struct reader *reader, size_t at)
{
    const char *byte = reader->bytes + at, *end = reader->bytes + reader->size;
    while (byte < end && is(*byte, TOKEN))
        byte++;
    return (size_t)(byte - reader->bytes);
}

// The first control character (RFC 9110, 5.5). Most of a request goes through here.
static size_t skip_text(const struct reader *reader, size_t at)
{
    const char *byte = reader->bytes + at, *end = reader->bytes + reader->size;
    while (byte < end && (((unsigned char)*byte >= ' ' && *byte != 127) || *byte == '\t'))
        byte++;
    return (size_t)(byte - reader->bytes);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

// `word` is in lower case, and a token: the bit that makes a letter small changes nothing
// else there.
static bool equals(const char *bytes, size_t length, const char *word)
{
    size_t i = 0;
    while (i < length && (bytes[i] | 32) == word[i])
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

// ---- The first line: GET /path HTTP/1.1 --------------------------------------------------
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

// A line ends at `at`: moves the request behind it. NEXT_LINE, LINE_IS_CUT, or -400: what is
// there no line may have.
static int end_line(const struct reader *reader, size_t at)
{
    if (at < reader->size && reader->bytes[at] == '\r')
        at++;
    if (at == reader->size)
        return LINE_IS_CUT;
    reader->request->at = (uint16_t)(at + 1);
    return reader->bytes[at] == '\n' ? NEXT_LINE : -400;
}

static int read_first_line(const struct reader *reader, size_t at)
{
    struct http_request *request = reader->request;
    const char *bytes = reader->bytes;
    size_t end = skip_text(reader, at);
    int result = end_line(reader, end);
    if (result != NEXT_LINE || end == at) // empty lines before it do no harm (2.2)
        return result;
    request->line = (struct http_text){(uint16_t)at, (uint16_t)(end - at)};
    size_t method = at, target;
    at = skip_name(reader, at);
    if (at == method || bytes[at] != ' ')
        return -400;
    request->method = (uint8_t)method_of(bytes + method, at - method);
    for (target = ++at; at < end && !is_blank(bytes[at]);)
        at++;
    if (at == target || at == end || bytes[at] != ' ')
        return -400;
    if (at - target > HTTP_TARGET_MAX)
        return -414;
    request->target = (struct http_text){(uint16_t)target, (uint16_t)(at - target)};
    return read_version(request, bytes + at + 1, end - at - 1);
}

// ---- Fields: what each says --------------------------------------------------------------
typedef int read_field(const struct reader *reader, struct http_text value);

static int read_host(const struct reader *reader, struct http_text value)
{
    const char *bytes = reader->bytes + value.at;
    if (reader->request->has_host)
        return -400;
    for (size_t i = 0; i < value.length; i++) {
        if (!is(bytes[i], HOST))
            return -400;
    }
    reader->request->has_host = true;
    return 0;
}

static int read_length(const struct reader *reader, struct http_text value)
{
    struct http_request *request = reader->request;
    if (request->has_length)
        return -400;
    request->has_length = true;
    return is_number(reader->bytes + value.at, value.length, &request->length) ? 0 : -400;
}

// Chunks are the only coding here; what comes behind another one could not be told apart.
static int read_coding(const struct reader *reader, struct http_text value)
{
    if (reader->request->is_chunked || reader->request->minor == 0)
        return -400;
    reader->request->is_chunked = true;
    return equals(reader->bytes + value.at, value.length, "chunked") ? 0 : -501;
}

static void read_connection_word(struct http_request *request, const char *word, size_t length)
{
    if (equals(word, length, "keep-alive"))
        request->says_keep = true;
    else if (equals(word, length, "close"))
        request->says_close = true;
}

// A list: "keep-alive, Upgrade".
static int read_connection(const struct reader *reader, struct http_text value)
{
    const char *word = reader->bytes + value.at, *end = word + value.length;
    while (word < end) {
        const char *at = memchr(word, ',', (size_t)(end - word));
        const char *next = at ? at + 1 : end;
        for (at = at ? at : end; at > word && is_blank(at[-1]);)
            at--;
        while (word < at && is_blank(*word))
            word++;
        read_connection_word(reader->request, word, (size_t)(at - word));
        word = next;
    }
    return 0;
}

static int read_expect(const struct reader *reader, struct http_text value)
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

static int read_value(const struct reader *reader, size_t name, size_t colon,
                      struct http_text value)
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
static int read_field_line(const struct reader *reader, size_t name)
{
    const char *bytes = reader->bytes;
    size_t colon = skip_name(reader, name), at = colon + 1;
    if (colon == reader->size)
        return LINE_IS_CUT;
    if (colon == name || bytes[colon] != ':')
        return -400;
    size_t end = skip_text(reader, at);
    int result = end_line(reader, end);
    if (result != NEXT_LINE)
        return result;
    if (++reader->request->count > HTTP_FIELDS_MAX)
        return -431;
    while (at < end && is_blank(bytes[at]))
        at++;
    while (end > at && is_blank(bytes[end - 1]))
        end--;
    return read_value(reader, name, colon,
                      (struct http_text){(uint16_t)at, (uint16_t)(end - at)});
}

// ---- All of it ---------------------------------------------------------------------------
// The empty line has come: what the fields say together.
static int finish(struct http_request *request)
{
    if (request->minor > 0 && !request->has_host)
        return -400;
    if (request->is_chunked && request->has_length)
        return -400;
    request->keep_alive = !request->says_close && (request->minor > 0 || request->says_keep);
    return LAST_LINE;
}

static int read_line(const struct reader *reader)
{
    struct http_request *request = reader->request;
    size_t at = request->at;
    if (request->line.length == 0)
        return read_first_line(reader, at);
    if (at == reader->size)
        return LINE_IS_CUT;
    if (reader->bytes[at] != '\r' && reader->bytes[at] != '\n')
        return read_field_line(reader, at);
    int result = end_line(reader, at);
    return result == NEXT_LINE ? finish(request) : result;
}

// Whether what has come since the last time may end the line that was cut then.
static bool has_line_end(struct http_request *request, const char *bytes, size_t size)
{
    size_t sought = request->sought;
    request->sought = (uint16_t)size;
    return sought <= request->at || memchr(bytes + sought, '\n', size - sought);
}

// More cannot come: what was too long?
static int refuse_size(const struct http_request *request)
{
    return request->line.length == 0 ? -414 : -431;
}

int http_parse(struct http_request *request, const char *bytes, size_t size)
{
    struct reader reader = {request, bytes, size < HTTP_REQUEST_MAX ? size : HTTP_REQUEST_MAX};
    int result = LINE_IS_CUT;
    if (has_line_end(request, bytes, reader.size)) {
        do
            result = read_line(&reader);
        while (result == NEXT_LINE);
    }
    if (result == LINE_IS_CUT)
        return reader.size == HTTP_REQUEST_MAX ? refuse_size(request) : 0;
    return result == LAST_LINE ? request->at : result;
}
