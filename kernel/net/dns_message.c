// SPDX-License-Identifier: MIT
//
// DNS messages: a header of six numbers; the question, which an answer repeats; and records of
// three kinds: answers, authorities, others.
//
//   dns_message_write(), dns_message_read()
//
// An answer is found by walking: whoever is asked for may be another name for a third (CNAME),
// whose record stands anywhere in the same message. Chapter 22.
#include "dns_message.h"

#include "endian.h"

struct dns_header {
    be16 id, flags, questions, answers, authorities, others;
};
_Static_assert(sizeof(struct dns_header) == 12, "RFC 1035, 4.1.1");
enum { FLAG_ANSWER = 0x8000, OPERATION_MASK = 0x7800, FLAG_CUT = 0x0200, FLAG_RECURSE = 0x0100,
       CODE_MASK = 0x000f };
enum { CLASS_INTERNET = 1 };
enum { TTL_MAX_S = 24 * 3600, TTL_NOTHING_MAX_S = 3 * 3600 }; // RFC 2308, 5

// A message that is being read.
struct reading {
    const uint8_t *bytes;
    size_t size;
    struct dns_header header; // numbers as they are here, not on the wire
    size_t records;           // where they begin
};

struct record {
    struct dns_name name;
    uint16_t type, class;
    uint32_t ttl_s;
    size_t data, size;
};

size_t dns_message_write(uint8_t *bytes, const struct dns_question *question)
{
    const struct dns_header header = {.id = to_be16(question->id),
                                      .flags = to_be16(FLAG_RECURSE),
                                      .questions = to_be16(1)};
    uint8_t *at = bytes;
    memcpy(at, &header, sizeof(header));
    at += sizeof(header);
    memcpy(at, question->name.bytes, question->name.size);
    at += question->name.size;
    be16_write(at, question->type);
    be16_write(at + 2, CLASS_INTERNET);
    return (size_t)(at + 4 - bytes);
}

// ---- Reading ------------------------------------------------------------------------

// RFC 1035, 4.1.3. Where the next one begins; 0: it does not fit.
static size_t read_record(const struct reading *reading, size_t at, struct record *record)
{
    enum { FIXED_SIZE = 10 };
    at = dns_name_read(&record->name, reading->bytes, reading->size, at);
    if (at == 0 || reading->size - at < FIXED_SIZE)
        return 0;
    record->type = be16_read(reading->bytes + at);
    record->class = be16_read(reading->bytes + at + 2);
    record->ttl_s = be32_read(reading->bytes + at + 4);
    record->size = be16_read(reading->bytes + at + 8);
    record->data = at + FIXED_SIZE;
    if (record->ttl_s >> 31) // RFC 2181, 8
        record->ttl_s = 0;
    return record->size <= reading->size - record->data ? record->data + record->size : 0;
}

static void lower(uint32_t *ttl_s, uint32_t to)
{
    if (*ttl_s > to)
        *ttl_s = to;
}

// The header, and that the question is ours (RFC 5452, 3 and 9.1: who guesses must guess all).
static bool open(struct reading *reading, const struct dns_question *question)
{
    struct dns_header *header = &reading->header;
    struct dns_name name;
    if (reading->size < sizeof(*header))
        return false;
    header->id = be16_read(reading->bytes);
    header->flags = be16_read(reading->bytes + 2);
    header->questions = be16_read(reading->bytes + 4);
    header->answers = be16_read(reading->bytes + 6);
    header->authorities = be16_read(reading->bytes + 8);
    if (header->id != question->id || !(header->flags & FLAG_ANSWER) ||
        (header->flags & OPERATION_MASK) != 0 || header->questions != 1)
        return false;

    size_t at = dns_name_read(&name, reading->bytes, reading->size, sizeof(*header));
    reading->records = at + 4;
    return at != 0 && reading->size - at >= 4 && dns_name_equal(&name, &question->name) &&
           be16_read(reading->bytes + at) == question->type &&
           be16_read(reading->bytes + at + 2) == CLASS_INTERNET;
}

