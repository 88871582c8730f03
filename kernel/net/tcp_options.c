// SPDX-License-Identifier: MIT
//
// Options of a segment (RFC 9293, 3.2): read once, written in the order and with the padding
// that everybody expects.
//
//   tcp_options_read(header, size, &options)       what is not understood is skipped
//   tcp_options_write_syn(connection, bytes)       what we offer: how many bytes
//   tcp_options_write(connection, bytes, most)     of all other segments
//
// Chapter 23.
#include "string.h"
#include "tcp_parts.h"

enum kind {
    END = 0,
    NOTHING = 1,
    MSS = 2,            // RFC 9293, 3.7.1
    WINDOW_SCALE = 3,   // RFC 7323, 2.2
    SACK_PERMITTED = 4, // RFC 2018, 2
    SACK = 5,           // RFC 2018, 3
    TIMESTAMP = 8,      // RFC 7323, 3.2
};

enum {
    MSS_SIZE = 4,
    WINDOW_SCALE_SIZE = 3,
    SACK_PERMITTED_SIZE = 2,
    SACK_SIZE = 2,
    SACK_BLOCK_SIZE = 8,
    TIMESTAMP_OPTION_SIZE = 10,
};

// ---- Reading ------------------------------------------------------------------------

static void read_timestamp(const uint8_t *value, struct tcp_options *options)
{
    options->has_timestamp = true;
    options->timestamp = be32_read(value);
    options->echo = be32_read(value + 4);
}

static void read_blocks(const uint8_t *value, size_t size, struct tcp_options *options)
{
    options->blocks = 0;
    for (; size >= SACK_BLOCK_SIZE && options->blocks < TCP_SACK_BLOCKS_MAX;
         value += SACK_BLOCK_SIZE, size -= SACK_BLOCK_SIZE)
        options->sack[options->blocks++] =
            (struct tcp_block){be32_read(value), be32_read(value + 4)};
}

// One option of a known kind with the right length; all others mean nothing to us.
static void read_option(const uint8_t *option, size_t size, struct tcp_options *options)
{
    const uint8_t *value = option + 2;
    switch (option[0]) {
    case MSS:
        if (size == MSS_SIZE)
            options->mss = be16_read(value);
        break;
    case WINDOW_SCALE: // too large a shift is taken as the largest (RFC 7323, 2.3)
        if (size == WINDOW_SCALE_SIZE)
            options->window_shift = (int8_t)(value[0] < TCP_WINDOW_SHIFT_MAX
                                                 ? value[0] : TCP_WINDOW_SHIFT_MAX);
        break;
    case SACK_PERMITTED:
        options->sack_permitted |= size == SACK_PERMITTED_SIZE;
        break;
    case SACK:
        read_blocks(value, size - SACK_SIZE, options);
        break;
    case TIMESTAMP:
        if (size == TIMESTAMP_OPTION_SIZE)
            read_timestamp(value, options);
        break;
    default:
        break;
    }
}

// One by one.
static __attribute__((noinline)) void read_all(const uint8_t *bytes, size_t size,
                                               struct tcp_options *options)
{
    while (size > 0 && bytes[0] != END) {
        size_t length = 1;
        if (bytes[0] != NOTHING) {
            // A length that leads nowhere ends it (RFC 9293, 3.1, MUST-7).
            if (size < 2 || bytes[1] < 2 || bytes[1] > size)
                return;
            length = bytes[1];
            read_option(bytes, length, options);
        }
        bytes += length;
        size -= length;
    }
}

// Of nearly every segment there are none, or just the timestamp.
void tcp_options_read(const uint8_t *bytes, size_t size, struct tcp_options *options)
{
    options->mss = 0;
    options->window_shift = -1;
    options->sack_permitted = options->has_timestamp = false;
    options->blocks = 0;
    if (size == TCP_TIMESTAMP_SIZE && be32_read(bytes) == TCP_TIMESTAMP_START)
        read_timestamp(bytes + 4, options);
    else if (size > 0)
        read_all(bytes, size, options);
}

