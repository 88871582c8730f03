// SPDX-License-Identifier: MIT
//
// HTTP: from bytes to a request (RFC 9112, 2 to 6). See http.h.
//
// Line by line, each byte once, and only lines that are whole: then no scan has to look where
// the bytes end, for a line's end stops every one of them. What the RFC leaves open is refused:
// two lengths, folded lines and blanks before a colon are how requests are hidden in others
// (RFC 9112, 11.2).
// Chapter 25.
#include "http.h"

struct reader {
    struct http_request *request;
    const char *bytes; // whole lines
    size_t size;
};

// What reading a line leads to; or a negative status.
enum { NEXT_LINE, LAST_LINE };

// ---- Bytes -------------------------------------------------------------------------------
// What a byte can be part of. Each of these is one of those before it, too; and some are HOST.
enum {
    CONTROL = 0, // nothing: among them a line's end
    TEXT = 2,    // all but control characters (RFC 9110, 5.5)
    SIGN = 4,    // what can be seen, or stands for some character that can
    TOKEN = 6,   // of names and methods (RFC 9110, 5.6.2)
    HOST = 1,    // of a host and its port (RFC 3986, 3.2.2)
    BOTH = TOKEN | HOST,
    MARK = SIGN | HOST,
};

static const uint8_t kinds[256] = {
    ['\t'] = TEXT,        [' '] = TEXT,          ['!'] = BOTH,         ['"'] = SIGN,
    ['#'] = TOKEN,        ['$' ... '\''] = BOTH, ['(' ... ')'] = MARK, ['*' ... '+'] = BOTH,
    [','] = MARK,         ['-' ... '.'] = BOTH,  ['/'] = SIGN,         ['0' ... '9'] = BOTH,
    [':' ... ';'] = MARK, ['<'] = SIGN,          ['='] = MARK,         ['>' ... '@'] = SIGN,
    ['A' ... 'Z'] = BOTH, ['['] = MARK,          ['\\'] = SIGN,        [']'] = MARK,
    ['^'] = TOKEN,        ['_'] = BOTH,          ['`'] = TOKEN,        ['a' ... 'z'] = BOTH,
    ['{'] = SIGN,         ['|'] = TOKEN,         ['}'] = SIGN,         ['~'] = BOTH,
    [128 ... 255] = SIGN,
};

