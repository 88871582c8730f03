// SPDX-License-Identifier: MIT
//
// The filter's language, as tcpdump has it: words become a tree.
//
//   any      = both { ("or" | "||") both }
//   both     = one { ("and" | "&&") one }
//   one      = ("not" | "!") one | "(" any ")" | words about a frame
//
//   arp | ip | ip6 | tcp | udp | icmp              what it is
//   [tcp|udp] [src|dst] port 80 | portrange 1-9    whose port
//   [ip|arp] [src|dst] host 10.0.2.2 | net 10/8    whose address
//   ether [src|dst] host 52:54:00:12:34:56
//   less 100 | greater 100 | broadcast | multicast | inbound | outbound
//
// `port 80 or 443`: what stands before a value holds for the next one, too.
// Chapter 20.
#include "tcpdump.h"

enum { WORD_SIZE = 48, DEPTH_MAX = 16 };

struct parser {
    struct filter *filter;
    const char *const *words;
    int count;
    const char *at;           // the rest of the first of these
    char word[WORD_SIZE];     // the one that we look at; "": there is none
    struct filter_node last;  // what the last value meant, for one that stands alone
    unsigned last_test;       // and what else it had to be; 0: nothing
    unsigned depth;
    char *error;
    size_t error_size;
    bool failed;
};

static unsigned parse_any(struct parser *parser);

static unsigned fail(struct parser *parser, const char *what)
{
    if (!parser->failed)
        snprintf(parser->error, parser->error_size, "%s%s%s%s", what,
                 parser->word[0] ? " at \"" : " at the end", parser->word,
                 parser->word[0] ? "\"" : "");
    parser->failed = true;
    return 0;
}

// ---- Words ------------------------------------------------------------------------------

// Brackets and ! are words of their own, however close to others they stand.
static size_t word_length(const char *text)
{
    if (strchr("()!", *text))
        return 1;
    size_t length = 0;
    while (text[length] && !strchr(" ()!", text[length]))
        length++;
    return length;
}

static void next_word(struct parser *parser)
{
    parser->word[0] = '\0';
    while (parser->count > 0) {
        while (*parser->at == ' ')
            parser->at++;
        if (*parser->at)
            break;
        parser->words++;
        parser->at = --parser->count > 0 ? *parser->words : "";
    }
    if (parser->count == 0)
        return;
    size_t length = word_length(parser->at);
    strlcpy(parser->word, parser->at, length < WORD_SIZE ? length + 1 : WORD_SIZE);
    parser->at += length;
}

// Whether it is this one; then the next is looked at.
static bool accept(struct parser *parser, const char *word)
{
    if (strcmp(parser->word, word) != 0)
        return false;
    next_word(parser);
    return true;
}

static unsigned add_node(struct parser *parser, struct filter_node node)
{
    struct filter *filter = parser->filter;
    if (filter->count == FILTER_NODES)
        return fail(parser, "the filter is too long");
    filter->nodes[filter->count] = node;
    return filter->count++;
}

static unsigned join(struct parser *parser, enum filter_kind kind, unsigned left,
                     unsigned right)
{
    return add_node(parser, (struct filter_node){
                                .kind = kind, .left = (uint8_t)left, .right = (uint8_t)right});
}

// ---- Values -----------------------------------------------------------------------------

// Digits up to `end`, as a number of at most `most`.
static bool read_number(const char **text, uint32_t most, uint32_t *value)
{
    uint64_t number = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9' && number <= most; at++)
        number = number * 10 + (unsigned)(*at - '0');
    bool is_one = at != *text && number <= most;
    *value = (uint32_t)number;
    *text = at;
    return is_one;
}

// "10.0.2.2", "10.0.0.0/8", "10.0/16"; without a prefix all that is written counts.
static bool read_net(const char *text, struct filter_node *node)
{
    uint32_t address = 0, prefix = 0, part;
    do {
        if (prefix == 32 || !read_number(&text, 255, &part))
            return false;
        prefix += 8;
        address |= part << (32 - prefix);
    } while (*text == '.' && *++text);
    if (*text == '/' && (text++, !read_number(&text, 32, &prefix)))
        return false;
    node->kind = FILTER_NET;
    node->high = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
    node->low = address & node->high;
    return *text == '\0';
}

static bool read_port(const char *text, struct filter_node *node)
{
    static const struct {
        const char *name;
        uint16_t port;
    } names[] = {{"http", 80}, {"domain", 53}, {"ssh", 22},   {"https", 443},
                 {"ntp", 123}, {"bootps", 67}, {"bootpc", 68}};
    node->kind = FILTER_PORT;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i].name) == 0) {
            node->low = node->high = names[i].port;
            return true;
        }
    }
    if (!read_number(&text, UINT16_MAX, &node->low))
        return false;
    node->high = node->low;
    if (*text == '-' && (text++, !read_number(&text, UINT16_MAX, &node->high)))
        return false;
    return *text == '\0';
}

static unsigned digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = letter ? strchr(digits, letter) : NULL;
    return at ? (unsigned)(at - digits) % 16 : 16;
}

static bool read_mac(const char *text, struct filter_node *node)
{
    node->kind = FILTER_MAC;
    for (unsigned i = 0; i < sizeof(node->mac); i++, text += 3) {
        if (digit_of(text[0]) > 15 || digit_of(text[1]) > 15 ||
            text[2] != (i + 1 < sizeof(node->mac) ? ':' : '\0'))
            return false;
        node->mac[i] = (uint8_t)(digit_of(text[0]) << 4 | digit_of(text[1]));
    }
    return true;
}

