/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "timeless.h"

#include "../engine/explain.h"
#include "../engine/judge.h"
#include "growing.h"
#include "sums.h"

#include <assert.h>

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
    buf_printf(&text, "%s%s", judgement->reason, judgement->reason[0] ? " " : "");
    buf_puts(&text, "No order of these operations that keeps the order of each process explains "
                    "their results.");
    int result =
        finding_add(finding, "nonsequential", judgement->witness.places, judgement->witness.count,
                    true, text.ptr ? text.ptr : "They have no order.", err);
    buf_release(&text);
    return result;
}

/* A history without times, ready to be judged. */
struct timeless {
    struct history history;
    struct keys keys;
    struct object_source source;
};

/* False where it cannot be, and the finding says why. timeless_close in any case. */
static bool timeless_open(struct timeless *timeless, const struct history *history,
                          const struct model *model, const struct check_options *options,
                          struct budget *budget, struct finding *finding)
{
    struct err err;

    *timeless = (struct timeless){.keys.budget = budget};
    if (!forget_time(history, budget, &timeless->history)) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
        return false;
    }
    if (keys_init(&timeless->keys, &timeless->history, budget, &err) < 0) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", err.msg);
        return false;
    }
    timeless->source = (struct object_source){.history = &timeless->history,
                                              .model = model,
                                              .initial = options->initial,
                                              .begin_place = PLACE_NONE};
    return true;
}

static void timeless_close(struct timeless *timeless, struct budget *budget)
{
    keys_release(&timeless->keys);
    budget_free(budget, timeless->history.ops);
}

/* What a method without a search said. True if that settles it. */
static bool settles(enum fast answer, struct judgement *judgement)
{
    if (answer == FAST_VALID)
        judgement->verdict = VERDICT_VALID;
    if (answer == FAST_INVALID && judgement->witness.count > 0)
        judgement->verdict = VERDICT_INVALID;
    return judgement->verdict != VERDICT_UNKNOWN;
}

/* Without a search; unknown where that does not settle it. */
static int judge_quickly(const struct timeless *timeless, struct budget *budget,
                         struct finding *finding, struct err *err)
{
    const struct object_source *source = &timeless->source;
    const struct keys *keys = &timeless->keys;
    struct judgement judgement = {.verdict = VERDICT_UNKNOWN};

    static_assert(sizeof judgement.reason >= SUMS_WHY, "there is room for the reason");
    if (!settles(growing_check(source, keys, budget, &judgement.witness), &judgement))
        (void)settles(sums_check(source, keys, budget, &judgement.witness, judgement.reason),
                      &judgement);
    int result = report(&judgement, finding, err);
    excerpt_release(&judgement.witness, budget);
    return result;
}

static int search(const struct timeless *timeless, struct budget *budget, struct finding *finding,
                  struct err *err)
{
    struct solve_effort effort = {.threads = 1};
    struct judgement judgement;

    judge_together(&timeless->source, &timeless->keys, GROUP_ALL, &effort, budget, &judgement);
    int result = report(&judgement, finding, err);
    excerpt_release(&judgement.witness, budget);
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

static const struct model *model_of(const struct history *history,
                                    const struct check_options *options, struct err *err)
{
    const struct model *model =
        options->model ? model_find(options->model) : model_infer(history, err);
    return model && model_accepts(model, history, err) == 0 ? model : NULL;
}

static int judge_timeless(const struct level_case *level_case, const struct check_options *options,
                          struct finding *finding, struct err *err)
{
    const struct history *history = level_case->history;
    struct budget *budget = level_case->budget;
    struct timeless timeless;

    int result = sequential_judge_quickly(level_case, options, finding, err);
    if (result < 0 || finding->valid != VERDICT_UNKNOWN || !has_success(history))
        return result;
    if (try_with_time(history, options, budget, finding, err) < 0)
        return -1;
    const struct model *model = model_of(history, options, err);
    if (finding->valid == VERDICT_VALID || !model)
        return 0;
    if (budget_spent(budget)) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
        return 0;
    }
    if (timeless_open(&timeless, history, model, options, budget, finding))
        result = search(&timeless, budget, finding, err);
    timeless_close(&timeless, budget);
    return result;
}

int sequential_judge_quickly(const struct level_case *level_case,
                             const struct check_options *options, struct finding *finding,
                             struct err *err)
{
    const struct history *history = level_case->history;
    const struct model *model = model_of(history, options, err);
    struct timeless timeless;
    int result = 0;

    finding_set(finding, VERDICT_UNKNOWN, "%s", "");
    if (!has_success(history)) {
        finding_set(finding, VERDICT_UNKNOWN, "no operation completed with success");
        return 0;
    }
    if (!model)
        return 0;
    if (timeless_open(&timeless, history, model, options, level_case->budget, finding))
        result = judge_quickly(&timeless, level_case->budget, finding, err);
    timeless_close(&timeless, level_case->budget);
    return result;
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
