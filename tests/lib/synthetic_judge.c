/* SPDX-License-Identifier: GPL-2.0-or-later */
/* synthetic_judge.c - the verdict on a run that never was: real checkers, but for the level, which
 * knows where the lie is. */
#include "../../harness/history/read.h"
#include "../../harness/report/results.h"
#include "synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEC INT64_C(1000000000)

static const struct checker level = {.name = "linearizable", .is_level = true};

static bool is_text(const struct history *history, value_id id, const char *wanted)
{
    struct buf text;
    buf_init(&text, 0);
    values_print(&history->values, id, &text);
    bool same = strcmp(text.ptr, wanted) == 0;
    buf_release(&text);
    return same;
}

/* The stale read, with the writes of what it returned and of what it should have. */
static void blame(const struct synthetic_lie *lie, const struct history *history,
                  struct judgement *judgement)
{
    const char *old = lie->returned, *new = lie->acknowledged;
    char key[32], reason[256];
    uint32_t ops[3] = {0};
    size_t found = 0;
    struct err err;

    (void)snprintf(key, sizeof key, "\"k%d\"", lie->key);
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (!is_text(history, op->key, key))
            continue;
        value_id written = op->f == OP_F_CAS ? op->in2 : op->in;
        if (op->f != OP_F_READ && op->type == OP_OK && is_text(history, written, old))
            ops[0] = (uint32_t)i, found |= 1;
        if (op->f != OP_F_READ && op->type == OP_OK && is_text(history, written, new))
            ops[1] = (uint32_t)i, found |= 2;
        if ((found & 2) && !(found & 4) && op->f == OP_F_READ && is_text(history, op->out, old) &&
            op->invoke_ns > history->ops[ops[1]].complete_ns)
            ops[2] = (uint32_t)i, found |= 4;
    }
    if (found != 7)
        abort();
    (void)snprintf(reason, sizeof reason,
                   "a read of key %s on n%d returned %.20s although %.20s had been acknowledged "
                   "%.0f ms before",
                   key, history->ops[ops[2]].node + 1, old, new,
                   (double)(history->ops[ops[2]].invoke_ns - history->ops[ops[1]].complete_ns) /
                       1e6);
    finding_set(&judgement->finding, VERDICT_INVALID, "%s", reason);
    if (finding_add(&judgement->finding, "nonlinearizable", ops, 3, true,
                    "The read ran after the newer value had been acknowledged, and returned the "
                    "older one. No order of these three operations that respects their times "
                    "explains it: the second write would have to take effect after the read, and "
                    "it had ended before the read began.",
                    &err) < 0)
        abort();
}

void synthetic_judge(const char *dir, size_t faults, const struct synthetic_lie *lie)
{
    static const char *const names[] = {"stats", "availability", "recovery", "log-pattern", "bite"};
    static const struct log_pattern patterns[] = {{"panic", "^panic: "}, {0}};
    char path[512], logs[512];
    struct judgement judgements[6] = {{.checker = &level}};
    struct results results;
    struct history history;
    struct budget budget;
    struct err err;

    (void)snprintf(path, sizeof path, "%s/history.jsonl", dir);
    (void)snprintf(logs, sizeof logs, "%s/nodes", dir);
    const struct check_options options = {.log_dir = logs,
                                          .log_patterns = patterns,
                                          .recovery_ns = 5 * SEC,
                                          .faults_planned = faults};
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    if (history_read(&history, path, NULL, &err) < 0) {
        fprintf(stderr, "synthetic: %s\n", err.msg);
        abort();
    }
    finding_init(&judgements[0].finding);
    if (lie)
        blame(lie, &history, &judgements[0]);
    else
        finding_set(&judgements[0].finding, VERDICT_VALID, "every key has an order");
    for (int i = 0; i < 5; i++) {
        judgements[i + 1].checker = checker_find(names[i]);
        finding_init(&judgements[i + 1].finding);
        if (!judgements[i + 1].checker)
            abort();
        if (judgements[i + 1].checker->check(&history, &options, &budget,
                                             &judgements[i + 1].finding, &err) < 0)
            abort();
    }
    results_merge(&history, judgements, 6, NULL, &results);
    (void)snprintf(path, sizeof path, "%s/results.json", dir);
    if (results_write(&results, path, &err) < 0)
        abort();
    for (int i = 0; i < 6; i++)
        finding_release(&judgements[i].finding);
    history_release(&history);
}
