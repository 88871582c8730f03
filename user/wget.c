// SPDX-License-Identifier: MIT
//
// wget: fetches a file over HTTP: wget http://host/path
//
//   wget [-c] [-q] [-O FILE] http://HOST[:PORT]/PATH
//
// -O: the file's name, "-" for the output; -c: goes on where an earlier one has ended; -q: says
// only what goes wrong.
#include "hosts.h"
#include "options.h"
#include "output.h"
#include "path.h"
#include "show.h"
#include "wget.h"

enum { REDIRECTS_MAX = 10, REQUEST_SIZE = 4096 };
#define CONNECT_NS  UINT64_C(20000000000)
#define PROGRESS_NS UINT64_C(300000000) // between two looks at how far it is

struct wget {
    const char *output;        // -O, or NULL
    bool continues, is_quiet;
    struct wget_url url;
    struct wget_reply reply;
    char name[OS_NAME_MAX + 1]; // of the file when there is no -O
    int file;
    uint64_t offset;           // of the file that was there already
    uint64_t count;            // bytes fetched
    uint64_t start_ns, shown_ns;
    char request[REQUEST_SIZE];
};

static const char *file_name(const struct wget *wget)
{
    return wget->output ? wget->output : wget->name;
}

static int fail(const struct wget *wget, const char *why)
{
    char text[WGET_URL_TEXT];
    os_fprintf(OS_ERROR, "wget: %s: %s\n", wget_url_print(&wget->url, text), why);
    return 1;
}

// What an error number means here.
static const char *explain(int error)
{
    switch (error) {
    case -EPROTO:
        return "the answer is no HTTP";
    case -ECONNABORTED:
        return "the connection ended too early";
    case -E2BIG:
        return "the answer's head is too long";
    case -ETIMEDOUT:
        return "no answer";
    case -EPROTONOSUPPORT:
        return "only http:// is known here";
    case -EINVAL:
        return "this is no URL; expected http://HOST[:PORT]/PATH";
    default:
        return error_text(error);
    }
}

// ---- The question -------------------------------------------------------------------

static int send_request(struct wget *wget)
{
    char port[8] = "", range[48] = "";
    if (wget->url.port != 80)
        snprintf(port, sizeof(port), ":%u", wget->url.port);
    if (wget->offset > 0)
        snprintf(range, sizeof(range), "Range: bytes=%llu-\r\n",
                 (unsigned long long)wget->offset);
    int length = snprintf(wget->request, sizeof(wget->request),
                          "GET %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: tsumiki-wget\r\n"
                          "Accept: */*\r\n%sConnection: close\r\n\r\n",
                          wget->url.path, wget->url.host, port, range);
    int count = os_send(wget->reply.handle, wget->request, (size_t)length,
                        os_clock_ns() + WGET_PATIENCE_NS);
    return count == length ? 0 : count < 0 ? count : -ECONNABORTED;
}

// Connects, asks, and reads the head of the answer. 0; the connection is then open.
static int ask(struct wget *wget)
{
    int handle = host_reach("wget", wget->url.host, wget->url.port, CONNECT_NS);
    if (handle < 0)
        return 1;
    memset(&wget->reply, 0, sizeof(wget->reply)); // too large for a literal on the stack
    wget->reply.handle = handle;
    int error = send_request(wget);
    if (!error)
        error = wget_reply_head(&wget->reply);
    if (!error)
        return 0;
    os_close(handle);
    return fail(wget, explain(error));
}

