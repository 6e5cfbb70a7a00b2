/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of lib/gen*.c with lib/brute.c: what is valid by construction is so by definition, what
 * must be broken is, and the brute force's one shortcut changes nothing. */
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <string.h>

static const char *const models[] = {
    "register",    "cas-register",   "counter",   "set",       "append-list", "queue",
    "stack",       "priority-queue", "mutex",     "semaphore", "fenced-lock", "reentrant-lock",
    "owned-mutex", "multi-register", "key-value",
};

static void expect(const struct history *history, const char *level, const char *model,
                   enum verdict expected)
{
    enum verdict verdict = brute_check(history, level, model, VALUE_NIL);
    if (verdict == expected || verdict == VERDICT_UNKNOWN)
        return;
    hist_dump(history);
    fail_msg("%s %s is %s", level, model, verdict_names[verdict]);
}

static void test_gen__working_objects_are_linearizable(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        for (uint64_t seed = 0; seed < 300; seed++) {
            struct gen_random space = {.model = models[m],
                                       .ops = 8,
                                       .processes = 1 + (int)(seed % 4),
                                       .keys = 1 + (int)(seed % 2),
                                       .values = (int)(seed % 3),
                                       .info_pct = 15,
                                       .fail_pct = 10,
                                       .still_pct = 30};
            struct hist *hist = hist_new("");
            struct rng rng;
            rng_init(&rng, seed, 0);
            gen_valid(&rng, &space, &hist->history);
            assert_int_equal(hist->history.count, 8);
            expect(&hist->history, "linearizable", models[m], VERDICT_VALID);
            expect(&hist->history, "sequential", models[m], VERDICT_VALID);
            hist_free(hist);
        }
    }
}

static void test_gen__weak_stores_keep_their_level(void **state)
{
    (void)state;
    static const char *const levels[GEN_STORES] = {"causal", "ccv", "pram", "read-your-writes"};
    for (int store = 0; store < GEN_STORES; store++) {
        for (uint64_t seed = 0; seed < 300; seed++) {
            struct gen_random space = {
                .ops = 9, .processes = 3, .keys = 2, .info_pct = 10, .lag_pct = 75};
            struct hist *hist = hist_new("");
            struct rng rng;
            rng_init(&rng, seed, 0);
            gen_weak(&rng, &space, (enum gen_store)store, &hist->history);
            expect(&hist->history, levels[store], "register", VERDICT_VALID);
            hist_free(hist);
        }
    }
}

static void test_gen__a_stale_read_breaks_the_level(void **state)
{
    (void)state;
    static const char *const levels[] = {
        "linearizable",
        "sequential",
        "causal",
        "ccv",
        "cc",
        "pram",
        "read-your-writes",
        "monotonic-reads",
        "monotonic-writes",
        "writes-follow-reads",
    };
    int added = 0;
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        for (uint64_t seed = 0; seed < 100; seed++) {
            struct gen_random space = {.model = "register", .ops = 8, .processes = 2, .keys = 1};
            struct hist *hist = hist_new("");
            struct rng rng;
            rng_init(&rng, seed, 0);
            gen_valid(&rng, &space, &hist->history);
            if (gen_add_stale_read(&rng, levels[l], &hist->history)) {
                added++;
                expect(&hist->history, levels[l], "register", VERDICT_INVALID);
            }
            hist_free(hist);
        }
    }
    assert_true(added > 500);
}

static void test_gen__damage_and_noise_are_histories(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5000; seed++) {
        struct gen_random space = {.model = models[seed % (sizeof models / sizeof *models)],
                                   .ops = 1 + (int)(seed % 9),
                                   .processes = 1 + (int)(seed % 3),
                                   .keys = 1 + (int)(seed % 2),
                                   .values = (int)(seed % 3),
                                   .info_pct = 10,
                                   .fail_pct = 10,
                                   .still_pct = 30};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, seed, 0);
        if (seed % 2)
            gen_noise(&rng, &space, &hist->history);
        else
            gen_valid(&rng, &space, &hist->history);
        for (int i = 0; i < 4 && hist->history.count > 1; i++)
            gen_damage(&rng, &hist->history);
        for (int change = 0; change < GEN_CHANGES; change++) {
            struct hist *copy = hist_new("");
            gen_retell(&rng, &hist->history, (enum gen_change)change, &copy->history);
            assert_int_equal(copy->history.count, hist->history.count);
            hist_free(copy);
        }
        hist_free(hist);
    }
}

/* -- the literal definitions ----------------------------------------------------------------- */

static void compare_literally(void *ctx, struct history *history)
{
    static const char *const levels[] = {"cc", "ccv", "causal"};
    for (size_t i = 0; i < 3; i++) {
        enum verdict literal = brute_check_literally(history, levels[i], VALUE_NIL);
        expect(history, levels[i], "register", literal);
    }
    (*(int *)ctx)++;
}

static void test_brute__fewer_causal_orders_decide_the_same(void **state)
{
    (void)state;
    int count = 0;
    struct gen_all distinct = {.ops = 3, .processes = 3, .keys = 2, .info = true};
    (void)gen_all_distinct(&distinct, compare_literally, &count);
    struct gen_all repeated = {
        .model = "register", .ops = 4, .processes = 3, .keys = 1, .values = 1, .info = false};
    (void)gen_all(&repeated, compare_literally, &count);
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct gen_random space = {
            .model = "register", .ops = 5, .processes = 2, .keys = 1, .values = 2};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, seed, 0);
        gen_noise(&rng, &space, &hist->history);
        compare_literally(&count, &hist->history);
        hist_free(hist);
    }
    assert_true(count > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gen__working_objects_are_linearizable),
        cmocka_unit_test(test_gen__weak_stores_keep_their_level),
        cmocka_unit_test(test_gen__a_stale_read_breaks_the_level),
        cmocka_unit_test(test_gen__damage_and_noise_are_histories),
        cmocka_unit_test(test_brute__fewer_causal_orders_decide_the_same),
    };
    return cmocka_run_group_tests_name("lib/gen", tests, NULL, NULL);
}
