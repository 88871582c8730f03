// SPDX-License-Identifier: MIT
//
// The line editor: what keys do to the text, and that a terminal shows it, whatever was
// typed.
#include "line.h"

#include "boot/board.h"
#include "heap.h"
#include "page.h"
#include "print.h"
#include "screen.h"
#include "string.h"
#include "test.h"
#include "unit.h"
#include "user/os.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

// ---- The screen that the editor's bytes go to -------------------------------------------
static struct screen screen, expected;

static void write_to_screen(const char *bytes, size_t count)
{
    screen_show(&screen, bytes, count);
}

// ---- Typing -----------------------------------------------------------------------------
static struct line line;
static char text[2048];
static size_t used;

static void begin(unsigned columns, size_t size)
{
    screen_reset(&screen, columns);
    memset(&line, 0, sizeof(line));
    line.write = write_to_screen;
    line.columns = columns;
    line.rows = ROWS;
    line_start(&line, "$ ", text, size);
}

// As the terminal does it: after a Tab the helper is asked.
static enum line_event type(const char *keys)
{
    enum line_event event = LINE_MORE;
    size_t length = strlen(keys);
    for (size_t i = 0; i < length && event == LINE_MORE; i += used) {
        event = line_feed(&line, keys + i, length - i, &used);
        if (event != LINE_TAB)
            continue;
        struct os_candidates candidates = {0};
        line.helper->complete(NULL, text, line.cursor, &candidates);
        line_complete(&line, &candidates);
        event = LINE_MORE;
    }
    return event;
}

// What keys make of an empty line; the same in one piece and byte by byte.
static const char *typed(const char *keys)
{
    static char whole[sizeof(text)];
    begin(80, sizeof(text));
    type(keys);
    strlcpy(whole, text, sizeof(whole));
    line_finish(&line);

    begin(80, sizeof(text));
    for (size_t i = 0; keys[i]; i++) {
        if (line_feed(&line, keys + i, 1, &used) != LINE_MORE)
            break;
    }
    line_finish(&line);
    return strcmp(whole, text) == 0 ? whole : "differs byte by byte";
}

static void keys_edit(void)
{
    CHECK_STRING(typed("abc"), "abc");
    CHECK_STRING(typed("abc\x02\x02X"), "aXbc");              // Ctrl-B
    CHECK_STRING(typed("abc\x01X\x06Y\x05Z"), "XaYbcZ");      // Ctrl-A, F, E
    CHECK_STRING(typed("abc\x7f\x08"), "a");                  // Delete left, Ctrl-H
    CHECK_STRING(typed("abc\x02\x04"), "ab");                 // Ctrl-D
    CHECK_STRING(typed("abc\x04"), "abc");                    // at the end: nothing
    CHECK_STRING(typed("abc def\x02\x02\x0b"), "abc d");      // Ctrl-K
    CHECK_STRING(typed("abc def\x02\x15"), "f");              // Ctrl-U
    CHECK_STRING(typed("abc def  \x17X"), "abc X");           // Ctrl-W
    CHECK_STRING(typed("\x17\x7f\x02\x06\x0b\x15" "a"), "a"); // on nothing
}

static void sequences_edit(void)
{
    CHECK_STRING(typed("abc\033[D\033[DX\033[CY"), "aXbYc");
    CHECK_STRING(typed("abc\033[HX\033[FY"), "XabcY");
    CHECK_STRING(typed("abc\033OHX\033OFY"), "XabcY");
    CHECK_STRING(typed("abc\033[1~X\033[4~Y"), "XabcY");
    CHECK_STRING(typed("abc\033[D\033[3~"), "ab");
    CHECK_STRING(typed("ab cd\033[1;5DX\033[1;5CY"), "ab XcdY");
    CHECK_STRING(typed("ab cd\033bX\033fY\033\x7f"), "ab ");
}

static void unknown_sequences_are_swallowed(void)
{
    CHECK_STRING(typed("a\033[99;99;99;99xb"), "ab");
    CHECK_STRING(typed("a\033[?25hb"), "ab");
    CHECK_STRING(typed("a\033zb"), "ab");
    CHECK_STRING(typed("a\033[99999999999999999999999999999999999~b"), "ab");
    CHECK_STRING(typed("a\033[1\x08" "b"), "b"); // a control character ends it and counts
    CHECK_STRING(typed("a\x1c\x1d\x1e\x1f\x0e\x0f\x7f" "b"), "b");
}

static void only_valid_characters_get_in(void)
{
    CHECK_STRING(typed("積み木"), "積み木");
    CHECK_STRING(typed("積み木\x7f\x02X"), "積Xみ");
    CHECK_STRING(typed("a\xff\xfe\x80\xc0\xaf" "b"), "ab");
    CHECK_STRING(typed("a\xe7\xa9" "b"), "ab");         // cut off
    CHECK_STRING(typed("a\xed\xa0\x80" "b"), "ab");     // a surrogate
    CHECK_STRING(typed("a\xf4\x90\x80\x80" "b"), "ab"); // beyond Unicode
    CHECK_STRING(typed("a\xc2\x9b" "31mb"), "a31mb");   // a control character of its own
}

