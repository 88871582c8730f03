// SPDX-License-Identifier: MIT
//
// DNS names: text, bytes on the wire, and the pointers that make them shorter there.
//
//   dns_name_parse(), dns_name_read(), dns_name_print()
//
// A name in a message may end with a pointer to where the rest of it stood before (RFC 1035,
// 4.1.4). Pointers could be made to run in circles. Each is only followed to a place before all
// that has been read of the name so far: then there is an end. Chapter 22.
#include "dns_name.h"

#include "error.h"

enum { POINTER = 0xc0, KIND_MASK = 0xc0 }; // the upper two bits of a length

static uint8_t to_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

// One label more; the 0 at the end must still fit behind it.
static bool add_label(struct dns_name *name, const uint8_t *bytes, size_t length)
{
    if (length > DNS_LABEL_MAX || name->size + 1 + length + 1 > DNS_NAME_MAX)
        return false;
    name->bytes[name->size++] = (uint8_t)length;
    for (size_t i = 0; i < length; i++)
        name->bytes[name->size++] = to_lower(bytes[i]);
    return true;
}

static void end(struct dns_name *name)
{
    name->bytes[name->size++] = 0;
}

int dns_name_parse(struct dns_name *name, const char *text)
{
    name->size = 0;
    do {
        const char *dot = strchr(text, '.');
        size_t length = dot ? (size_t)(dot - text) : strlen(text);
        if (length == 0 || !add_label(name, (const uint8_t *)text, length))
            return -EINVAL;
        text += length + (dot != NULL);
    } while (*text);
    end(name);
    return 0;
}

// Where what follows the name begins, or 0; then the name is a part of one.
static size_t read_labels(struct dns_name *name, const uint8_t *message, size_t size, size_t at)
{
    size_t lowest = at; // of all that belongs to the name
    size_t after = 0;   // behind its first pointer, once there was one
    name->size = 0;
    while (at < size && message[at] != 0) {
        uint8_t kind = message[at] & KIND_MASK;
        if (kind == POINTER && at + 1 < size) {
            after = after ? after : at + 2;
            at = (size_t)(message[at] & ~KIND_MASK) << 8 | message[at + 1];
            if (at >= lowest)
                return 0;
            lowest = at;
        } else if (kind == 0 && message[at] < size - at &&
                   add_label(name, message + at + 1, message[at])) {
            at += 1u + message[at];
        } else {
            return 0;
        }
    }
    if (at >= size)
        return 0;
    end(name);
    return after ? after : at + 1;
}

size_t dns_name_read(struct dns_name *name, const uint8_t *message, size_t size, size_t at)
{
    size_t after = read_labels(name, message, size, at);
    if (after == 0)
        name->size = 0;
    return after;
}

bool dns_name_is_in(const struct dns_name *name, const struct dns_name *of)
{
    size_t at = 0;
    while (name->size - at > of->size && name->bytes[at] != 0)
        at += 1u + name->bytes[at];
    return name->size - at == of->size && memcmp(name->bytes + at, of->bytes, of->size) == 0;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

const char *dns_name_print(const struct dns_name *name, char text[DNS_NAME_TEXT])
{
    size_t count = 0;
    for (size_t at = 0; at < name->size && name->bytes[at] != 0;) {
        size_t length = name->bytes[at++];
        if (count > 0)
            text[count++] = '.';
        for (size_t i = 0; i < length; i++, at++)
            text[count++] = is_plain(name->bytes[at]) ? (char)name->bytes[at] : '?';
    }
    text[count] = '\0';
    return text;
}
