/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "timeless.h"

#include "../engine/explain.h"
#include "../engine/judge.h"
#include "growing.h"

/* Ways to pair reads with writers up to which each is tried, since that knows no search that grows
 * with the history. */
enum { FEW_ASSIGNMENTS = 256 };

/* All operations at time 0. False when the budget is used up. */
static bool forget_time(const struct history *history, struct budget *budget,
                        struct history *timeless)
{
    *timeless = *history;
    timeless->ops = budget_alloc(budget, (history->count + 1) * sizeof *timeless->ops);
    for (size_t i = 0; timeless->ops && i < history->count; i++) {
        timeless->ops[i] = history->ops[i];
        timeless->ops[i].invoke_ns = 0;
        if (timeless->ops[i].complete_ns != TIME_NEVER)
            timeless->ops[i].complete_ns = 0;
    }
    return timeless->ops != NULL;
}

static int report(const struct judgement *judgement, struct finding *finding, struct err *err)
{
    struct buf text;

    if (judgement->verdict == VERDICT_UNKNOWN)
        finding_set(finding, VERDICT_UNKNOWN, "%s", judgement->reason);
    if (judgement->verdict == VERDICT_VALID)
        finding_set(finding, VERDICT_VALID, "%s", "");
    if (judgement->verdict != VERDICT_INVALID)
        return 0;
    finding_set(finding, VERDICT_INVALID, "%zu operations cannot be explained under 'sequential'",
                judgement->witness.count);
    buf_init(&text, 0);
    explain_elements(&judgement->witness, &text);
    buf_puts(&text, "No order of these operations that keeps the order of each process explains "
                    "their results.");
    int result =
        finding_add(finding, "nonsequential", judgement->witness.places, judgement->witness.count,
                    true, text.ptr ? text.ptr : "They have no order.", err);
    buf_release(&text);
    return result;
}

/* Without a search. True if that settles it. */
static bool try_growing(const struct object_source *source, const struct keys *keys,
                        struct budget *budget, struct judgement *judgement)
{
    switch (growing_check(source, keys, budget, &judgement->witness)) {
    case FAST_VALID:
        judgement->verdict = VERDICT_VALID;
        return true;
    case FAST_INVALID:
        judgement->verdict = VERDICT_INVALID;
        return judgement->witness.count > 0;
    default:
        return false;
    }
}

static int search(const struct history *history, const struct model *model,
                  const struct check_options *options, struct budget *budget,
                  struct finding *finding, struct err *err)
{
    struct history timeless;
    struct keys keys;
    int result = 0;

    if (!forget_time(history, budget, &timeless)) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
        return 0;
    }
    if (keys_init(&keys, &timeless, budget, err) == 0) {
        struct object_source source = {.history = &timeless,
                                       .model = model,
                                       .initial = model_value(history, options->initial),
                                       .begin_place = PLACE_NONE};
        struct solve_effort effort = {.threads = 1};
        struct judgement judgement = {.verdict = VERDICT_UNKNOWN};
        if (!try_growing(&source, &keys, budget, &judgement))
            judge_together(&source, &keys, GROUP_ALL, &effort, budget, &judgement);
        result = report(&judgement, finding, err);
        excerpt_release(&judgement.witness, budget);
    } else {
        finding_set(finding, VERDICT_UNKNOWN, "%s", err->msg);
    }
    keys_release(&keys);
    budget_free(budget, timeless.ops);
    return result;
}

static bool has_success(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

/* Whether it is linearizable, and so sequential; else the finding is unknown. */
static int try_with_time(const struct history *history, const struct check_options *options,
                         struct budget *budget, struct finding *finding, struct err *err)
{
    struct finding timed;

    finding_init(&timed);
    int result = checker_find("linearizable")->check(history, options, budget, &timed, err);
    finding_set(finding, timed.valid == VERDICT_VALID ? VERDICT_VALID : VERDICT_UNKNOWN, "%s",
                timed.valid == VERDICT_UNKNOWN ? timed.reason : "");
    finding_release(&timed);
    return result;
}

static int judge_timeless(const struct level_case *level_case, const struct check_options *options,
                          struct finding *finding, struct err *err)
{
    const struct history *history = level_case->history;
    struct budget *budget = level_case->budget;
    const struct model *model =
        options->model ? model_find(options->model) : model_infer(history, err);

    if (!has_success(history)) {
        finding_set(finding, VERDICT_UNKNOWN, "no operation completed with success");
        return 0;
    }
    if (try_with_time(history, options, budget, finding, err) < 0)
        return -1;
    if (finding->valid == VERDICT_VALID || !model || model_accepts(model, history, err) < 0)
        return 0;
    if (!budget_spent(budget))
        return search(history, model, options, budget, finding, err);
    finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
    return 0;
}

int sequential_judge(const struct level_case *level_case, const struct check_options *options,
                     struct finding *finding, struct err *err)
{
    if (level_case->state == STEPS_FOREIGN || level_case->steps.assignments > FEW_ASSIGNMENTS)
        return judge_timeless(level_case, options, finding, err);
    if (level_judge(level_case, WEAK_SEQUENTIAL, finding, err) < 0)
        return -1;
    if (finding->valid != VERDICT_UNKNOWN || level_case->steps.assignments == 1 ||
        budget_spent(level_case->budget))
        return 0;
    return judge_timeless(level_case, options, finding, err);
}
