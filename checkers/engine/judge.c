/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "judge.h"

#include "search.h"
#include "zones.h"

#include <stdio.h>
#include <string.h>

const char *const judge_engine_names[JUDGE_ENGINES] = {"none", "zones", "wgl"};

static void give_up(struct judgement *judgement, const char *reason)
{
    judgement->verdict = VERDICT_UNKNOWN;
    (void)snprintf(judgement->reason, sizeof judgement->reason, "%.*s",
                   (int)sizeof judgement->reason - 1, reason);
}

/* Whether an operation beyond a cut writes what one before it sees: it stays in the witness, or
 * there the value would come out of nowhere. */
static bool is_seen(const struct object *object, const struct call *call, size_t cut)
{
    uint32_t leaves, needs, seen;

    if (object->model->omit != OMIT_UNSEEN)
        return false;
    object->model->effect(call, &leaves, &seen);
    for (size_t i = 0; i < cut; i++) {
        object->model->effect(&object->items[i].call, &seen, &needs);
        if (needs == STATE_ANY || (needs != STATE_NO && needs == leaves))
            return true;
    }
    return false;
}

/* What was invoked before the return that nothing allows; whatever returns later may not have
 * happened. */
static bool cut_prefix(const struct object *object, size_t event, struct excerpt *excerpt)
{
    int64_t end_ns = object_op(object, EVENT_ITEM(object->events[event]))->complete_ns;
    size_t cut = 0;

    while (cut < object->count && object_op(object, (uint32_t)cut)->invoke_ns <= end_ns)
        cut++;
    const struct excerpt like = {.history = object->history,
                                 .model = object->model,
                                 .initial = object->env.initial,
                                 .from_ns = INT64_MIN};
    if (!excerpt_init(excerpt, &like, object->count, object->budget))
        return false;
    for (uint32_t i = 0; i < object->count; i++) {
        bool is_pending = !object->items[i].due || object_op(object, i)->complete_ns > end_ns;
        if (i < cut || is_seen(object, &object->items[i].call, cut))
            excerpt_add(excerpt, object->items[i].place, is_pending ? RELAX_DUTY : 0);
    }
    return true;
}

/* Invalid, if the naive routine says so too. */
static void convict(struct judgement *judgement, struct budget *budget)
{
    judgement->verdict = VERDICT_INVALID;
    switch (verify_illegal(&judgement->witness, budget)) {
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

static void search(struct object *object, bool by_line, struct judgement *judgement)
{
    struct search_result result;

    search_wgl(object, 0, &result);
    judgement->configurations += result.configurations;
    judgement->placed = 0;
    if (result.outcome == SEARCH_VALID) {
        judgement->verdict = VERDICT_VALID;
    } else if (result.outcome == SEARCH_SPENT) {
        give_up(judgement, budget_reason(object->budget));
        for (size_t i = 0; i < result.furthest; i++)
            judgement->placed += EVENT_IS_RETURN(object->events[i]);
    } else if (by_line) {
        judgement->verdict = VERDICT_UNKNOWN;
    } else if (cut_prefix(object, result.furthest, &judgement->witness)) {
        convict(judgement, object->budget);
    } else {
        excerpt_release(&judgement->witness, object->budget);
        give_up(judgement, budget_reason(object->budget));
    }
}

/* Look for an order. True if that settles it. */
static bool try_zones(const struct object_source *source, struct budget *budget,
                      struct judgement *judgement)
{
    judgement->engine = JUDGE_ZONES;
    switch (zones_check(source, budget, source->by_line ? NULL : &judgement->witness)) {
    case ZONES_VALID:
        judgement->verdict = VERDICT_VALID;
        return true;
    case ZONES_INVALID:
        if (!source->by_line)
            convict(judgement, budget);
        return true;
    case ZONES_SPENT:
        excerpt_release(&judgement->witness, budget);
        give_up(judgement, budget_reason(budget));
        return true;
    default:
        return false;
    }
}

static void try_search(const struct object_source *source, struct budget *budget,
                       struct judgement *judgement)
{
    struct object object;
    struct err err;

    judgement->engine = JUDGE_WGL;
    int made = object_init(&object, source, budget, &err);
    if (made == 1)
        search(&object, source->by_line, judgement);
    else
        give_up(judgement, made < 0 ? err.msg : budget_reason(budget));
    object_release(&object);
}

void judge_object(const struct object_source *source, const struct keys *keys,
                  struct budget *budget, int threads, struct judgement *judgement)
{
    struct object_source by_line = *source;
    bool distinct = zones_apply(source);

    (void)threads;
    by_line.by_line = true;
    *judgement = (struct judgement){.verdict = VERDICT_UNKNOWN};
    if (distinct)
        distinct = try_zones(source, budget, judgement);
    if (distinct && (judgement->verdict != VERDICT_VALID || !keys->touching))
        return;
    /* If the lines explain it, it is explained. */
    judgement->verdict = VERDICT_UNKNOWN;
    if (keys->touching && keys->by_line) {
        if (distinct)
            (void)try_zones(&by_line, budget, judgement);
        else
            try_search(&by_line, budget, judgement);
        if (judgement->verdict == VERDICT_VALID)
            return;
    }
    try_search(source, budget, judgement);
    judgement->alone = keys->touching;
}

void judge_together(const struct object_source *source, const struct keys *keys,
                    struct budget *budget, struct judgement *judgement)
{
    size_t history_count = source->history->count;
    uint32_t *places = budget_alloc(budget, (history_count + 1) * sizeof *places);
    uint32_t *parts = budget_alloc(budget, (history_count + 1) * sizeof *parts);
    struct object_source all = *source;

    *judgement = (struct judgement){.verdict = VERDICT_UNKNOWN};
    if (places && parts) {
        memset(parts, 0xff, history_count * sizeof *parts);
        for (uint32_t key = 0; key < keys->count; key++) {
            for (uint32_t i = keys->starts[key]; i < keys->starts[key + 1]; i++)
                parts[keys->places[i]] = key;
        }
        all.count = 0;
        for (uint32_t i = 0; i < history_count; i++) {
            if (parts[i] == UINT32_MAX)
                continue;
            places[all.count] = i;
            parts[all.count++] = parts[i];
        }
        all.places = places;
        all.parts = parts;
        all.part_count = keys->count;
        try_search(&all, budget, judgement);
    } else {
        give_up(judgement, budget_reason(budget));
    }
    budget_free(budget, places);
    budget_free(budget, parts);
}
