/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The engines of the search against exhaustive search and against each other: each must come to the
 * verdict by itself, the breadth-first one also where it may keep few configurations at first. */
#include "../../checkers/engine/search.h"
#include "../../checkers/engine/verify.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"register",       "cas-register", "counter",     "set",
                                    "queue",          "stack",        "mutex",       "fenced-lock",
                                    "priority-queue", "key-value",    "append-list", NULL};

enum engine { WGL, LEVELS, NARROW_LEVELS, WIDEST_LEVELS, UNLIMITED_LEVELS, NAIVE, ENGINES };

/* The routine that is asked again of every witness, on all of a history. */
static enum verdict judge_naively(const struct object_source *source, struct budget *budget)
{
    const struct excerpt like = {.history = source->history,
                                 .model = source->model,
                                 .from_ns = INT64_MIN,
                                 .whole = source->places,
                                 .whole_count = source->count};
    static const enum verdict verdicts[] = {[VERIFIED_ILLEGAL] = VERDICT_INVALID,
                                            [VERIFIED_LEGAL] = VERDICT_VALID,
                                            [VERIFIED_UNFINISHED] = VERDICT_UNKNOWN};
    struct excerpt excerpt;

    assert_true(excerpt_init(&excerpt, &like, source->count, budget));
    for (size_t i = 0; i < source->count; i++)
        excerpt_add(&excerpt, source->places[i], 0);
    enum verdict verdict = verdicts[verify_illegal(&excerpt, VERIFY_STEPS_MAX, budget)];
    excerpt_release(&excerpt, budget);
    assert_int_equal(budget->used_bytes, 0);
    return verdict;
}

/* The verdict of one engine on a history of one object. */
static enum verdict judge(const struct history *history, const struct model *model,
                          enum engine engine)
{
    struct search_result result;
    struct levels_options options = {.width = engine == NARROW_LEVELS   ? 1
                                              : engine == WIDEST_LEVELS ? UINT32_C(1) << 29
                                                                        : 64,
                                     .unlimited = engine == UNLIMITED_LEVELS};
    uint32_t places[32];
    struct object_source source = {
        .history = history, .model = model, .places = places, .begin_place = PLACE_NONE};
    struct object object;
    struct budget budget;
    struct err err;

    budget_init(&budget, 0, 0);
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type != OP_FAIL)
            places[source.count++] = (uint32_t)i;
    }
    if (engine == NAIVE)
        return judge_naively(&source, &budget);
    int made = object_init(&object, &source, &budget, &err);
    if (made == 1 && engine == WGL)
        search_wgl(&object, 0, &result);
    else if (made == 1)
        search_levels(&object, &options, &result);
    if (made == 1 && engine == UNLIMITED_LEVELS && result.outcome == SEARCH_SPENT)
        made = 0; /* there is no end to what it allows */
    object_release(&object);
    assert_int_equal(budget.used_bytes, 0);
    if (made != 1)
        return VERDICT_UNKNOWN;
    assert_int_not_equal(result.outcome, SEARCH_SPENT);
    return result.outcome == SEARCH_VALID ? VERDICT_VALID : VERDICT_INVALID;
}

struct comparison {
    const struct model *model;
    uint64_t counts[3];
};

static void compare(void *ctx, struct history *history)
{
    struct comparison *comparison = ctx;
    enum verdict expected =
        brute_check(history, "linearizable", comparison->model->name, VALUE_NIL);

    comparison->counts[expected]++;
    if (expected == VERDICT_UNKNOWN)
        return;
    for (enum engine engine = WGL; engine < ENGINES; engine++) {
        if (engine == UNLIMITED_LEVELS && comparison->model->omit != OMIT_UNSEEN)
            continue;
        enum verdict found = judge(history, comparison->model, engine);
        bool is_right = found == expected || found == VERDICT_UNKNOWN;
        if (engine == UNLIMITED_LEVELS) /* may only find too few violations */
            is_right = is_right || expected == VERDICT_INVALID;
        if (is_right)
            continue;
        fprintf(stderr, "%s, engine %d: %s instead of %s\n", comparison->model->name, (int)engine,
                verdict_names[found], verdict_names[expected]);
        hist_dump(history);
        fail();
    }
}

static bool proving(void)
{
    return getenv("PROVE") != NULL;
}

static void test_search__engines_agree_on_every_small_history(void **state)
{
    (void)state;
    for (size_t i = 0; names[i]; i++) {
        struct comparison comparison = {.model = model_find(names[i])};
        bool is_large = strcmp(names[i], "key-value") == 0;
        struct gen_all space = {.model = names[i],
                                .ops = effort_ops(proving() ? 4 : 3) - is_large,
                                .values = 2,
                                .keys = 1,
                                .real_time = true,
                                .info = true};
        (void)gen_all(&space, compare, &comparison);
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

static void test_search__engines_agree_on_random_histories(void **state)
{
    (void)state;
    const char *seed = getenv("SEED");
    struct rng rng;

    rng_init(&rng, seed ? strtoull(seed, NULL, 0) : 2, 0);
    for (size_t i = 0; names[i]; i++) {
        struct comparison comparison = {.model = model_find(names[i])};
        for (int round = 0; round < (proving() ? 100000 : (int)effort(1500)); round++) {
            struct gen_random space = {.model = names[i],
                                       .ops = 2 + (int)rng_below(&rng, 8),
                                       .processes = 1 + (int)rng_below(&rng, 5),
                                       .keys = 1,
                                       .values = 1 + (int)rng_below(&rng, 3),
                                       .info_pct = (int)rng_below(&rng, 3) * 20,
                                       .fail_pct = 5,
                                       .still_pct = (int)rng_below(&rng, 3) * 20};
            struct hist *hist = hist_new("");
            gen_valid(&rng, &space, &hist->history);
            for (uint64_t k = rng_below(&rng, 3); k > 0; k--)
                gen_damage(&rng, &hist->history);
            compare(&comparison, &hist->history);
            hist_free(hist);
        }
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

static void test_search__the_naive_routine_does_not_wait_for_what_does_nothing(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 add _ 0 @ 0 1\n"
                                 "p0 add _ 2 @ 2 3\n"
                                 "p0 read _ -> 2 @ 4 5\n");
    assert_int_equal(judge(&hist->history, model_find("counter"), NAIVE), VERDICT_VALID);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__engines_agree_on_every_small_history),
        cmocka_unit_test(test_search__engines_agree_on_random_histories),
        cmocka_unit_test(test_search__the_naive_routine_does_not_wait_for_what_does_nothing),
    };
    return cmocka_run_group_tests_name("engine/search", tests, NULL, NULL);
}