static void lines_end(void)
{
    begin(80, sizeof(text));
    CHECK_EQUAL(type("ab\rcd"), LINE_DONE);
    CHECK_EQUAL(line.length, 2);
    line_start(&line, "$ ", text, sizeof(text));
    CHECK_EQUAL(type("\ncd\n"), LINE_DONE); // \r\n is one Enter
    CHECK_STRING(text, "cd");
    line_start(&line, "$ ", text, sizeof(text));
    CHECK_EQUAL(type("ab\x03"), LINE_INTERRUPTED);
    line_start(&line, "$ ", text, sizeof(text));
    CHECK_EQUAL(type("\x04"), LINE_END);
}

static void takes_only_its_own_bytes(void)
{
    begin(80, sizeof(text));
    CHECK_EQUAL(line_feed(&line, "ab\rcd", 5, &used), LINE_DONE);
    CHECK_EQUAL(used, 3);
}

static void a_full_line_takes_no_more(void)
{
    begin(80, 8);
    type("abcdefghijk");
    CHECK_STRING(text, "abcdefg");
    type("\x7f積x"); // three bytes do not fit, one does
    CHECK_STRING(text, "abcdefx");
}

// ---- History and completion -------------------------------------------------------------
static const char *old_line(void *context, unsigned back)
{
    static const char *const lines[] = {"newest", "middle", "oldest"};
    return back >= 1 && back <= 3 ? lines[back - 1] : NULL;
}

static char seq[] = "seq", shell_[] = "shell", sleep[] = "sleep", stress[] = "stress",
            yes[] = "yes", file_one[] = "dir/file one", file_two[] = "dir/file two",
            below[] = "dir/sub/", broken[] = "dir/z\xff", control[] = "dir/z\n",
            wood_one[] = "積木", wood_two[] = "積水";
static char *const names[] = {seq,   shell_, sleep,  stress,  yes,      file_one,
                              file_two, below,  broken, control, wood_one, wood_two};

// Those that begin with the word before the cursor.
static void complete(void *context, const char *typed_text, size_t length,
                     struct os_candidates *candidates)
{
    static char *found[sizeof(names) / sizeof(names[0])];
    size_t start = length;
    while (start > 0 && !strchr(" ;|", typed_text[start - 1]))
        start--;
    candidates->words = found;
    candidates->typed = length - start;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(names[i], typed_text + start, candidates->typed) == 0)
            found[candidates->count++] = names[i];
    }
}

static const struct os_line_helper helper = {.history = old_line, .complete = complete};

static const char *helped(const char *keys)
{
    begin(80, sizeof(text));
    line.helper = &helper;
    type(keys);
    line_finish(&line);
    return text;
}

#define UP "\033[A"
#define DOWN "\033[B"

static void history_goes_up_and_down(void)
{
    CHECK_STRING(helped(UP), "newest");
    CHECK_STRING(helped(UP UP), "middle");
    CHECK_STRING(helped(UP UP UP UP UP), "oldest");
    CHECK_STRING(helped(UP UP DOWN), "newest");
    CHECK_STRING(helped("half" UP UP DOWN DOWN DOWN "!"), "half!");
    CHECK_STRING(helped("\x10\x10\x0e"), "newest"); // Ctrl-P, Ctrl-N
    CHECK_STRING(typed("a" UP DOWN "b"), "ab");      // without a helper
}

static void tab_completes(void)
{
    CHECK_STRING(helped("y\t1"), "yes 1");
    CHECK_STRING(helped("s\t"), "s");
    CHECK_STRING(helped("sl\t"), "sleep ");
    CHECK_STRING(helped("st\t;sh\t"), "stress ;shell ");
    CHECK_STRING(helped("seq|y\t"), "seq|yes ");
    CHECK_STRING(helped("yx\x02\t"), "yes x"); // at the cursor
    CHECK_STRING(helped("dir/f\t"), "dir/file ");
    CHECK_STRING(helped("dir/s\tx"), "dir/sub/x"); // goes on
    CHECK_STRING(helped("dir/z\t"), "dir/z");     // neither can be typed
    CHECK_STRING(helped("\xe7\xa9\x8d\t"), "積"); // whole characters
    CHECK_STRING(helped("q\t\t"), "q");
    CHECK_STRING(helped("\t\t"), "");
    CHECK_STRING(typed("y\t"), "y");
}

static bool row_begins(unsigned row, const char *with)
{
    for (unsigned column = 0; with[column]; column++) {
        if (screen.cells[row][column] != with[column])
            return false;
    }
    return true;
}

static void tab_twice_lists(void)
{
    helped("s\t\t");
    CHECK(row_begins(1, "seq  shell  sleep  stress"));
    CHECK(row_begins(2, "$ s"));
    CHECK_EQUAL(screen.row, 2);
    CHECK_EQUAL(screen.column, 3);
    helped("dir/\t\t"); // without what is known
    CHECK(row_begins(1, "file one  file two  sub/"));
}

