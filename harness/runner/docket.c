/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docket.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <string.h>

const char *const docket_always[] = {"stats", "availability", "recovery", "log-pattern",
                                     "bite",  "cap",          NULL};

void docket_summon(struct docket *docket, const char *name)
{
    const struct checker *checker = checker_find(name);

    for (size_t i = 0; i < docket->count; i++) {
        if (docket->judgements[i].checker == checker)
            return;
    }
    if (!checker || docket->count == DOCKET_MAX)
        return;
    docket->judgements[docket->count].checker = checker;
    docket->judgements[docket->count].aside = checker->is_beside;
    finding_init(&docket->judgements[docket->count++].finding);
}

void docket_summon_all(struct docket *docket, const char *const *names)
{
    for (size_t i = 0; names && names[i]; i++)
        docket_summon(docket, names[i]);
}

static bool anything_succeeded(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

/* What a checker may not claim of such a history. */
static void restrain(const struct history *history, const struct checker *checker,
                     struct finding *finding)
{
    if (finding->valid != VERDICT_VALID || !checker->is_level)
        return;
    if (!anything_succeeded(history))
        finding_set(finding, VERDICT_UNKNOWN, "no operation completed, so nothing was shown");
    else if (history->timeless && strcmp(checker->name, "linearizable") == 0)
        finding_set(finding, VERDICT_UNKNOWN,
                    "the history says nothing about real time; try --consistency sequential");
}

static void hear(struct judgement *judgement, const struct history *history,
                 const struct check_options *options, struct budget *budget)
{
    const struct checker *checker = judgement->checker;
    struct finding *finding = &judgement->finding;
    int64_t start_ns = clock_now_ns();
    struct err err;

    if (checker->check(history, options, budget, finding, &err) < 0)
        finding_set(finding, VERDICT_UNKNOWN, "%s", err.msg);
    restrain(history, checker, finding);
    log_info("check", "%s: %s in %lld ms%s%s", checker->name, verdict_names[finding->valid],
             (long long)((clock_now_ns() - start_ns) / NS_PER_MS), finding->reason[0] ? ": " : "",
             finding->reason);
}

void docket_hear(struct docket *docket, const struct history *history,
                 const struct check_options *options, struct budget *budget)
{
    for (size_t i = 0; i < docket->count; i++)
        hear(&docket->judgements[i], history, options, budget);
}

void docket_hear_aside(struct docket *docket, const char *name, const struct history *history,
                       const struct check_options *options, struct budget *budget)
{
    size_t count = docket->count;

    docket_summon(docket, name);
    if (docket->count == count)
        return;
    docket->judgements[count].aside = true;
    hear(&docket->judgements[count], history, options, budget);
}

void docket_dismiss(struct docket *docket, const char *reason)
{
    for (size_t i = 0; i < docket->count; i++)
        finding_set(&docket->judgements[i].finding, VERDICT_UNKNOWN, "%s", reason);
}

void docket_release(struct docket *docket)
{
    for (size_t i = 0; i < docket->count; i++)
        finding_release(&docket->judgements[i].finding);
    docket->count = 0;
}
