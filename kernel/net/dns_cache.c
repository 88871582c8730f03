// SPDX-License-Identifier: MIT
//
// The DNS cache: a list of answers, the one that was used last in front.
//
//   dns_cache_keep(), dns_cache_find(), dns_cache_clear()
//
// 64 of them are looked through faster than one question goes over any wire. Chapter 22.
#include "dns_cache.h"

#include "heap.h"
#include "list.h"
#include "machine.h"

#define SECOND 1000000000ull

struct entry {
    struct list link;
    uint64_t end_ns;
    uint16_t type;
    struct dns_name name;
    struct dns_answer answer;
};

static struct {
    struct list entries;
    unsigned count;
} dns_cache;

void dns_cache_init(void)
{
    list_init(&dns_cache.entries);
}

static void drop(struct entry *entry)
{
    list_remove(&entry->link);
    heap_free(entry);
    dns_cache.count--;
}

static struct entry *find(const struct dns_name *name, uint16_t type)
{
    list_for_each(struct entry, entry, &dns_cache.entries, link) {
        if (entry->type == type && dns_name_equal(&entry->name, name))
            return entry;
    }
    return NULL;
}

void dns_cache_keep(const struct dns_name *name, uint16_t type, const struct dns_answer *answer)
{
    struct entry *entry = find(name, type);
    if (entry)
        drop(entry);
    if (answer->ttl_s == 0)
        return;
    if (dns_cache.count == DNS_CACHE_MAX)
        drop(container_of(dns_cache.entries.previous, struct entry, link));
    entry = heap_alloc(sizeof(*entry));
    if (!entry)
        return; // it will be asked for again
    *entry = (struct entry){.end_ns = machine_clock_ns() + answer->ttl_s * SECOND,
                            .type = type, .name = *name, .answer = *answer};
    list_prepend(&dns_cache.entries, &entry->link);
    dns_cache.count++;
}

bool dns_cache_find(const struct dns_name *name, uint16_t type, struct dns_answer *answer)
{
    struct entry *entry = find(name, type);
    if (!entry)
        return false;
    if (machine_clock_ns() >= entry->end_ns) {
        drop(entry);
        return false;
    }
    list_remove(&entry->link);
    list_prepend(&dns_cache.entries, &entry->link);
    *answer = entry->answer;
    return true;
}

void dns_cache_clear(void)
{
    while (!list_is_empty(&dns_cache.entries))
        drop(container_of(dns_cache.entries.next, struct entry, link));
}
