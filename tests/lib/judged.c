/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "judged.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

struct judged *judged_with(const char *name, const char *story, const struct check_options *options,
                           size_t limit_bytes)
{
    const struct checker *checker = checker_find(name);
    struct judged *judged = calloc(1, sizeof *judged);
    struct err err = {0};

    if (!checker)
        fail_msg("there is no checker '%s'", name);
    if (!judged)
        abort();
    judged->hist = hist_new(story);
    budget_init(&judged->budget, 0, limit_bytes);
    finding_init(&judged->finding);
    if (checker->check(&judged->hist->history, options, &judged->budget, &judged->finding, &err) <
        0)
        fail_msg("%s: %s", name, err.msg);
    assert_int_equal(atomic_load(&judged->budget.used_bytes), 0);
    return judged;
}

struct judged *judged_new(const char *checker, const char *story)
{
    struct check_options options = {.threads = 1};
    return judged_with(checker, story, &options, 0);
}

void judged_free(struct judged *judged)
{
    finding_release(&judged->finding);
    hist_free(judged->hist);
    free(judged);
}

static void is_shown(const struct judged *judged, const char *checker)
{
    const struct finding *finding = &judged->finding;

    if (finding->anomaly_count == 0)
        fail_msg("%s: invalid without a witness", checker);
    for (size_t i = 0; i < finding->anomaly_count; i++) {
        const struct anomaly *anomaly = &finding->anomalies[i];
        if (!anomaly->verified || anomaly->op_count == 0 || strlen(anomaly->explanation) < 20)
            fail_msg("%s: %s is not shown", checker, anomaly->type);
    }
}

void expect_verdict(const char *checker, const char *story, enum verdict verdict)
{
    struct judged *judged = judged_new(checker, story);

    if (judged->finding.valid != verdict)
        fail_msg("%s is %s (%s) for\n%s", checker, verdict_names[judged->finding.valid],
                 judged->finding.reason, story);
    if (verdict == VERDICT_INVALID)
        is_shown(judged, checker);
    judged_free(judged);
}

void expect_witness(const char *checker, const char *story, const char *type, size_t op_count)
{
    struct judged *judged = judged_new(checker, story);

    assert_int_equal(judged->finding.valid, VERDICT_INVALID);
    is_shown(judged, checker);
    const struct anomaly *anomaly = &judged->finding.anomalies[0];
    if (strcmp(anomaly->type, type) != 0 || anomaly->op_count != op_count)
        fail_msg("%s: %s with %zu operations: %s", checker, anomaly->type, anomaly->op_count,
                 anomaly->explanation);
    judged_free(judged);
}

void expect_history(const char *checker, const struct history *history, enum verdict verdict)
{
    struct check_options options = {.threads = 1};
    struct judged judged = {.hist = NULL};
    struct err err = {0};

    budget_init(&judged.budget, 0, 0);
    finding_init(&judged.finding);
    if (checker_find(checker)->check(history, &options, &judged.budget, &judged.finding, &err) < 0)
        fail_msg("%s: %s", checker, err.msg);
    if (judged.finding.valid != verdict)
        fail_msg("%s is %s (%s) for %zu operations", checker, verdict_names[judged.finding.valid],
                 judged.finding.reason, history->count);
    if (verdict == VERDICT_INVALID)
        is_shown(&judged, checker);
    assert_int_equal(atomic_load(&judged.budget.used_bytes), 0);
    finding_release(&judged.finding);
}
