// SPDX-License-Identifier: MIT
//
// httpd: files that are served. See httpd.h.
//
// Finding a file and asking what it is like costs more than sending a small one. So those that
// were asked for lately stay open, with their part of the answer ready, and are found by the
// bytes that asked for them: these are not taken apart again. After a second the path is asked
// again whether it still stands for the same file, in the same state; after two that nobody
// wanted it, a file is closed, so that its disk can be unmounted.
// Of small files the bytes are kept as well: in one segment with its head, a copy of them costs
// less than lending a block. With the head in front of them the answer is whole, and sent as it
// is for the rest of the second. (For a file of 600 bytes that saves 1,500 instructions.)
// Chapter 25.
#include "httpd.h"

#define FRESH_NS UINT64_C(1000000000)
#define KEPT_NS  UINT64_C(2000000000)
enum { FILES_MAX = 128 };

void served_init(struct server *server)
{
    for (unsigned i = 0; i < CHAINS; i++)
        list_init(&server->files.chains[i]);
    list_init(&server->files.used);
    server->files.deadline_ns = OS_NEVER;
}

// ---- What a file is ----------------------------------------------------------------------
static bool ends_with(const char *path, size_t length, const char *ending)
{
    size_t size = strlen(ending);
    if (length <= size || path[length - size - 1] != '.')
        return false;
    for (size_t i = 0; i < size; i++) {
        char byte = path[length - size + i];
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != ending[i])
            return false;
    }
    return true;
}

// By the ending of its name; what is not known is bytes.
static const char *type_of(const char *path, size_t length)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"c", "text/plain; charset=utf-8"},
        {"h", "text/plain; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"xml", "application/xml"},
        {"json", "application/json"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"gz", "application/gzip"},
        {"zip", "application/zip"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"avif", "image/avif"},
        {"ico", "image/x-icon"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"woff2", "font/woff2"},
    };
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (ends_with(path, length, types[i].ending))
            return types[i].type;
    }
    return "application/octet-stream";
}

// The tag changes with the file: which one it is, its size, and when it was written to.
static void describe(struct served *served)
{
    const struct os_status *status = &served->status;
    char date[HTTP_DATE];
    snprintf(served->tag, sizeof(served->tag), "\"%llx-%llx-%llx\"",
             (unsigned long long)status->number, (unsigned long long)status->size,
             (unsigned long long)status->modified_ns);
    served->what = (struct http_file){
        .size = status->size, .modified = status->modified_ns / 1000000000, .tag = served->tag};
    int size = snprintf(served->fields, sizeof(served->fields),
                        "Content-Type: %s\r\nAccept-Ranges: bytes\r\nETag: %s\r\n",
                        type_of(served->path, strlen(served->path)), served->tag);
    served->fields_size = (size_t)size;
    if (served->what.modified)
        served->fields_size += (size_t)snprintf(
            served->fields + size, sizeof(served->fields) - (size_t)size,
            "Last-Modified: %s\r\n", http_date_print(served->what.modified, date));
    os_assert(served->fields_size < sizeof(served->fields));
}

// ---- Those that are known ----------------------------------------------------------------
// Of a target without its query, which names no other file; its length then.
static uint32_t hash_of(const char *target, size_t *length)
{
    uint32_t hash = 2166136261;
    size_t i = 0;
    for (; i < *length && target[i] != '?'; i++)
        hash = (hash ^ (unsigned char)target[i]) * 16777619;
    *length = i;
    return hash;
}

static bool is_for(const struct served *served, const char *target, size_t length)
{
    return served->target_length == length && memcmp(served->target, target, length) == 0;
}

// The one that was used last is the likeliest.
static struct served *find(struct kept_files *files, const char *target, size_t length)
{
    struct served *last = container_of(files->used.previous, struct served, by_use);
    if (!list_is_empty(&files->used) && is_for(last, target, length))
        return last;
    uint32_t hash = hash_of(target, &length);
    list_for_each (struct served, served, &files->chains[hash % CHAINS], by_hash) {
        if (served->hash == hash && is_for(served, target, length))
            return served;
    }
    return NULL;
}

