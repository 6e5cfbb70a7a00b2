/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "judge.h"

#include "witness.h"
#include "fast.h"

#include <stdio.h>
#include <string.h>

const char *const judge_engine_names[JUDGE_ENGINES] = {"none", "fast", "wgl", "frontier"};

static void give_up(struct judgement *judgement, const char *reason)
{
    judgement->verdict = VERDICT_UNKNOWN;
    (void)snprintf(judgement->reason, sizeof judgement->reason, "%.127s", reason);
}

/* Invalid, if the naive routine says so too. */
static void convict(struct judgement *judgement, struct budget *budget)
{
    judgement->verdict = VERDICT_INVALID;
    if (judgement->witness.only_count == 0)
        witness_shrink(&judgement->witness, judgement->configurations, budget);
    switch (verify_illegal(&judgement->witness, VERIFY_STEPS_MAX, budget)) {
    case VERIFIED_ILLEGAL:
        return;
    case VERIFIED_LEGAL:
        give_up(judgement, "a violation was found that the naive routine does not confirm");
        break;
    case VERIFIED_UNFINISHED:
        give_up(judgement, "a violation was found whose verification did not finish");
        break;
    }
    excerpt_release(&judgement->witness, budget);
}

/* Without a search. True if that settles it. */
static bool try_fast(const struct object_source *source, struct budget *budget,
                     struct judgement *judgement)
{
    judgement->engine = JUDGE_FAST;
    switch (fast_check(source, budget, source->by_line ? NULL : &judgement->witness)) {
    case FAST_VALID:
        judgement->verdict = VERDICT_VALID;
        return true;
    case FAST_INVALID:
        if (!source->by_line)
            convict(judgement, budget);
        return true;
    case FAST_SPENT:
        excerpt_release(&judgement->witness, budget);
        give_up(judgement, budget_reason(budget));
        return true;
    default:
        return false;
    }
}

static void try_search(const struct object_source *source, const struct solve_effort *effort,
                       struct budget *budget, struct judgement *judgement)
{
    struct solution solution;

    solve(source, effort, budget, &solution);
    judgement->configurations += solution.configurations;
    judgement->placed = solution.placed;
    judgement->engine = solution.solver == SOLVER_WGL        ? JUDGE_WGL
                        : solution.solver == SOLVER_FRONTIER ? JUDGE_FRONTIER
                                                             : JUDGE_NONE;
    judgement->verdict = solution.outcome == SOLVED_VALID ? VERDICT_VALID : VERDICT_UNKNOWN;
    judgement->cut_short = solution.cut_short;
    if (solution.outcome == SOLVED_NOT)
        give_up(judgement, solution.reason);
    if (solution.outcome != SOLVED_INVALID || source->by_line)
        return;
    if (witness_prefix(source, solution.end_ns, budget, &judgement->witness)) {
        convict(judgement, budget);
    } else {
        excerpt_release(&judgement->witness, budget);
        give_up(judgement, budget_reason(budget));
    }
}

void judge_object(const struct object_source *source, const struct keys *keys,
                  const struct solve_effort *effort, struct budget *budget,
                  struct judgement *judgement)
{
    struct object_source by_line = *source;
    bool distinct;

    by_line.by_line = true;
    *judgement = (struct judgement){.verdict = VERDICT_UNKNOWN};
    distinct = try_fast(source, budget, judgement);
    if (distinct && (judgement->verdict != VERDICT_VALID || !keys->touching))
        return;
    /* If the lines explain it, it is explained. */
    judgement->verdict = VERDICT_UNKNOWN;
    if (keys->touching && keys->by_line) {
        if (distinct)
            (void)try_fast(&by_line, budget, judgement);
        else
            try_search(&by_line, effort, budget, judgement);
        if (judgement->verdict == VERDICT_VALID)
            return;
    }
    try_search(source, effort, budget, judgement);
    judgement->alone = keys->touching;
}

void judge_together(const struct object_source *source, const struct keys *keys, uint32_t group,
                    const struct solve_effort *effort, struct budget *budget,
                    struct judgement *judgement)
{
    size_t history_count = source->history->count;
    uint32_t *places = budget_alloc(budget, (history_count + 1) * sizeof *places);
    uint32_t *parts = budget_alloc(budget, (history_count + 1) * sizeof *parts);
    struct object_source all = *source;

    *judgement = (struct judgement){.verdict = VERDICT_UNKNOWN};
    if (places && parts) {
        memset(parts, 0xff, history_count * sizeof *parts);
        all.count = all.part_count = 0;
        for (uint32_t key = 0; key < keys->count; key++) {
            if (group != GROUP_ALL && keys->groups[key] != group)
                continue;
            for (uint32_t i = keys->starts[key]; i < keys->starts[key + 1]; i++)
                parts[keys->places[i]] = all.part_count;
            all.part_count++;
        }
        for (uint32_t i = 0; i < history_count; i++) {
            if (parts[i] == UINT32_MAX)
                continue;
            places[all.count] = i;
            parts[all.count++] = parts[i];
        }
        all.places = places;
        all.parts = parts;
        try_search(&all, effort, budget, judgement);
    } else {
        give_up(judgement, budget_reason(budget));
    }
    budget_free(budget, parts);
    judgement->witness.whole = NULL;
    judgement->witness.whole_count = 0;
    budget_free(budget, places);
}
