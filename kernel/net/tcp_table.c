// SPDX-License-Identifier: MIT
//
// The table of connections: a segment's addresses and ports lead to whom it is for.
//
//   tcp_table_add(entry)                   by its two addresses; of a listener, one
//   tcp_table_replace(old, entry)          another one with the same
//   tcp_table_find(&local, &remote)        that very connection, or NULL
//   tcp_table_find_listener(&local)        by address and port, or by port alone
//
// A hash table as large as the number of entries wants, so that thousands cost what ten cost.
// Its hash is a sum of products with secret factors: whoever does not know them cannot choose
// addresses that all fall into one bucket. Those who listen have buckets of their own, by their
// ports, which nobody out there chooses. Chapter 23.
#include "heap.h"
#include "random.h"
#include "string.h"
#include "tcp_parts.h"

enum {
    BUCKETS_MIN = 64, // powers of two
    SPARSE = 8,       // buckets for each entry: so many are too many
    LISTENER_BUCKETS = 16,
};

static struct {
    struct tcp_entry *few[BUCKETS_MIN]; // the buckets, until there are many
    struct tcp_entry **buckets;         // NULL: nothing has been added yet
    uint32_t size;
    size_t count;
    uint64_t factors[11];
    struct tcp_entry *listeners[LISTENER_BUCKETS]; // not counted
} table;

static void prepare(void)
{
    random_bytes(table.factors, sizeof(table.factors));
    table.buckets = table.few;
    table.size = BUCKETS_MIN;
}

// Its upper half is what such a sum is good for (Dietzfelbinger, 1996: strongly universal).
static uint32_t hash_of(const struct os_address *local, const struct os_address *remote)
{
    const uint64_t *factor = table.factors;
    uint32_t ports = (uint32_t)local->port << 16 | remote->port;
    uint64_t sum = factor[0] + factor[1] * ports + factor[2] * local->words[0] +
                   factor[3] * remote->words[0];
    if (local->family != OS_IPV4)
        for (unsigned i = 1; i < 4; i++)
            sum += factor[2 + 2 * i] * local->words[i] + factor[3 + 2 * i] * remote->words[i];
    return (uint32_t)(sum >> 32);
}

static struct tcp_entry **bucket_of(uint32_t hash)
{
    return &table.buckets[hash & (table.size - 1)];
}

static struct tcp_entry **listeners_at(const struct os_address *local)
{
    return &table.listeners[local->port % LISTENER_BUCKETS];
}

static bool is_listener(const struct tcp_entry *entry)
{
    return entry->remote.family == 0;
}

static void put_into_bucket(struct tcp_entry *entry, struct tcp_entry **bucket)
{
    entry->next = *bucket;
    *bucket = entry;
}

static struct tcp_entry **alloc_buckets(uint32_t size)
{
    if (size == BUCKETS_MIN)
        return memset(table.few, 0, sizeof(table.few));
    return heap_alloc(size * sizeof(struct tcp_entry *));
}

// Twice as many buckets, or half. Without memory for them it goes on with those it has.
static void resize(uint32_t size)
{
    struct tcp_entry **old = table.buckets, **buckets = alloc_buckets(size);
    uint32_t old_size = table.size;
    if (!buckets)
        return;
    table.buckets = buckets;
    table.size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        struct tcp_entry *next;
        for (struct tcp_entry *entry = old[i]; entry; entry = next) {
            next = entry->next;
            put_into_bucket(entry, bucket_of(entry->hash));
        }
    }
    if (old != table.few)
        heap_free(old);
}

void tcp_table_add(struct tcp_entry *entry)
{
    ASSERT(!entry->is_listed);

    entry->is_listed = true;
    if (is_listener(entry)) {
        put_into_bucket(entry, listeners_at(&entry->local));
        return;
    }
    if (!table.buckets)
        prepare();
    if (table.count >= table.size)
        resize(2 * table.size);
    entry->hash = hash_of(&entry->local, &entry->remote);
    put_into_bucket(entry, bucket_of(entry->hash));
    table.count++;
}

// What leads to an entry that is there.
static struct tcp_entry **place_of(const struct tcp_entry *entry)
{
    struct tcp_entry **place = is_listener(entry) ? listeners_at(&entry->local)
                                                  : bucket_of(entry->hash);
    while (*place != entry)
        place = &(*place)->next;
    return place;
}

void tcp_table_replace(struct tcp_entry *old, struct tcp_entry *entry)
{
    *entry = *old;
    *place_of(old) = entry;
    old->is_listed = false;
}

void tcp_table_remove(struct tcp_entry *entry)
{
    if (!entry->is_listed)
        return;
    *place_of(entry) = entry->next;
    entry->is_listed = false;
    if (is_listener(entry))
        return;
    table.count--;
    if (table.count < table.size / SPARSE && table.size > BUCKETS_MIN)
        resize(table.size / 2);
}

static bool is_same(const struct os_address *a, const struct os_address *b)
{
    return a->port == b->port && address_equal(a, b);
}

struct tcp_entry *tcp_table_find(const struct os_address *local,
                                 const struct os_address *remote)
{
    if (table.count == 0)
        return NULL;
    struct tcp_entry *entry = *bucket_of(hash_of(local, remote));
    while (entry && !(is_same(&entry->remote, remote) && is_same(&entry->local, local)))
        entry = entry->next;
    return entry;
}

struct tcp_connection *tcp_table_find_listener(const struct os_address *local)
{
    struct tcp_entry *found = NULL;
    for (struct tcp_entry *entry = *listeners_at(local); entry; entry = entry->next) {
        if (is_same(&entry->local, local))
            return container_of(entry, struct tcp_connection, entry);
        if (entry->local.port == local->port && entry->local.family == local->family &&
            address_is_any(&entry->local))
            found = entry;
    }
    return found ? container_of(found, struct tcp_connection, entry) : NULL;
}
