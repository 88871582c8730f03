// SPDX-License-Identifier: MIT
//
// The table of connections: a segment's addresses and ports lead to whom it is for.
//
//   tcp_table_add(entry)                   by its two addresses; of a listener, one
//   tcp_table_find(&local, &remote)        that very connection, or NULL
//   tcp_table_find_listener(&local)        by address and port, or by port alone
//
// A hash table as large as the number of entries wants, so that thousands cost what ten cost.
// Its hash is a sum of products with secret factors: whoever does not know them cannot choose
// addresses that all fall into one bucket. Chapter 23.
#include "heap.h"
#include "random.h"
#include "string.h"
#include "tcp_parts.h"

enum {
    BUCKETS_MIN = 64, // powers of two
    SPARSE = 8,       // buckets for each entry: so many are too many
};

static struct {
    struct tcp_entry *few[BUCKETS_MIN]; // the buckets, until there are many
    struct tcp_entry **buckets;         // NULL: nothing has been added yet
    uint32_t size;
    size_t count;
    uint64_t factors[11];
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

static void put_into_bucket(struct tcp_entry *entry)
{
    struct tcp_entry **bucket = bucket_of(entry->hash);
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
            put_into_bucket(entry);
        }
    }
    if (old != table.few)
        heap_free(old);
}

void tcp_table_add(struct tcp_entry *entry)
{
    ASSERT(!entry->is_listed);

    if (!table.buckets)
        prepare();
    if (table.count >= table.size)
        resize(2 * table.size);
    entry->hash = hash_of(&entry->local, &entry->remote);
    entry->is_listed = true;
    put_into_bucket(entry);
    table.count++;
}

void tcp_table_remove(struct tcp_entry *entry)
{
    if (!entry->is_listed)
        return;
    struct tcp_entry **place = bucket_of(entry->hash);
    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    entry->is_listed = false;
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
    static const struct os_address none;
    struct os_address any = {.family = local->family, .port = local->port};
    struct tcp_entry *entry = tcp_table_find(local, &none);
    if (!entry)
        entry = tcp_table_find(&any, &none);
    return entry ? container_of(entry, struct tcp_connection, entry) : NULL;
}
