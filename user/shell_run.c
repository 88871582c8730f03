// SPDX-License-Identifier: MIT
//
// Running pipelines: every command is a program of its own, with pipes between them.
//
//   shell_run(&shell, &pipeline)     waits for all of them, unless they go to the background
//   shell_report_jobs(&shell, all)   what has become of those in the background
//
// All names are looked up before the first one starts. When a later step fails (no
// memory), those that run already are ended and waited for, so that nothing is left
// behind.
#include "shell.h"

// A pipeline in the background.
struct shell_job {
    struct shell_job *next;
    unsigned number;
    unsigned count; // of programs
    int status;
    char *text;
    int ids[]; // 0: has ended
};

// ---- Starting ---------------------------------------------------------------------------
static bool find_all(const struct shell_pipeline *pipeline)
{
    char **words = pipeline->words;
    for (unsigned i = 0; i < pipeline->commands; i++, words = shell_next_command(words)) {
        if (shell_is_builtin(words[0])) {
            os_fprintf(OS_ERROR, "shell: %s works only on a line of its own\n", words[0]);
            return false;
        }
        if (shell_knows(words[0]))
            continue;
        const char *suggestion = shell_suggest(words[0]);
        if (suggestion)
            os_fprintf(OS_ERROR, "shell: %s: no such program; is it %s?\n", words[0],
                       suggestion);
        else
            os_fprintf(OS_ERROR, "shell: %s: no such program; `help` lists them\n", words[0]);
        return false;
    }
    return true;
}

// The shell's own three handles stay.
static void close_pipe(int handle)
{
    if (handle > OS_ERROR)
        os_close(handle);
}

// Starts one command; *input becomes what the next one reads from. Its id or an error.
static int start_command(char **words, int *input, bool last, bool background)
{
    int ends[2] = {-1, OS_OUTPUT};
    int error = last ? 0 : os_pipe(ends);
    int id = error;
    if (!error) {
        int handles[3] = {*input, ends[1], OS_ERROR};
        id = os_run(words, handles, background);
        close_pipe(ends[1]);
    }
    close_pipe(*input);
    *input = ends[0];
    return id;
}

// The status is that of the last one.
static int wait_for_all(const int *ids, unsigned count)
{
    int status = 0;
    for (unsigned i = 0; i < count; i++)
        os_wait(ids[i], &status, OS_NEVER);
    return status;
}

// Starts all commands; 0, or the error after which nothing of it runs any more.
static int start_all(const struct shell_pipeline *pipeline, int *ids)
{
    bool background = pipeline->end == SHELL_BACKGROUND;
    int input = background ? -1 : OS_INPUT;
    char **words = pipeline->words;
    for (unsigned i = 0; i < pipeline->commands; i++, words = shell_next_command(words)) {
        ids[i] = start_command(words, &input, i + 1 == pipeline->commands, background);
        if (ids[i] > 0)
            continue;
        close_pipe(input);
        os_print_error(words[0], ids[i]);
        for (unsigned started = 0; started < i; started++)
            os_kill(ids[started]);
        wait_for_all(ids, i);
        return ids[i];
    }
    return 0;
}

// ---- Jobs -------------------------------------------------------------------------------
static struct shell_job *create_job(const struct shell_pipeline *pipeline)
{
    struct shell_job *job = os_alloc(sizeof(*job) + pipeline->commands * sizeof(int));
    char *text = os_alloc(pipeline->source_length + 1);
    if (!job || !text) {
        os_free(job);
        os_free(text);
        return NULL;
    }
    memcpy(text, pipeline->source, pipeline->source_length);
    job->text = text;
    job->count = pipeline->commands;
    return job;
}

static void free_job(struct shell_job *job)
{
    os_free(job->text);
    os_free(job);
}

// Numbers go on from the last job that is still there.
static void append_job(struct shell *shell, struct shell_job *job)
{
    struct shell_job **place = &shell->jobs;
    job->number = 1;
    for (; *place; place = &(*place)->next)
        job->number = (*place)->number + 1;
    *place = job;
}

// The job is made first: with nothing to note it in, nothing is started.
static int run_in_background(struct shell *shell, const struct shell_pipeline *pipeline)
{
    struct shell_job *job = create_job(pipeline);
    int error = job ? start_all(pipeline, job->ids) : -ENOMEM;
    if (error) {
        if (job)
            free_job(job);
        else
            os_print_error("shell", error);
        return SHELL_CANNOT_RUN;
    }
    append_job(shell, job);
    os_printf("[%u] %d\n", job->number, job->ids[job->count - 1]);
    return 0;
}

// Asks about each of its programs without waiting.
static bool has_ended(struct shell_job *job)
{
    bool ended = true;
    for (unsigned i = 0; i < job->count; i++) {
        if (job->ids[i] == 0)
            continue;
        int status;
        if (os_wait(job->ids[i], &status, 0) == -ETIMEDOUT) {
            ended = false;
            continue;
        }
        job->ids[i] = 0;
        if (i + 1 == job->count)
            job->status = status;
    }
    return ended;
}

static void report_end(const struct shell_job *job)
{
    char how[24];
    if (job->status == 0)
        strlcpy(how, "done", sizeof(how));
    else if (job->status == OS_INTERRUPTED)
        strlcpy(how, "ended by kill", sizeof(how));
    else
        snprintf(how, sizeof(how), "status %d", job->status);
    os_printf("[%u] %-13s  %s\n", job->number, how, job->text);
}

// Before each prompt, and for `jobs`.
void shell_report_jobs(struct shell *shell, bool all)
{
    struct shell_job **place = &shell->jobs;
    while (*place) {
        struct shell_job *job = *place;
        if (has_ended(job)) {
            *place = job->next;
            report_end(job);
            free_job(job);
            continue;
        }
        if (all)
            os_printf("[%u] %-13s  %s\n", job->number, "running", job->text);
        place = &job->next;
    }
}

// ---- Running ----------------------------------------------------------------------------
int shell_run(struct shell *shell, const struct shell_pipeline *pipeline)
{
    if (!find_all(pipeline))
        return SHELL_NOT_FOUND;
    if (pipeline->end == SHELL_BACKGROUND)
        return run_in_background(shell, pipeline);

    int *ids = os_alloc(pipeline->commands * sizeof(int));
    if (!ids) {
        os_print_error("shell", -ENOMEM);
        return SHELL_CANNOT_RUN;
    }
    int status =
        start_all(pipeline, ids) ? SHELL_CANNOT_RUN : wait_for_all(ids, pipeline->commands);
    os_free(ids);
    return status;
}

// Those that need the shell's own state.
int shell_run_builtin(struct shell *shell, char **words)
{
    if (strcmp(words[0], "jobs") == 0 && !words[1]) {
        shell_report_jobs(shell, true);
        return 0;
    }
    if (strcmp(words[0], "history") == 0 && !words[1]) {
        shell_print_history(shell);
        return 0;
    }
    uint64_t number = (uint64_t)shell->status;
    bool fits =
        !words[1] || (!words[2] && string_to_u64(words[1], 10, &number) == 0 && number < 256);
    if (strcmp(words[0], "exit") == 0 && fits) {
        shell->leave = true;
        return (int)number;
    }
    return os_usage("exit [STATUS], jobs, history");
}
