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

static char argument_1[] = "one", argument_2[] = "t w*", script[] = "script";
static char *const arguments[] = {script, argument_1, argument_2};
static struct shell shell = {.status = 42, .count = 2, .arguments = arguments};
static char out[1024];

__attribute__((format(printf, 1, 2))) static void show(const char *format, ...)
{
    va_list values;
    size_t length = strlen(out);
    va_start(values, format);
    vsnprintf(out + length, sizeof(out) - length, format, values);
    va_end(values);
}

static void show_redirections(const struct shell_pipeline *pipeline, unsigned command)
{
    for (unsigned i = 0; i < pipeline->redirection_count; i++) {
        const struct shell_redirection *redirection = &pipeline->redirections[i];
        if (redirection->command != command)
            continue;
        if (!redirection->path)
            show("{%d=%d}", redirection->handle, redirection->same_as);
        else
            show("{%d%s%s}", redirection->handle,
                 redirection->flags & OS_READ_ONLY  ? "<"
                 : redirection->flags & OS_TRUNCATE ? ">"
                                                    : ">>",
                 redirection->path);
    }
}

// The pipelines of a line, written out: [a][b]|[c]; and so on, or the message.
static const char *parsed(const char *text)
{
    static const char *const separators[] = {"", ";", "&", "&&", "||"};
    const char *line = text;
    struct shell_pipeline pipeline;
    out[0] = 0;
    do {
        int error = shell_parse(&shell, &text, &pipeline);
        if (error) {
            snprintf(out, sizeof(out), "%s at column %u", pipeline.mistake,
                     (unsigned)(pipeline.mistake_at - line) + 1);
            break;
        }
        if (shell_expand(&pipeline))
            return "no memory";
        char **words = pipeline.words;
        for (unsigned i = 0; i < pipeline.commands; i++, words = shell_next_command(words)) {
            for (unsigned j = 0; words[j]; j++)
                show("[%s]", words[j]);
            show_redirections(&pipeline, i);
            show("%s", i + 1 < pipeline.commands ? "|" : "");
        }
        show("%s", separators[pipeline.end]);
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
    CHECK_STRING(parsed("a # b\nc"), "[a];[c]");
    CHECK_STRING(parsed("a \\\n b\\\nc"), "[a][bc]");
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

static void arguments_of_a_script(void)
{
    CHECK_STRING(parsed("$0 $1 $2 $# \"$1\" '$1'"), "[script][one][t w*][2][one][$1]");
    CHECK_STRING(parsed("a $3 b"), "[a][b]");
    CHECK_STRING(parsed("a \"$3\" $3'' x$3"), "[a][][][x]");
    CHECK_STRING(parsed("a $@ b"), "[a][one][t w*][b]");
    CHECK_STRING(parsed("a \"$@\""), "[a][one][t w*]");
    CHECK_STRING(parsed("a x$@y"), "[a][xone][t w*y]");
    shell.count = 0;
    CHECK_STRING(parsed("a $@ \"$@\" $# b"), "[a][0][b]");
    shell.count = 2;
}

static void redirections(void)
{
    CHECK_STRING(parsed("a<b>c"), "[a]{0<b}{1>c}");
    CHECK_STRING(parsed("> c a >> 'd e' b"), "[a][b]{1>c}{1>>d e}");
    CHECK_STRING(parsed("a 2> b 2>&1 >&2"), "[a]{2>b}{2=1}{1=2}");
    CHECK_STRING(parsed("a2>b 2 >c"), "[a2][2]{1>b}{1>c}");
    CHECK_STRING(parsed("a &> b | c 2>>$1 | d"), "[a]{1>b}{2=1}|[c]{2>>one}|[d]");
    CHECK_STRING(parsed("a > b; > c"), "[a]{1>b};{1>c}");
    CHECK_STRING(parsed("a '>' \\> \">\""), "[a][>][>][>]");
}

static void patterns_that_match_nothing_stay(void)
{
    CHECK_STRING(parsed("* a?b [a-z] 'x*' \\* \"?\" -l"), "[*][a?b][[a-z]][x*][*][?][-l]");
}

static void separators(void)
{
    CHECK_STRING(parsed("a|b | c"), "[a]|[b]|[c]");
    CHECK_STRING(parsed("a;b ; c;"), "[a];[b];[c];");
    CHECK_STRING(parsed("a&b & c"), "[a]&[b]&[c]");
    CHECK_STRING(parsed("a&&b||c"), "[a]&&[b]||[c]");
    CHECK_STRING(parsed("a\nb"), "[a];[b]");
    CHECK_STRING(parsed(";;a"), ";;[a]");
    CHECK_STRING(parsed("a &&\n # why\n\n b"), "[a]&&[b]");
    CHECK_STRING(parsed("a |\n b ||\nc"), "[a]|[b]||[c]");
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
    CHECK_STRING(parsed("a >"), "the name of a file is missing at column 4");
    CHECK_STRING(parsed("a > | b"), "the name of a file is missing at column 5");
    CHECK_STRING(parsed("a > $3"), "the name of a file is missing at column 5");
    CHECK(strstr(parsed("a << b"), "no such redirection") != NULL);
    CHECK(strstr(parsed("a 3> b"), "no such redirection") != NULL);
}

static void random_lines_do_no_harm(void)
{
    static const char signs[] = "ab '\"\\|&;$?@#1<>*[\n";
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
    {"arguments of a script", arguments_of_a_script},
    {"redirections", redirections},
    {"patterns that match nothing stay", patterns_that_match_nothing_stay},
    {"separators", separators},
    {"mistakes", mistakes},
    {"random lines do no harm", random_lines_do_no_harm},
    {"names are suggested", names_are_suggested},
    {0},
};
