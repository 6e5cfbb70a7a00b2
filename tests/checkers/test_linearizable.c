/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/linearizable.c: against exhaustive search on every small history and on random
 * ones, and the definitions that are easy to get wrong, each as a story. PROVE=1 tries many more.
 */
#include "../../harness/checker.h"
#include "../../harness/model.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct checker checker_linearizable;

static const char *const all_models[] = {
    "register",    "cas-register",   "counter",     "set",
    "append-list", "queue",          "stack",       "priority-queue",
    "mutex",       "reentrant-lock", "fenced-lock", NULL};

static enum verdict judge(const struct history *history, const char *model, const char *initial,
                          struct finding *finding)
{
    struct check_options options = {.model = model, .initial = initial, .threads = 1};
    struct budget budget;
    struct err err;

    budget_init(&budget, 0, 0);
    finding_init(finding);
    assert_int_equal(checker_linearizable.check(history, &options, &budget, finding, &err), 0);
    assert_int_equal(budget.used_bytes, 0);
    for (size_t i = 0; i < finding->anomaly_count; i++)
        assert_true(finding->anomalies[i].verified);
    if (finding->valid == VERDICT_INVALID)
        assert_true(finding->anomaly_count > 0);
    return finding->valid;
}

/* -- against exhaustive search ---------------------------------------------------------------- */

struct comparison {
    const char *model;
    uint64_t counts[3];
};

static void compare(void *ctx, struct history *history)
{
    struct comparison *comparison = ctx;
    struct finding finding;
    enum verdict expected = brute_check(history, "linearizable", comparison->model, VALUE_NIL);
    enum verdict found = judge(history, comparison->model, NULL, &finding);

    comparison->counts[expected]++;
    /* Damage may swap a list for a number: no answer of this model, and so no verdict on it. */
    bool no_answer = expected == VERDICT_INVALID && found == VERDICT_UNKNOWN &&
                     strstr(finding.reason, "is not a");
    bool too_coarse = expected == VERDICT_INVALID && found == VERDICT_UNKNOWN &&
                      strstr(finding.reason, "equal time stamps");
    if (found != expected && !no_answer && !too_coarse) {
        fprintf(stderr, "%s: found %s (%s), expected %s\n", comparison->model, verdict_names[found],
                finding.reason, verdict_names[expected]);
        hist_dump(history);
        fail();
    }
    finding_release(&finding);
}

static bool proving(void)
{
    return getenv("PROVE") != NULL;
}

static void test_linearizable__agrees_on_every_small_history(void **state)
{
    (void)state;
    for (size_t i = 0; all_models[i]; i++) {
        struct comparison comparison = {.model = all_models[i]};
        struct gen_all space = {.model = all_models[i],
                                .ops = 3,
                                .values = 2,
                                .keys = 1,
                                .real_time = true,
                                .info = true,
                                .fail = proving()};
        (void)gen_all(&space, compare, &comparison);
        if (proving()) {
            space.ops = 4;
            space.fail = false;
            (void)gen_all(&space, compare, &comparison);
        }
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

static void random_history(struct rng *rng, const char *model, struct history *history)
{
    struct gen_random space = {.model = model,
                               .ops = 2 + (int)rng_below(rng, 7),
                               .processes = 1 + (int)rng_below(rng, 4),
                               .keys = 1 + (int)(rng_below(rng, 4) == 0),
                               .values = (int)rng_below(rng, 4),
                               .info_pct = (int)rng_below(rng, 3) * 20,
                               .fail_pct = (int)rng_below(rng, 2) * 10,
                               .still_pct = (int)rng_below(rng, 3) * 30};

    if (rng_below(rng, 3) == 0) {
        gen_noise(rng, &space, history);
        return;
    }
    gen_valid(rng, &space, history);
    for (uint64_t i = rng_below(rng, 3); i > 0; i--)
        gen_damage(rng, history);
}

static void test_linearizable__agrees_on_random_histories(void **state)
{
    (void)state;
    int rounds = proving() ? 200000 : (int)effort(1500);
    const char *seed = getenv("SEED");
    struct rng rng;

    rng_init(&rng, seed ? strtoull(seed, NULL, 0) : 1, 0);
    for (size_t i = 0; all_models[i]; i++) {
        struct comparison comparison = {.model = all_models[i]};
        for (int round = 0; round < rounds; round++) {
            struct budget budget;
            struct history history;
            budget_init(&budget, 0, 0);
            history_init(&history, &budget);
            random_history(&rng, all_models[i], &history);
            compare(&comparison, &history);
            history_release(&history);
        }
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linearizable__agrees_on_every_small_history),
        cmocka_unit_test(test_linearizable__agrees_on_random_histories),
    };
    return cmocka_run_group_tests_name("checkers/linearizable", tests, NULL, NULL);
}
