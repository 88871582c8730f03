// SPDX-License-Identifier: MIT
//
// Jobs: pipelines in the background.
//
//   shell_run_in_background(&shell, &pipeline)
//   shell_report_jobs(&shell, all)     what has become of them
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
int shell_run_in_background(struct shell *shell, const struct shell_pipeline *pipeline)
{
    struct shell_job *job = create_job(pipeline);
    if (!job) {
        os_print_error("shell", -ENOMEM);
        return SHELL_CANNOT_RUN;
    }
    int status = shell_start(pipeline, job->ids);
    if (status) {
        free_job(job);
        return status;
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