static bool is_redirect(const struct wget_reply *reply)
{
    unsigned status = reply->status;
    return reply->location[0] &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

// Asks there, and where that leads to.
static int ask_on(struct wget *wget)
{
    char text[WGET_URL_TEXT];
    for (unsigned i = 0; i <= REDIRECTS_MAX; i++) {
        if (ask(wget) != 0)
            return 1;
        if (!is_redirect(&wget->reply))
            return 0;
        os_close(wget->reply.handle);
        int error = wget_url_follow(&wget->url, wget->reply.location);
        if (error) {
            os_fprintf(OS_ERROR, "wget: it leads to %s: %s\n", wget->reply.location,
                       explain(error));
            return 1;
        }
        if (!wget->is_quiet)
            os_fprintf(OS_ERROR, "it is at %s\n", wget_url_print(&wget->url, text));
    }
    return fail(wget, "it leads from one place to the next without end");
}

// ---- The file -----------------------------------------------------------------------

// How much of it is there already.
static uint64_t size_of_file(const char *name)
{
    struct os_status status;
    return os_stat(name, &status) == 0 && status.type == OS_TYPE_FILE ? status.size : 0;
}

// Behind what is there, if the server has understood us so; otherwise anew.
static int open_file(struct wget *wget)
{
    const char *name = file_name(wget);
    bool goes_on = wget->offset > 0 && wget->reply.status == 206 && wget->reply.has_range &&
                   wget->reply.range_start == wget->offset;
    if (!goes_on)
        wget->offset = 0;
    if (strcmp(name, "-") == 0)
        wget->file = OS_OUTPUT;
    else
        wget->file = os_open(name, OS_WRITE_ONLY | OS_CREATE |
                                       (goes_on ? OS_APPEND : OS_TRUNCATE));
    return wget->file < 0 ? path_error("wget", name, wget->file) : 0;
}

// "1.2M of 3.4M, 35 %, 1.1M/s": where somebody watches.
static void show_progress(struct wget *wget, bool is_last)
{
    char done[SHOW_SIZE], all[SHOW_SIZE], rate[SHOW_SIZE];
    uint64_t now_ns = os_clock_ns(), took_ms = (now_ns - wget->start_ns) / 1000000 + 1;
    bool due = is_last || now_ns - wget->shown_ns >= PROGRESS_NS;
    if (wget->is_quiet || !due || !os_is_console(OS_ERROR))
        return;
    wget->shown_ns = now_ns;
    show_size(done, wget->offset + wget->count);
    show_size(rate, wget->count * 1000 / took_ms);
    os_fprintf(OS_ERROR, "\r%s: %s", file_name(wget), done);
    if (wget->reply.has_length && wget->reply.length > 0) {
        uint64_t total = wget->offset + wget->reply.length;
        show_size(all, total);
        os_fprintf(OS_ERROR, " of %s, %llu %%", all,
                   (unsigned long long)((wget->offset + wget->count) * 100 / total));
    }
    os_fprintf(OS_ERROR, ", %s/s \x1b[K%s", rate, is_last ? "\n" : "");
}

// 0, or what went wrong: with the connection, or (*is_ours) with the file.
static int copy_body(struct wget *wget, bool *is_ours)
{
    const char *bytes;
    int count, error = 0;
    wget->start_ns = wget->shown_ns = os_clock_ns();
    *is_ours = false;
    while ((count = wget_reply_body(&wget->reply, &bytes)) > 0) {
        error = output_write(wget->file, bytes, (size_t)count);
        if (error) {
            *is_ours = true;
            return error;
        }
        wget->count += (uint64_t)count;
        show_progress(wget, false);
    }
    return count;
}

static int fetch(struct wget *wget)
{
    bool is_ours;
    if (open_file(wget) != 0)
        return 1;
    int error = copy_body(wget, &is_ours);
    show_progress(wget, true);
    if (wget->file != OS_OUTPUT && os_close(wget->file) != 0 && !error)
        error = -EIO;
    if (is_ours)
        return wget->file == OS_OUTPUT ? output_status("wget", error)
                                       : path_error("wget", file_name(wget), error);
    if (!error)
        return 0;
    fail(wget, explain(error));
    if (wget->file != OS_OUTPUT)
        os_fprintf(OS_ERROR, "wget: %llu bytes are in %s; -c fetches the rest\n",
                   (unsigned long long)(wget->offset + wget->count), file_name(wget));
    return 1;
}

// 416 to the part behind the end: all of it is there.
static bool is_complete(const struct wget *wget)
{
    const struct wget_reply *reply = &wget->reply;
    return reply->status == 416 && wget->offset > 0 && reply->range_total == wget->offset;
}

static int run(struct wget *wget)
{
    char why[WGET_REASON_SIZE + 16];
    wget_url_file(&wget->url, wget->name);
    if (wget->continues && strcmp(file_name(wget), "-") != 0)
        wget->offset = size_of_file(file_name(wget));
    if (ask_on(wget) != 0)
        return 1;
    int status = 0;
    if (wget->reply.status == 200 || wget->reply.status == 206) {
        status = fetch(wget);
    } else if (is_complete(wget)) {
        if (!wget->is_quiet)
            os_fprintf(OS_ERROR, "%s is complete\n", file_name(wget));
    } else {
        snprintf(why, sizeof(why), "%u %s", wget->reply.status, wget->reply.reason);
        status = fail(wget, why);
    }
    os_close(wget->reply.handle);
    return status;
}

int wget_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "cqO:");
    struct wget *wget = os_alloc(sizeof(*wget));
    int letter;
    if (!wget)
        return os_print_error("wget", -ENOMEM);
    while ((letter = options_next(&options)) > 0) {
        if (letter == 'O')
            wget->output = options.value;
        wget->continues = wget->continues || letter == 'c';
        wget->is_quiet = wget->is_quiet || letter == 'q';
    }
    if (letter < 0 || options.count != 1)
        return os_usage("wget [-c] [-q] [-O FILE] http://HOST[:PORT]/PATH");
    int error = wget_url_parse(&wget->url, options.operands[0]);
    if (error) {
        os_fprintf(OS_ERROR, "wget: %s: %s\n", options.operands[0], explain(error));
        return 1;
    }
    return run(wget);
}
