/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Each search by itself, on one object. */
#include "engines.h"

#include "../../checkers/engine/search.h"
#include "brute.h"
#include "hist.h"

#include <stdio.h>
#include <stdlib.h>

const char *const engine_names[ENGINES] = {"wgl", "levels", "narrow levels", "unlimited levels"};

static void search(enum engine engine, struct object *object, struct search_result *result)
{
    struct levels_options options = {
        .steps = 1 << 20,
        .width = engine == ENGINE_LEVELS_NARROW ? 1 : 64,
        .unlimited = engine == ENGINE_UNLIMITED,
    };

    if (engine == ENGINE_WGL)
        search_wgl(object, 0, result);
    else
        search_levels(object, &options, result);
}

enum verdict engine_judge(enum engine engine, const struct history *history, const char *model,
                          value_id initial)
{
    struct search_result result = {.outcome = SEARCH_SPENT};
    uint32_t *places = calloc(history->count + 1, sizeof *places);
    struct object_source source = {.history = history,
                                   .model = model_find(model),
                                   .initial = initial,
                                   .places = places,
                                   .begin_place = PLACE_NONE};
    struct object object;
    struct budget budget;
    struct err err;

    if (!places || !source.model)
        abort();
    for (uint32_t i = 0; i < history->count; i++) {
        if (history->ops[i].type != OP_FAIL)
            places[source.count++] = i;
    }
    budget_init(&budget, 0, 0);
    if (object_init(&object, &source, &budget, &err) == 1)
        search(engine, &object, &result);
    object_release(&object);
    free(places);
    if (result.outcome == SEARCH_INVALID)
        return VERDICT_INVALID;
    return result.outcome == SEARCH_VALID && engine != ENGINE_UNLIMITED ? VERDICT_VALID
                                                                        : VERDICT_UNKNOWN;
}

void engines_compare(struct proof *proof, const struct history *history)
{
    struct values none; /* small integers are in no table */
    values_init(&none, NULL);
    value_id initial = proof->initial ? values_int(&none, proof->initial) : VALUE_NIL;
    enum verdict truth = brute_check(history, "linearizable", proof->model, initial);

    if (truth == VERDICT_UNKNOWN)
        return;
    proof->compared++;
    proof->valid += truth == VERDICT_VALID;
    proof->invalid += truth == VERDICT_INVALID;
    for (int engine = 0; engine < ENGINES; engine++) {
        enum verdict said = engine_judge((enum engine)engine, history, proof->model, initial);
        if (said == truth || (said == VERDICT_UNKNOWN && engine == ENGINE_UNLIMITED))
            continue;
        if (proof->flaws++ >= PROOF_SHOWN)
            continue;
        fprintf(stderr, "# FLAW: %s of %s: by definition %s, it says %s\n", engine_names[engine],
                proof->model, verdict_names[truth], verdict_names[said]);
        hist_dump(history);
    }
}
