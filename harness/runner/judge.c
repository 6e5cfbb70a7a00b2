/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - see judge.h. Nothing here knows the cluster: `ordeal check` on the folder says the
 * same. */
#include "judge.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "../exit.h"
#include "../history/read.h"
#include "../report/report.h"
#include "../report/results.h"
#include "../report/timeline.h"
#include "../target.h"
#include "../workload.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const judge_always[] = {"stats",       "availability", "recovery",
                                    "log-pattern", "bite",         NULL};

enum { CHECKERS_MAX = 32 };

struct docket {
    struct judgement judgements[CHECKERS_MAX];
    size_t count;
};

static void summon(struct docket *docket, const char *name)
{
    const struct checker *checker = checker_find(name);

    if (!checker || docket->count == CHECKERS_MAX)
        return;
    docket->judgements[docket->count].checker = checker;
    finding_init(&docket->judgements[docket->count++].finding);
}

static void summon_all(struct docket *docket, const struct trial *trial)
{
    const char *const *own = trial->test->workload->checkers;

    summon(docket, trial->promise);
    for (; own && *own; own++)
        summon(docket, *own);
    for (size_t i = 0; judge_always[i]; i++)
        summon(docket, judge_always[i]);
}

static void hear(struct docket *docket, const struct trial *trial, const struct history *history,
                 struct budget *budget)
{
    char logs[STORE_PATH_MAX + 16];
    struct check_options options = {.model = trial->test->workload->model,
                                    .log_dir = logs,
                                    .log_patterns = trial->test->target->log_patterns,
                                    .recovery_ns = trial->test->target->recovery_ns,
                                    .faults_planned = (size_t)trial->test->plan.fault_count};
    struct err err;

    (void)snprintf(logs, sizeof logs, "%s/nodes", trial->dir);
    for (size_t i = 0; i < docket->count; i++) {
        const struct checker *checker = docket->judgements[i].checker;
        struct finding *finding = &docket->judgements[i].finding;
        int64_t start_ns = clock_now_ns();
        if (checker->check(history, &options, budget, finding, &err) < 0)
            finding_set(finding, VERDICT_UNKNOWN, "%s", err.msg);
        log_info("check", "%s: %s in %lld ms%s%s", checker->name, verdict_names[finding->valid],
                 (long long)((clock_now_ns() - start_ns) / NS_PER_MS),
                 finding->reason[0] ? ": " : "", finding->reason);
    }
}

static void say_witness(const struct results *results, struct buf *prose)
{
    const struct anomaly *witness = results_witness(results);

    if (!witness)
        return;
    buf_printf(prose, "\n%s\n\n", witness->explanation);
    timeline_text(results->history, witness->ops, witness->op_count, 80, false, prose);
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
    buf_printf(prose, "%s\n", results->reason);
    say_witness(results, prose);
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
    if (trial->unhealthy && results.outcome == OUTCOME_HARNESS_FAILED)
        return EXIT_UNDECIDED; /* the system never became healthy: nothing was tried */
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
        summon_all(&docket, trial);
        hear(&docket, trial, &history, &budget);
    } else if (!failure) {
        failure = err.msg;
    }
    int code = conclude(trial, &docket, &history, failure, prose);
    for (size_t i = 0; i < docket.count; i++)
        finding_release(&docket.judgements[i].finding);
    history_release(&history);
    return code;
}