// ---- Writing ------------------------------------------------------------------------

static uint8_t *write_timestamp(const struct tcp_connection *connection, uint8_t *bytes,
                                uint64_t now_ns)
{
    be32_write(bytes, TCP_TIMESTAMP_START);
    be32_write(bytes + 4, tcp_timestamp(connection, now_ns));
    be32_write(bytes + 8, connection->recent);
    return bytes + TCP_TIMESTAMP_SIZE;
}

size_t tcp_options_write_syn(const struct tcp_connection *connection, uint8_t *bytes,
                             uint64_t now_ns)
{
    uint8_t *end = bytes;
    *end++ = MSS;
    *end++ = MSS_SIZE;
    be16_write(end, connection->receive.mss);
    end += 2;
    if (connection->has_timestamps) {
        end = write_timestamp(connection, end, now_ns);
        if (connection->has_sack) { // in place of the two NOTHINGs
            end[-TCP_TIMESTAMP_SIZE] = SACK_PERMITTED;
            end[-TCP_TIMESTAMP_SIZE + 1] = SACK_PERMITTED_SIZE;
        }
    } else if (connection->has_sack) {
        memcpy(end, (uint8_t[]){NOTHING, NOTHING, SACK_PERMITTED, SACK_PERMITTED_SIZE}, 4);
        end += 4;
    }
    if (connection->has_scale) {
        memcpy(end, (uint8_t[]){NOTHING, WINDOW_SCALE, WINDOW_SCALE_SIZE,
                                connection->receive.window_shift}, 4);
        end += 4;
    }
    return (size_t)(end - bytes);
}

static uint8_t *write_blocks(struct tcp_connection *connection, uint8_t *bytes, unsigned most)
{
    struct tcp_block blocks[TCP_SACK_BLOCKS_MAX];
    unsigned count = tcp_queue_blocks(connection, blocks, most);
    bytes[0] = bytes[1] = NOTHING;
    bytes[2] = SACK;
    bytes[3] = (uint8_t)(SACK_SIZE + count * SACK_BLOCK_SIZE);
    bytes += 4;
    for (unsigned i = 0; i < count; i++, bytes += SACK_BLOCK_SIZE) {
        be32_write(bytes, blocks[i].start);
        be32_write(bytes + 4, blocks[i].end);
    }
    return bytes;
}

static size_t timestamp_size(const struct tcp_connection *connection)
{
    return connection->has_timestamps ? TCP_TIMESTAMP_SIZE : 0;
}

// How many blocks go into `size` bytes of options: of the largest header three beside a
// timestamp, else four (RFC 2018, 3).
static unsigned blocks_now(const struct tcp_connection *connection, size_t size)
{
    size_t other = timestamp_size(connection) + 4; // the option's own start, with its padding
    if (!connection->has_sack || size < other)
        return 0;
    const struct tcp_receive *receive = &connection->receive;
    unsigned count = receive->run_count + (receive->duplicate.start != receive->duplicate.end);
    unsigned most = (unsigned)((size - other) / SACK_BLOCK_SIZE);
    return count < most ? count : most;
}

size_t tcp_options_size(const struct tcp_connection *connection)
{
    unsigned blocks = blocks_now(connection, TCP_OPTIONS_MAX);
    return timestamp_size(connection) + (blocks > 0 ? 4 + blocks * SACK_BLOCK_SIZE : 0);
}

size_t tcp_options_write(struct tcp_connection *connection, uint8_t *bytes, size_t most,
                         uint64_t now_ns)
{
    uint8_t *end = bytes;
    if (connection->has_timestamps)
        end = write_timestamp(connection, end, now_ns);
    unsigned blocks = blocks_now(connection, most);
    if (blocks > 0)
        end = write_blocks(connection, end, blocks);
    return (size_t)(end - bytes);
}