// The first byte from `at` on that is no such thing. Most of a request goes through here. A
// line's end stops every one of these.
static inline size_t skip(const struct reader *reader, size_t at, uint8_t kind)
{
    const char *byte = reader->bytes + at;
    while (kinds[(unsigned char)*byte] >= kind)
        byte++;
    return (size_t)(byte - reader->bytes);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

// `word` is in lower case, and a token: the bit that makes a letter small changes nothing
// else there. It ends before the bytes' line does: no word has a line's end in it.
static bool equals(const char *bytes, size_t length, const char *word)
{
    const char *byte = bytes;
    while ((*byte | 32) == *word) {
        byte++;
        word++;
    }
    return byte == bytes + length && !*word;
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

// A line ends at `at`: moves the request behind it. -400: what is there no line may have.
static int end_line(const struct reader *reader, size_t at)
{
    at += reader->bytes[at] == '\r';
    reader->request->at = (uint16_t)(at + 1);
    return reader->bytes[at] == '\n' ? NEXT_LINE : -400;
}

static struct http_text text_between(size_t at, size_t end)
{
    return (struct http_text){(uint16_t)at, (uint16_t)(end - at)};
}

static int read_first_line(const struct reader *reader, size_t at)
{
    struct http_request *request = reader->request;
    const char *bytes = reader->bytes;
    size_t method_end = skip(reader, at, TOKEN), target = method_end + 1;
    size_t target_end = bytes[method_end] == ' ' ? skip(reader, target, SIGN) : method_end;
    size_t end = skip(reader, target_end, TEXT);
    int result = end_line(reader, end);
    if (result != NEXT_LINE || end == at) // empty lines before it do no harm (2.2)
        return result;
    request->line = text_between(at, end);
    if (method_end == at || target_end <= target || bytes[target_end] != ' ')
        return -400;
    request->method = (uint8_t)method_of(bytes + at, method_end - at);
    if (target_end - target > HTTP_TARGET_MAX)
        return -414;
    request->target = text_between(target, target_end);
    return read_version(request, bytes + target_end + 1, end - target_end - 1);
}

// ---- Fields: what each says --------------------------------------------------------------
typedef int read_field(const struct reader *reader, struct http_text value);

static int read_host(const struct reader *reader, struct http_text value)
{
    if (reader->request->has_host)
        return -400;
    reader->request->has_host = true;
    const char *byte = reader->bytes + value.at, *end = byte + value.length;
    while (byte < end && kinds[(unsigned char)*byte] & HOST)
        byte++;
    return byte < end ? -400 : 0;
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
    size_t at = value.at, end = at + value.length;
    while (at < end) {
        size_t word = at;
        at = skip(reader, at, TOKEN);
        read_connection_word(reader->request, reader->bytes + word, at - word);
        at++; // what is between two words
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

// Names are in lower case, the shortest first. Those without a function are kept for later.
enum { NAME_MAX = 20 };
static const struct field {
    char name[NAME_MAX];
    uint8_t length, kept; // kept: enum http_field
    read_field *read;
} fields[] = {
    {"host", 4, 0, read_host},
    {"range", 5, HTTP_RANGE, NULL},
    {"expect", 6, 0, read_expect},
    {"if-range", 8, HTTP_IF_RANGE, NULL},
    {"if-match", 8, HTTP_IF_MATCH, NULL},
    {"connection", 10, 0, read_connection},
    {"if-none-match", 13, HTTP_IF_NONE_MATCH, NULL},
    {"content-length", 14, 0, read_length},
    {"transfer-encoding", 17, 0, read_coding},
    {"if-modified-since", 17, HTTP_IF_MODIFIED_SINCE, NULL},
    {"if-unmodified-since", 19, HTTP_IF_UNMODIFIED_SINCE, NULL},
};

// NULL: nobody asks for it.
static const struct field *find_field(const char *name, size_t length)
{
    const struct field *field = fields, *end = fields + sizeof(fields) / sizeof(fields[0]);
    while (field < end && field->length < length)
        field++;
    while (field < end && field->length == length && !equals(name, length, field->name))
        field++;
    return field < end && field->length == length ? field : NULL;
}

static int read_value(const struct reader *reader, const struct field *field,
                      struct http_text value)
{
    if (field->read)
        return field->read(reader, value);
    reader->request->fields[field->kept] = value;
    reader->request->has_wishes = true;
    return 0;
}

// "Name: value". A blank at the start would continue the line before, as long ago (5.2).
static int read_field_line(const struct reader *reader, size_t name)
{
    const char *bytes = reader->bytes;
    size_t colon = skip(reader, name, TOKEN), at = colon + 1;
    if (colon == name || bytes[colon] != ':')
        return -400;
    size_t end = skip(reader, at, TEXT);
    int result = end_line(reader, end);
    if (result != NEXT_LINE)
        return result;
    if (++reader->request->count > HTTP_FIELDS_MAX)
        return -431;
    const struct field *field = find_field(bytes + name, colon - name);
    if (!field)
        return NEXT_LINE;
    while (at < end && is_blank(bytes[at]))
        at++;
    while (end > at && is_blank(bytes[end - 1]))
        end--;
    return read_value(reader, field, text_between(at, end));
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
    if (reader->bytes[at] != '\r' && reader->bytes[at] != '\n')
        return read_field_line(reader, at);
    int result = end_line(reader, at);
    return result == NEXT_LINE ? finish(request) : result;
}

// How much of it is whole lines. What was there the last time ends none.
static size_t whole_lines(const struct http_request *request, const char *bytes, size_t size)
{
    size_t end = size;
    while (end > request->sought && bytes[end - 1] != '\n')
        end--;
    return end > request->sought ? end : request->at;
}

// The end of a line is missing. What no line may have is refused before it comes: the peer may
// speak another language (TLS), and wait. Or nothing more can come: what was too long?
static int refuse_cut(const struct http_request *request, const char *bytes, size_t size)
{
    size_t at = request->sought > request->at ? request->sought : request->at;
    while (at < size && (kinds[(unsigned char)bytes[at]] != CONTROL || bytes[at] == '\r'))
        at++;
    if (at < size)
        return -400;
    if (size < HTTP_REQUEST_MAX)
        return 0;
    return request->line.length == 0 ? -414 : -431;
}

int http_parse_line(struct http_request *request, const char *bytes, size_t size)
{
    struct reader reader = {request, bytes, whole_lines(request, bytes, size)};
    int result = NEXT_LINE;
    while (result == NEXT_LINE && request->line.length == 0 && request->at < reader.size)
        result = read_line(&reader);
    return result == NEXT_LINE && request->line.length > 0 ? request->at : result;
}

int http_parse(struct http_request *request, const char *bytes, size_t size)
{
    size = size < HTTP_REQUEST_MAX ? size : HTTP_REQUEST_MAX;
    struct reader reader = {request, bytes, whole_lines(request, bytes, size)};
    int result = NEXT_LINE;
    while (result == NEXT_LINE && request->at < reader.size)
        result = read_line(&reader);
    if (result == NEXT_LINE)
        result = refuse_cut(request, bytes, size);
    else if (result == LAST_LINE)
        result = request->at;
    request->sought = (uint16_t)size;
    return result;
}
