/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - see judge.h. Nothing here knows the cluster: `ordeal check` on the folder says the
 * same. */
#include "judge.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "../exit.h"
#include "../history/read.h"
#include "../report/prose.h"
#include "../report/report.h"
#include "../target.h"
#include "../workload.h"
#include "docket.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far down the ladder a system that does not promise the top of it stands is told beside the
 * verdict: for those who ask no certain level, and by a target that says so. */
static void tell_ladder(struct docket *docket, const struct trial *trial,
                        const struct history *history, const struct check_options *options)
{
    enum { LIMIT_S = 20 };
    const struct judgement *first = &docket->judgements[0];
    struct budget budget;

    if (!trial->test->target->ladder || trial->test->consistency ||
        (strcmp(first->checker->name, "linearizable") == 0 &&
         first->finding.valid != VERDICT_INVALID))
        return;
    budget_init(&budget, LIMIT_S * NS_PER_SEC, trial->options->memory_limit_bytes);
    docket_hear_aside(docket, "ladder", history, options, &budget);
}

static void hear(struct docket *docket, const struct trial *trial, const struct history *history,
                 struct budget *budget)
{
    char logs[STORE_PATH_MAX + 16];
    struct check_options options = {.model = trial->test->workload->model,
                                    .log_dir = logs,
                                    .log_patterns = store_log_patterns(trial->test),
                                    .recovery_ns = trial->test->target->recovery_ns,
                                    .promise = trial->promise,
                                    .faults_planned = (size_t)trial->test->plan.fault_count};

    if (trial->test->target->staleness_ns)
        options.staleness_ns = trial->test->target->staleness_ns(trial->test);
    (void)snprintf(logs, sizeof logs, "%s/nodes", trial->dir);
    docket_summon(docket, trial->promise);
    docket_summon_all(docket, trial->test->workload->checkers);
    docket_summon_all(docket, docket_always);
    docket_hear(docket, history, &options, budget);
    tell_ladder(docket, trial, history, &options);
}

/* A word as a shell takes it. */
static void say_word(const char *word, struct buf *prose)
{
    if (*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "-_=+,./:@%")] == '\0') {
        buf_puts(prose, word);
        return;
    }
    buf_puts(prose, "'");
    for (; *word; word++) {
        if (*word == '\'')
            buf_puts(prose, "'\\''");
        else
            buf_add(prose, word, 1);
    }
    buf_puts(prose, "'");
}

static void say(const struct trial *trial, const struct results *results, struct buf *prose)
{
    prose_verdict(results, prose);
    buf_printf(prose, "\nreport: %s/report.html\nagain: ", trial->dir);
    for (char *const *word = trial->options->command; word && *word; word++) {
        if (word != trial->options->command)
            buf_puts(prose, " ");
        say_word(*word, prose);
    }
    buf_puts(prose, "\n");
}

/* Weigh the findings, write the files, say it. */
static int conclude(const struct trial *trial, struct docket *docket, const struct history *history,
                    const char *failure, struct buf *prose)
{
    char path[STORE_PATH_MAX + 32];
    struct results results;
    struct err err;

    results_merge(history, docket->judgements, docket->count, failure, &results);
    (void)snprintf(path, sizeof path, "%s/results.json", trial->dir);
    if (results_write(&results, path, &err) < 0)
        log_error("report", "%s", err.msg);
    if (report_write_judged(trial->dir, &results, &err) < 0)
        log_error("report", "%s", err.msg);
    if (trial->options->json)
        results_print(&results, prose);
    else
        say(trial, &results, prose);
    return outcome_exit_code(results.outcome);
}

int judge_trial(const struct trial *trial, struct buf *prose)
{
    char path[STORE_PATH_MAX + 32];
    struct docket docket = {.count = 0};
    struct history history;
    struct budget budget;
    struct err err;

    budget_init(&budget, trial->options->check_limit_ns, trial->options->memory_limit_bytes);
    history_init(&history, &budget);
    (void)snprintf(path, sizeof path, "%s/history.jsonl", trial->dir);
    const char *failure = trial->failure;
    if (history_read(&history, path, NULL, &err) == 0) {
        hear(&docket, trial, &history, &budget);
    } else if (!failure) {
        failure = err.msg;
    }
    int code = conclude(trial, &docket, &history, failure, prose);
    docket_release(&docket);
    history_release(&history);
    return code;
}
