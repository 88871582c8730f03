// SPDX-License-Identifier: MIT
//
// The shell's language: what words, quotes and separators make of a line.
#include "boot/board.h"
#include "heap.h"
#include "page.h"
#include "process.h"
#include "string.h"
#include "terminal.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"
#include "user/shell.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    terminal_init();
    process_init();
}

// The pipelines of a line, written out: [a][b]|[c]; and so on, or the message.
static const char *parsed(const char *text)
{
    static const char *const separators[] = {"", ";", "&", "&&", "||"};
    static char out[1024];
    const char *line = text;
    struct shell_pipeline pipeline;
    out[0] = 0;
    do {
        int error = shell_parse(&text, 42, &pipeline);
        if (error) {
            snprintf(out, sizeof(out), "%s at column %u", pipeline.mistake,
                     (unsigned)(pipeline.mistake_at - line) + 1);
            break;
        }
        char **words = pipeline.words;
        for (unsigned i = 0; i < pipeline.commands; i++, words = shell_next_command(words)) {
            for (unsigned j = 0; words[j]; j++)
                snprintf(out + strlen(out), sizeof(out) - strlen(out), "[%s]", words[j]);
            if (i + 1 < pipeline.commands)
                strlcpy(out + strlen(out), "|", sizeof(out) - strlen(out));
        }
        strlcpy(out + strlen(out), separators[pipeline.end], sizeof(out) - strlen(out));
        shell_pipeline_free(&pipeline);
    } while (pipeline.end != SHELL_END);
    return out;
}

static void words(void)
{
    CHECK_STRING(parsed(""), "");
    CHECK_STRING(parsed("  \t "), "");
    CHECK_STRING(parsed("a"), "[a]");
    CHECK_STRING(parsed("  a   bc\td "), "[a][bc][d]");
    CHECK_STRING(parsed("a # b ; c"), "[a]");
    CHECK_STRING(parsed("a#b"), "[a#b]");
}

static void quotes(void)
{
    CHECK_STRING(parsed("'a b' \"c d\""), "[a b][c d]");
    CHECK_STRING(parsed("'' \"\""), "[][]");
    CHECK_STRING(parsed("a'b'\"c\"d"), "[abcd]");
    CHECK_STRING(parsed("'$? \\ \" |;'"), "[$? \\ \" |;]");
    CHECK_STRING(parsed("\"' \\\" \\\\ \\$? \\n\""), "[' \" \\ $? \\n]");
    CHECK_STRING(parsed("\\a\\ b \\| \\' \\#"), "[a b][|]['][#]");
}

static void status(void)
{
    CHECK_STRING(parsed("$? \"$?\" '$?' $ $x x$?y"), "[42][42][$?][$][$x][x42y]");
}

static void separators(void)
{
    CHECK_STRING(parsed("a|b | c"), "[a]|[b]|[c]");
    CHECK_STRING(parsed("a;b ; c;"), "[a];[b];[c];");
    CHECK_STRING(parsed("a&b & c"), "[a]&[b]&[c]");
    CHECK_STRING(parsed("a&&b||c"), "[a]&&[b]||[c]");
    CHECK_STRING(parsed("a\nb"), "[a];[b]");
    CHECK_STRING(parsed(";;a"), ";;[a]");
}

static void mistakes(void)
{
    CHECK_STRING(parsed("echo 'a"), "no ' closes the one at column 6");
    CHECK_STRING(parsed("echo \"a"), "no \" closes the one at column 6");
    CHECK_STRING(parsed("a \\"), "nothing follows the \\ at column 3");
    CHECK_STRING(parsed("b; echo 'a"), "no ' closes the one at column 9");
    CHECK_STRING(parsed("| a"), "a command is missing at column 1");
    CHECK_STRING(parsed("a |"), "a command is missing at column 4");
    CHECK_STRING(parsed("a | | b"), "a command is missing at column 5");
    CHECK_STRING(parsed("& a"), "a command is missing at column 1");
    CHECK(strstr(parsed("a > b"), "column 3") != NULL);
}

static void random_lines_do_no_harm(void)
{
    static const char signs[] = "ab '\"\\|&;$?#<>\n";
    struct heap_statistics before, after;
    uint64_t state = 99;
    char text[40];
    heap_statistics(&before);
    for (int round = 0; round < 3000; round++) {
        size_t length = unit_random(&state) % sizeof(text);
        for (size_t i = 0; i < length; i++)
            text[i] = signs[unit_random(&state) % (sizeof(signs) - 1)];
        text[length] = 0;
        parsed(text);
    }
    heap_statistics(&after);
    CHECK_EQUAL(after.allocations, before.allocations);
}

static void names_are_suggested(void)
{
    CHECK_STRING(shell_suggest("slep"), "sleep");
    CHECK_STRING(shell_suggest("ehco"), "echo");
    CHECK_STRING(shell_suggest("helpp"), "help");
    CHECK(shell_suggest("zzzzzzzz") == NULL);
    CHECK(shell_suggest("") == NULL);
    CHECK(shell_suggest("a very long name that cannot be anything at all") == NULL);
}

const struct test unit_tests[] = {
    {"words", words},
    {"quotes", quotes},
    {"the status", status},
    {"separators", separators},
    {"mistakes", mistakes},
    {"random lines do no harm", random_lines_do_no_harm},
    {"names are suggested", names_are_suggested},
    {0},
};