// ---- The screen -------------------------------------------------------------------------
// Where the next character will appear, whether or not the step to the next row has
// been made.
static unsigned next_cell(const struct screen *s)
{
    return s->row * s->columns + s->column + s->pending;
}

// Whether the screen is what a terminal makes of prompt and text, with the cursor in
// its place.
static bool screen_is_right(void)
{
    screen_reset(&expected, screen.columns);
    screen_show(&expected, "$ ", 2);
    screen_show(&expected, text, line.cursor);
    unsigned cursor = next_cell(&expected);
    screen_show(&expected, text + line.cursor, line.length - line.cursor);
    return memcmp(screen.cells, expected.cells, sizeof(screen.cells)) == 0 &&
           next_cell(&screen) == cursor;
}

static void the_last_column_is_no_trap(void)
{
    begin(20, sizeof(text));
    type("123456789012345678"); // with the prompt exactly one row
    CHECK(screen_is_right());
    CHECK(screen.pending);
    type("\x01");
    CHECK(screen_is_right());
    type("\x05");
    CHECK(screen_is_right());
    type("\x7f");
    CHECK(screen_is_right());
    type("ab");
    CHECK(screen_is_right());
    type("\x7f");
    CHECK(screen_is_right());
    type("\x01\x0b");
    CHECK(screen_is_right());
}

static void appending_echoes_and_nothing_else(void)
{
    begin(80, sizeof(text));
    line.size_known = true;
    for (int i = 0; i < 1000; i++)
        type("x");
    CHECK(screen_is_right());
    CHECK(!screen.asked_size);
}

static void asks_for_the_width_and_believes_it(void)
{
    begin(50, sizeof(text));
    line.columns = 80; // a guess
    type("a long line that will wrap in a narrow window");
    CHECK(screen.asked_size);
    type("\033[40;50R and goes on for a while\x01X");
    CHECK_EQUAL(line.columns, 50);
    CHECK(screen_is_right());
    type("\033[1;1R\033[R\033[0;0R"); // no terminal is like that
    CHECK_EQUAL(line.columns, 50);
}

static void random_keys_leave_the_screen_right(void)
{
    // clang-format off
    static const char *const keys[] = {
        "a", "b ", "cd", "e", " ", "積", "み", "e\xcc\x81", "\xff", "\xe7", "0123456789",
        "the quick brown fox jumps", "\x01", "\x05", "\x02", "\x02", "\x06", "\x04",
        "\x7f", "\x0b", "\x17", "\x15", "\x0c", "\x02\x02\x02\x02\x02\x02\x02",
        UP, DOWN, "\033[D", "\033[1;5D", "\033[1;5C",
    };
    // clang-format on
    uint64_t state = 20261122, start = state;
    for (unsigned round = 0; round < 300; round++) {
        start = state;
        begin(20 + (unsigned)(unit_random(&state) % 60), 300);
        line.helper = &helper;
        line.size_known = true;
        for (unsigned i = 0; i < 60; i++) {
            type(keys[unit_random(&state) % (sizeof(keys) / sizeof(keys[0]))]);
            if (screen_is_right())
                continue;
            print("seed %llu, key %u, %u columns\n", (unsigned long long)start, i,
                  screen.columns);
            CHECK(screen_is_right());
        }
        line_finish(&line);
    }
}

static void random_bytes_do_no_harm(void)
{
    uint64_t state = 7;
    begin(80, 100);
    line.helper = &helper;
    for (unsigned i = 0; i < 20000; i++) {
        char byte = (char)unit_random(&state);
        if (line_feed(&line, &byte, 1, &used) > LINE_TAB) {
            line_finish(&line);
            line_start(&line, "$ ", text, 100);
        }
        CHECK(line.length < 100 && line.cursor <= line.length && text[line.length] == 0);
    }
    line_finish(&line);
}

const struct test unit_tests[] = {
    {"keys edit", keys_edit},
    {"escape sequences edit", sequences_edit},
    {"unknown sequences are swallowed", unknown_sequences_are_swallowed},
    {"only valid characters get in", only_valid_characters_get_in},
    {"lines end", lines_end},
    {"a line takes only its own bytes", takes_only_its_own_bytes},
    {"a full line takes no more", a_full_line_takes_no_more},
    {"history goes up and down", history_goes_up_and_down},
    {"tab completes", tab_completes},
    {"tab twice lists", tab_twice_lists},
    {"the last column is no trap", the_last_column_is_no_trap},
    {"appending echoes and nothing else", appending_echoes_and_nothing_else},
    {"asks for the width and believes it", asks_for_the_width_and_believes_it},
    {"random keys leave the screen right", random_keys_leave_the_screen_right},
    {"random bytes do no harm", random_bytes_do_no_harm},
    {0},
};
