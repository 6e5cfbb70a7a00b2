/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A sample of `make prove` in seconds: every level's checker against the brute force. */
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"
#include "../lib/levels.h"
#include "../lib/proof.h"

#include <string.h>

static const char *const models[] = {
    "register",    "cas-register",   "counter",   "set",       "append-list", "queue",
    "stack",       "priority-queue", "mutex",     "semaphore", "fenced-lock", "reentrant-lock",
    "owned-mutex", "multi-register", "key-value",
};

static void compare(void *ctx, struct history *history)
{
    proof_compare(ctx, history);
}

static void expect_no_flaws(const struct proof *proof)
{
    if (proof->flaws)
        fail_msg("%s of %s: flaws", proof->level, proof->model);
}

static void sample_random(struct proof *proof, uint64_t rounds)
{
    for (uint64_t round = 0; round < rounds; round++) {
        struct gen_random space = {.model = proof->model,
                                   .ops = 3 + (int)(round % 5),
                                   .processes = 1 + (int)(round % 4),
                                   .keys = 1 + (int)(round % 3 == 0),
                                   .values = (int)(round % 3),
                                   .info_pct = 15,
                                   .fail_pct = 10,
                                   .still_pct = 25};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, 7, round);
        if (round % 2)
            gen_valid(&rng, &space, &hist->history);
        else
            gen_noise(&rng, &space, &hist->history);
        if (round % 4 == 1)
            gen_damage(&rng, &hist->history);
        proof_compare(proof, &hist->history);
        if (round % 20 == 0)
            proof_retell(proof, &rng, &hist->history);
        hist_free(hist);
    }
}

/* Linearizable and sequential, of every model. */
static void test_prove_sample__one_order(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        for (int level = LEVEL_LINEARIZABLE; level <= LEVEL_SEQUENTIAL; level++) {
            struct proof proof;
            if (!proof_begin(&proof, level_names[level], models[m], 0))
                continue;
            for (int ops = 1; ops <= 2; ops++) {
                struct gen_all space = {.model = models[m],
                                        .ops = ops,
                                        .processes = 2,
                                        .keys = 1,
                                        .values = 2,
                                        .real_time = level == LEVEL_LINEARIZABLE,
                                        .info = true,
                                        .fail = true};
                (void)gen_all(&space, compare, &proof);
            }
            sample_random(&proof, effort(1000));
            expect_no_flaws(&proof);
        }
    }
}

/* All levels, of reads and writes with distinct values. */
static void test_prove_sample__many_orders(void **state)
{
    (void)state;
    for (int level = LEVEL_SEQUENTIAL; level < LEVELS; level++) {
        struct proof proof;
        if (!proof_begin(&proof, level_names[level], "register", 0))
            continue;
        for (int ops = 1; ops <= 3; ops++) {
            struct gen_all space = {.ops = ops, .processes = 3, .keys = 2, .info = true};
            (void)gen_all_distinct(&space, compare, &proof);
        }
        for (uint64_t round = 0; round < effort(3000); round++) {
            struct gen_random space = {.ops = 4 + (int)(round % 5),
                                       .processes = 3,
                                       .keys = 2,
                                       .info_pct = 5,
                                       .lag_pct = 70};
            struct hist *hist = hist_new("");
            struct rng rng;
            rng_init(&rng, 11, round);
            gen_weak(&rng, &space, (enum gen_store)(round % GEN_STORES), &hist->history);
            if (round % 3 == 0)
                gen_damage(&rng, &hist->history);
            proof_compare(&proof, &hist->history);
            hist_free(hist);
        }
        sample_random(&proof, effort(500));
        expect_no_flaws(&proof);
    }
}

static void test_prove_sample__a_stale_read_is_found_at_any_size(void **state)
{
    (void)state;
    for (int level = 0; level < LEVELS; level++) {
        for (int ops = 100; ops <= 10 + (int)effort(10000); ops *= 10) {
            struct gen_random space = {
                .model = "register", .ops = ops, .processes = 6, .keys = 2, .info_pct = 2};
            struct proof proof;
            struct hist *hist;
            struct rng rng;
            if (!proof_begin(&proof, level_names[level], "register", 0))
                continue;
            hist = hist_new("");
            rng_init(&rng, 3, (uint64_t)ops);
            gen_valid(&rng, &space, &hist->history);
            proof_demand(&proof, &hist->history, VERDICT_VALID, "a register that works");
            assert_true(gen_add_stale_read(&rng, level_names[level], &hist->history));
            proof_demand(&proof, &hist->history, VERDICT_INVALID, "a stale read was added");
            hist_free(hist);
            expect_no_flaws(&proof);
        }
    }
}

/* Cas and unknown outcomes too, in no time: distinct values need no search. */
static void test_prove_sample__distinct_values_take_no_search(void **state)
{
    (void)state;
    struct gen_random space = {.model = "cas-register",
                               .ops = 20000,
                               .processes = 40,
                               .keys = 1,
                               .info_pct = 5,
                               .fail_pct = 5};
    struct hist *hist = hist_new("");
    struct proof proof;
    struct rng rng;

    assert_true(proof_begin(&proof, "linearizable", "cas-register", 0));
    proof.limit_ns = INT64_C(10000000000);
    rng_init(&rng, 5, 0);
    gen_valid(&rng, &space, &hist->history);
    proof_demand(&proof, &hist->history, VERDICT_VALID, "a register that works");
    assert_true(gen_add_stale_read(&rng, "linearizable", &hist->history));
    proof_demand(&proof, &hist->history, VERDICT_INVALID, "a stale read was added");
    hist_free(hist);
    expect_no_flaws(&proof);
}

/* What is wrong is seen: the machinery above can fail. */
static int says_valid(const struct history *history, const struct check_options *options,
                      struct budget *budget, struct finding *finding, struct err *err)
{
    (void)history, (void)options, (void)budget, (void)err;
    finding_set(finding, VERDICT_VALID, "%s", "");
    return 0;
}

static void test_prove_sample__a_wrong_checker_is_caught(void **state)
{
    (void)state;
    static const struct checker wrong = {
        .name = "linearizable", .about = "wrong", .is_level = true, .check = says_valid};
    struct proof proof = {.level = "linearizable", .model = "register", .checker = &wrong};
    struct hist *hist = hist_new("p0 write x 1 @ 0 10\np1 read x -> nil @ 11 20");

    proof.flaws = PROOF_SHOWN; /* say nothing */
    proof_compare(&proof, &hist->history);
    assert_int_equal(proof.flaws, PROOF_SHOWN + 1);
    proof_demand(&proof, &hist->history, VERDICT_INVALID, "stale");
    assert_int_equal(proof.flaws, PROOF_SHOWN + 2);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prove_sample__one_order),
        cmocka_unit_test(test_prove_sample__many_orders),
        cmocka_unit_test(test_prove_sample__a_stale_read_is_found_at_any_size),
        cmocka_unit_test(test_prove_sample__distinct_values_take_no_search),
        cmocka_unit_test(test_prove_sample__a_wrong_checker_is_caught),
    };
    return cmocka_run_group_tests_name("checkers/prove_sample", tests, NULL, NULL);
}