// A value, of the kind that `last` says; and what else the frame has to be.
static unsigned parse_value(struct parser *parser)
{
    struct filter_node node = parser->last;
    bool is_right = node.kind == FILTER_NET    ? read_net(parser->word, &node)
                    : node.kind == FILTER_PORT ? read_port(parser->word, &node)
                                               : read_mac(parser->word, &node);
    if (!is_right)
        return fail(parser, node.kind == FILTER_NET    ? "expected an address like 10.0.2.2"
                            : node.kind == FILTER_PORT ? "expected a port like 80"
                                                       : "expected an address of six bytes");
    next_word(parser);
    unsigned value = add_node(parser, node);
    return parser->last_test ? join(parser, FILTER_AND, parser->last_test, value) : value;
}

// ---- Words about a frame ----------------------------------------------------------------

static const struct {
    const char *word;
    struct filter_node node;
} tests[] = {
    {"ip", {.kind = FILTER_TYPE, .low = TYPE_IP}},
    {"ip6", {.kind = FILTER_TYPE, .low = TYPE_IP6}},
    {"arp", {.kind = FILTER_TYPE, .low = TYPE_ARP}},
    {"tcp", {.kind = FILTER_PROTOCOL, .low = PROTOCOL_TCP}},
    {"udp", {.kind = FILTER_PROTOCOL, .low = PROTOCOL_UDP}},
    {"icmp", {.kind = FILTER_PROTOCOL, .low = PROTOCOL_ICMP}},
    {"broadcast", {.kind = FILTER_BROADCAST}},
    {"multicast", {.kind = FILTER_MULTICAST}},
    {"inbound", {.kind = FILTER_SENT, .low = false}},
    {"outbound", {.kind = FILTER_SENT, .low = true}},
};

// What it is, as a node; 0: the word is none of these.
static unsigned parse_test(struct parser *parser)
{
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (accept(parser, tests[i].word))
            return add_node(parser, tests[i].node);
    }
    return 0;
}

static unsigned parse_length(struct parser *parser, enum filter_kind kind)
{
    struct filter_node node = {.kind = (uint8_t)kind};
    const char *text = parser->word;
    if (!read_number(&text, FRAME_MAX, &node.low) || *text)
        return fail(parser, "expected a number of bytes");
    next_word(parser);
    return add_node(parser, node);
}

static bool is_value(const char *word)
{
    return (word[0] >= '0' && word[0] <= '9') || (digit_of(word[0]) < 16 && word[2] == ':');
}

// [src|dst] and what kind of value follows.
static unsigned parse_direction(struct parser *parser, unsigned test, bool is_ether)
{
    bool is_source = accept(parser, "src"), is_destination = accept(parser, "dst");
    uint8_t kind = accept(parser, "port") || accept(parser, "portrange") ? FILTER_PORT
                   : accept(parser, "host") || accept(parser, "net")     ? FILTER_NET
                                                                         : FILTER_ALL;
    if (kind == FILTER_ALL && (is_source || is_destination))
        kind = FILTER_NET;
    if (kind == FILTER_ALL && (test || !is_value(parser->word)))
        return test ? test : fail(parser, "expected a word about a frame");
    if (kind != FILTER_ALL || is_ether) {
        parser->last.kind = is_ether ? FILTER_MAC : kind;
        parser->last.direction = is_source        ? FILTER_SOURCE
                                 : is_destination ? FILTER_DESTINATION
                                                  : FILTER_SOURCE | FILTER_DESTINATION;
        parser->last_test = test;
    }
    return parse_value(parser);
}

static unsigned parse_one(struct parser *parser)
{
    if (++parser->depth > DEPTH_MAX)
        return fail(parser, "too many brackets");
    unsigned node;
    if (accept(parser, "not") || accept(parser, "!")) {
        node = join(parser, FILTER_NOT, parse_one(parser), 0);
    } else if (accept(parser, "(")) {
        node = parse_any(parser);
        if (!accept(parser, ")"))
            fail(parser, "expected \")\"");
    } else if (accept(parser, "less")) {
        node = parse_length(parser, FILTER_LESS);
    } else if (accept(parser, "greater")) {
        node = parse_length(parser, FILTER_GREATER);
    } else if (accept(parser, "ether")) {
        node = parse_direction(parser, 0, true);
    } else {
        node = parse_direction(parser, parse_test(parser), false);
    }
    parser->depth--;
    return node;
}

static unsigned parse_both(struct parser *parser)
{
    unsigned left = parse_one(parser);
    while (!parser->failed && (accept(parser, "and") || accept(parser, "&&")))
        left = join(parser, FILTER_AND, left, parse_one(parser));
    return left;
}

static unsigned parse_any(struct parser *parser)
{
    unsigned left = parse_both(parser);
    while (!parser->failed && (accept(parser, "or") || accept(parser, "||")))
        left = join(parser, FILTER_OR, left, parse_both(parser));
    return left;
}

bool filter_compile(struct filter *filter, char *const words[], int count, char *error,
                    size_t size)
{
    struct parser parser = {.filter = filter,
                            .words = (const char *const *)words,
                            .count = count,
                            .at = count > 0 ? words[0] : "",
                            .last = {.kind = FILTER_NET,
                                     .direction = FILTER_SOURCE | FILTER_DESTINATION},
                            .error = error,
                            .error_size = size};
    filter->count = 1; // the node with the number 0 likes everything
    filter->nodes[0] = (struct filter_node){.kind = FILTER_ALL};
    filter->root = 0;
    next_word(&parser);
    if (!parser.word[0])
        return true;
    filter->root = parse_any(&parser);
    if (parser.word[0] && !parser.failed)
        fail(&parser, "expected \"and\" or \"or\"");
    return !parser.failed;
}