static void take_address(struct dns_answer *answer, const struct reading *reading,
                         const struct record *record)
{
    size_t expected = record->type == DNS_A ? 4 : 16;
    if (record->size != expected || answer->count == DNS_ADDRESSES_MAX)
        return;
    struct os_address *address = &answer->addresses[answer->count++];
    *address = (struct os_address){.family = record->type == DNS_A ? OS_IPV4 : OS_IPV6};
    memcpy(address->bytes, reading->bytes + record->data, expected);
    lower(&answer->ttl_s, record->ttl_s);
}

// The first of several is as good as the others (RFC 2181, 10.2).
static void take_host(struct dns_answer *answer, const struct reading *reading,
                      const struct record *record)
{
    if (answer->count > 0 ||
        dns_name_read(&answer->host, reading->bytes, reading->size, record->data) == 0)
        return;
    answer->count = 1;
    lower(&answer->ttl_s, record->ttl_s);
}

// What the answers say of `name`: its addresses, or that it is another name for *alias. False:
// nothing.
static bool look_up(const struct reading *reading, const struct dns_name *name, uint16_t type,
                    struct dns_answer *answer, struct dns_name *alias)
{
    struct record record;
    size_t at = reading->records;
    alias->size = 0;
    for (unsigned i = 0; i < reading->header.answers; i++) {
        at = read_record(reading, at, &record);
        if (at == 0)
            break;
        if (record.class != CLASS_INTERNET || !dns_name_equal(&record.name, name))
            continue;
        if (record.type == type && type == DNS_PTR)
            take_host(answer, reading, &record);
        else if (record.type == type)
            take_address(answer, reading, &record);
        else if (record.type == DNS_CNAME && alias->size == 0 &&
                 dns_name_read(alias, reading->bytes, reading->size, record.data) != 0)
            lower(&answer->ttl_s, record.ttl_s);
    }
    return answer->count > 0 || alias->size > 0;
}

// How long it may be kept that there is nothing: the zone's SOA record, which stands among the
// authorities, says so (RFC 2308, 3 and 5).
static uint32_t find_nothing_ttl(const struct reading *reading, const struct dns_name *name)
{
    enum { SOA_NUMBERS_SIZE = 20, MINIMUM_OFFSET = 16 };
    struct record record;
    size_t at = reading->records;
    unsigned count = reading->header.answers + reading->header.authorities;
    for (unsigned i = 0; i < count && at != 0; i++) {
        at = read_record(reading, at, &record);
        if (at == 0 || i < reading->header.answers || record.type != DNS_SOA ||
            record.size < SOA_NUMBERS_SIZE || !dns_name_is_in(name, &record.name))
            continue;
        uint32_t ttl_s = TTL_NOTHING_MAX_S;
        lower(&ttl_s, record.ttl_s);
        lower(&ttl_s, be32_read(reading->bytes + at - SOA_NUMBERS_SIZE + MINIMUM_OFFSET));
        return ttl_s;
    }
    return 0;
}

bool dns_message_read(const uint8_t *bytes, size_t size, const struct dns_question *question,
                      struct dns_answer *answer)
{
    struct reading reading = {.bytes = bytes, .size = size};
    struct dns_name name = question->name, alias;
    if (!open(&reading, question))
        return false;

    *answer = (struct dns_answer){.code = reading.header.flags & CODE_MASK,
                                  .is_cut = reading.header.flags & FLAG_CUT,
                                  .ttl_s = TTL_MAX_S};
    while (answer->aliases <= DNS_ALIASES_MAX &&
           look_up(&reading, &name, question->type, answer, &alias) && answer->count == 0) {
        name = alias;
        answer->aliases++;
    }
    if (answer->count > 0)
        return true;
    uint32_t nothing_s = find_nothing_ttl(&reading, &name);
    // An alias whose address is not in the message; unless an SOA says that there is none.
    if (answer->aliases > 0 && answer->code == DNS_OK && nothing_s == 0)
        answer->alias = name;
    else
        lower(&answer->ttl_s, nothing_s);
    return true;
}
