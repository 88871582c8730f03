// SPDX-License-Identifier: MIT
//
// httpd: answers on their way. See httpd.h.
//
// The text and the beginning of the file go to TCP with one call, and leave in one segment
// when they fit in; so does the end of a connection that is not kept. The file's bytes are not
// copied: TCP sends them from the block cache.
// Chapter 25.
#include "httpd.h"

enum { PART_MAX = 1 << 30 }; // a count has to fit into an int

// What TCP has taken of the text and of the file.
static void count_sent(struct answer *answer, size_t count)
{
    size_t of_text = answer->size - answer->done;
    of_text = count < of_text ? count : of_text;
    answer->done += of_text;
    answer->offset += count - of_text;
    answer->left -= count - of_text;
}

// Whether nothing of a connection follows this text.
static bool is_last(const struct connection *connection, const struct answer *answer)
{
    return !connection->keeps && !answer->listing && answer->left == 0;
}

// A count, or an error. 0: the file is shorter than it was when we promised its bytes.
static int send_once(const struct connection *connection, const struct answer *answer)
{
    const char *text = (answer->ready ? answer->ready : answer->text) + answer->done;
    size_t size = answer->size - answer->done;
    if (is_last(connection, answer))
        return os_send_last(connection->handle, text, size, 0);
    if (answer->left == 0)
        return os_send(connection->handle, text, size, 0);
    struct os_file_part part = {
        .head = text,
        .head_size = size,
        .file = answer->file->handle,
        .offset = answer->offset,
        .size = answer->left < PART_MAX ? (size_t)answer->left : PART_MAX,
    };
    return os_send_file(connection->handle, &part, 0);
}

static bool has_more(struct answer *answer)
{
    if (answer->done < answer->size || answer->left > 0)
        return true;
    answer->ready = NULL;
    answer->done = answer->size = 0;
    return answer->listing && listing_next(answer->listing, answer);
}

int answer_send(struct connection *connection, struct answer *answer)
{
    while (has_more(answer)) {
        int count = send_once(connection, answer);
        if (count == -ETIMEDOUT)
            return 0;
        if (count <= 0)
            return count < 0 ? count : -EIO;
        count_sent(answer, (size_t)count);
    }
    return 1;
}

void answer_drop(struct answer *answer)
{
    if (answer->file)
        served_put(answer->file);
    if (answer->listing)
        listing_close(answer->listing);
    answer->file = NULL;
    answer->listing = NULL;
}
