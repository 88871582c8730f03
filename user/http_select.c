// SPDX-License-Identifier: MIT
//
// HTTP: preconditions and ranges: which answer a file gets (RFC 9110, 13 and 14). See http.h.
//
// One range is answered with that part. Of several, all of the file is sent, as the RFC
// allows (14.2): the answer in parts is asked for by hardly anybody.
// Chapter 25.
#include "http.h"

struct text {
    const char *at, *end;
};

static bool get(const struct http_request *request, const char *bytes, enum http_field field,
                struct text *text)
{
    struct http_text found = request->fields[field];
    *text = (struct text){bytes + found.at, bytes + found.at + found.length};
    return found.length > 0;
}

// ---- Preconditions -----------------------------------------------------------------------
// A list of tags: "*", or "a", W/"b". Weak ones are the same as strong ones where only the
// meaning has to be the same (8.8.3.2).
static bool has_tag(struct text list, const char *tag, bool weak_too)
{
    size_t length = strlen(tag);
    const char *at = list.at;
    if (list.end - at == 1 && *at == '*')
        return true;
    while (at < list.end) {
        bool is_weak = list.end - at > 2 && at[0] == 'W' && at[1] == '/';
        at += is_weak ? 2 : 0;
        if (*at != '"') {
            at++;
            continue;
        }
        const char *start = at++;
        while (at < list.end && *at != '"')
            at++;
        at += at < list.end;
        if ((size_t)(at - start) == length && memcmp(start, tag, length) == 0 &&
            (weak_too || !is_weak))
            return true;
    }
    return false;
}

static bool is_changed_since(struct text text, const struct http_file *file, bool otherwise)
{
    uint64_t since;
    if (!http_date_parse(text.at, (size_t)(text.end - text.at), &since) || file->modified == 0)
        return otherwise;
    return file->modified > since;
}

// In the order of 13.2.2. 200: go on.
static int check_preconditions(const struct http_request *request, const char *bytes,
                               const struct http_file *file)
{
    struct text text;
    if (get(request, bytes, HTTP_IF_MATCH, &text)) {
        if (!has_tag(text, file->tag, false))
            return 412;
    } else if (get(request, bytes, HTTP_IF_UNMODIFIED_SINCE, &text)) {
        if (is_changed_since(text, file, false))
            return 412;
    }
    if (get(request, bytes, HTTP_IF_NONE_MATCH, &text))
        return has_tag(text, file->tag, true) ? 304 : 200;
    if (get(request, bytes, HTTP_IF_MODIFIED_SINCE, &text))
        return is_changed_since(text, file, true) ? 200 : 304;
    return 200;
}

// The rest of a file is only good for who has its beginning (13.1.5).
static bool wants_part(const struct http_request *request, const char *bytes,
                       const struct http_file *file)
{
    struct text text;
    uint64_t date;
    if (!get(request, bytes, HTTP_IF_RANGE, &text))
        return true;
    if (*text.at == '"' || *text.at == 'W')
        return *text.at == '"' && has_tag(text, file->tag, false);
    return http_date_parse(text.at, (size_t)(text.end - text.at), &date) &&
           date == file->modified;
}

// ---- Ranges ------------------------------------------------------------------------------
// A number; false: there is none. One that is too large counts as the largest.
static bool take_number(struct text *text, uint64_t *value)
{
    const char *start = text->at;
    *value = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
        unsigned next = (unsigned)(*text->at - '0');
        *value = *value > (UINT64_MAX - next) / 10 ? UINT64_MAX : *value * 10 + next;
    }
    return text->at > start;
}

// The last so many bytes: "-500".
static int take_suffix(struct text text, uint64_t size, struct http_part *part)
{
    uint64_t count;
    if (!take_number(&text, &count) || text.at != text.end)
        return 200;
    if (count == 0 || size == 0)
        return 416;
    count = count < size ? count : size;
    *part = (struct http_part){size - count, count};
    return 206;
}

// "bytes=", in any case, and something behind it.
static bool take_unit(struct text *text)
{
    static const char unit[] = "bytes";
    size_t length = sizeof(unit) - 1;
    if ((size_t)(text->end - text->at) <= length + 1 || text->at[length] != '=')
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((text->at[i] | 32) != unit[i])
            return false;
    }
    text->at += length + 1;
    return true;
}

// "bytes=0-499", "bytes=500-", "bytes=-500". What is no range is as if it were not there.
static int take_range(struct text text, uint64_t size, struct http_part *part)
{
    uint64_t first, last = UINT64_MAX;
    if (!take_unit(&text))
        return 200;
    if (*text.at == '-') {
        text.at++;
        return take_suffix(text, size, part);
    }
    if (!take_number(&text, &first) || text.at == text.end || *text.at++ != '-')
        return 200;
    if (text.at < text.end && !take_number(&text, &last))
        return 200;
    if (text.at != text.end || last < first)
        return 200;
    if (first >= size)
        return 416;
    last = last < size ? last : size - 1;
    *part = (struct http_part){first, last - first + 1};
    return 206;
}

int http_select(const struct http_request *request, const char *bytes,
                const struct http_file *file, struct http_part *part)
{
    struct text range;
    *part = (struct http_part){0, file->size};
    if (!request->has_wishes)
        return 200;
    int status = check_preconditions(request, bytes, file);
    if (status != 200 || request->method != HTTP_GET ||
        !get(request, bytes, HTTP_RANGE, &range) || !wants_part(request, bytes, file))
        return status;
    return take_range(range, file->size, part);
}