static void free_file(struct served *served)
{
    os_close(served->handle);
    os_free(served);
}

// Its path no longer finds it. It goes now, or with its last user.
static void forget(struct kept_files *files, struct served *served)
{
    list_remove(&served->by_hash);
    list_remove(&served->by_use);
    served->is_known = false;
    files->count--;
    if (served->users == 0)
        free_file(served);
}

static void make_room(struct kept_files *files)
{
    if (files->count == FILES_MAX)
        forget(files, container_of(files->used.next, struct served, by_use));
}

static bool is_fresh(const struct server *server, struct served *served)
{
    struct os_status now;
    const struct os_status *then = &served->status;
    if (server->now_ns - served->checked_ns < FRESH_NS)
        return true;
    served->checked_ns = server->now_ns;
    return os_stat(served->path, &now) == 0 && now.device == then->device &&
           now.number == then->number && now.size == then->size &&
           now.modified_ns == then->modified_ns;
}

// ---- Opening -----------------------------------------------------------------------------
// 0, -EISDIR, -EACCES: only files are opened; of a device, opening it might be felt.
static int open_file(struct served *served)
{
    int error = os_stat(served->path, &served->status);
    if (error)
        return error;
    if (served->status.type != OS_TYPE_FILE)
        return served->status.type == OS_TYPE_DIRECTORY ? -EISDIR : -EACCES;
    served->handle = os_open(served->path, OS_READ_ONLY);
    return served->handle < 0 ? served->handle : os_fstat(served->handle, &served->status);
}

// Where that finds less than there should be, it is sent like a large one.
static void keep_bytes(struct served *served)
{
    if (served->what.size > SMALL_FILE)
        return;
    size_t size = (size_t)served->what.size;
    if (os_read_at(served->handle, 0, served->text, size) == (int)size)
        served->kept = size;
}

// One more answer sends it.
static struct served *use(struct server *server, struct served *served)
{
    struct kept_files *files = &server->files;
    list_remove(&served->by_use);
    list_append(&files->used, &served->by_use);
    served->used_ns = server->now_ns;
    served->users++;
    if (files->deadline_ns == OS_NEVER)
        files->deadline_ns = server->now_ns + KEPT_NS;
    return served;
}

struct served *served_find(struct server *server, const char *target, size_t length)
{
    struct served *served = find(&server->files, target, length);
    if (!served)
        return NULL;
    if (is_fresh(server, served))
        return use(server, served);
    forget(&server->files, served);
    return NULL;
}

int served_open(struct server *server, const char *target, size_t length,
                struct served **result)
{
    uint32_t hash = hash_of(target, &length);
    size_t path_size = strlen(server->path) + 1;
    struct served *served = os_alloc(sizeof(*served) + path_size + length);
    if (!served)
        return -ENOMEM;
    memcpy(served->path, server->path, path_size);
    served->target = memcpy(served->path + path_size, target, length);
    served->target_length = length;
    served->hash = hash;
    int error = open_file(served);
    if (error) {
        os_free(served);
        return error;
    }
    make_room(&server->files);
    describe(served);
    keep_bytes(served);
    served->checked_ns = server->now_ns;
    served->is_known = true;
    list_append(&server->files.chains[hash % CHAINS], &served->by_hash);
    list_init(&served->by_use);
    server->files.count++;
    *result = use(server, served);
    return 0;
}

void served_put(struct served *served)
{
    served->users--;
    if (served->users == 0 && !served->is_known)
        free_file(served);
}

// One that is being sent counts as used.
void served_expire(struct server *server)
{
    struct kept_files *files = &server->files;
    files->deadline_ns = OS_NEVER;
    while (!list_is_empty(&files->used)) {
        struct served *first = container_of(files->used.next, struct served, by_use);
        if (server->now_ns < first->used_ns + KEPT_NS) {
            files->deadline_ns = first->used_ns + KEPT_NS;
            return;
        }
        forget(files, first); // who sends it has it still
    }
}
