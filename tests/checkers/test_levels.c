/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/levels: the engines against the naive search on more operations than the brute
 * force of `make prove` takes, compare-and-set included; little memory; and explanations.
 *
 * PROVE=1 in the environment: a hundred times as many histories.
 */
#include "../../checkers/levels/naive.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/judged.h"
#include "../lib/stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int scaled(int count)
{
    return getenv("PROVE") ? count * 100 : (int)effort((unsigned long)count);
}

/* Another answer for a few reads: some value of the key, or nil. */
static void damage(struct rng *rng, struct history *history, int reads)
{
    for (int tries = 0; reads > 0 && tries < 100; tries++) {
        struct op *read = &history->ops[rng_below(rng, history->count)];
        const struct op *other = &history->ops[rng_below(rng, history->count)];
        if (read->f != OP_F_READ || read->type != OP_OK || other->key != read->key)
            continue;
        if (other->f == OP_F_READ)
            read->out = VALUE_NIL;
        else
            read->out = other->f == OP_F_WRITE ? other->in : other->in2;
        reads--;
    }
}

static struct hist *make_history(struct rng *rng, uint64_t seed, int ops)
{
    struct store_space space = {.kind = (enum store_kind)rng_below(rng, STORE_KINDS),
                                .ops = ops,
                                .processes = 2 + (int)rng_below(rng, 4),
                                .keys = 1 + (int)rng_below(rng, 3),
                                .late_pct = 20 + (int)rng_below(rng, 70),
                                .cas_pct = (int)rng_below(rng, 3) * 25,
                                .info_pct = (int)rng_below(rng, 2) * 15,
                                .seed = seed};
    struct hist *hist = hist_new("");

    store_fill(&space, &hist->history);
    damage(rng, &hist->history, (int)rng_below(rng, 4));
    return hist;
}

static enum opinion naive_on_all(enum weak_level level, const struct history *history)
{
    uint32_t *places = malloc((history->count + 1) * sizeof *places);
    struct budget budget;

    for (size_t i = 0; i < history->count; i++)
        places[i] = (uint32_t)i;
    budget_init(&budget, 0, 0);
    enum opinion opinion =
        naive_opinion(level, history, places, history->count, VALUE_NIL, &budget);
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
    free(places);
    return opinion;
}

/* Compare; whether the naive search came to an end. */
static bool agree(enum weak_level level, const struct history *history)
{
    struct check_options options = {.threads = 1};
    struct finding finding;
    struct budget budget;
    struct err err;
    enum opinion opinion = naive_on_all(level, history);

    if (opinion == OPINION_NONE)
        return false;
    budget_init(&budget, 0, 0);
    finding_init(&finding);
    assert_int_equal(
        checker_find(weak_level_names[level])->check(history, &options, &budget, &finding, &err),
        0);
    enum verdict expected = opinion == OPINION_HOLDS ? VERDICT_VALID : VERDICT_INVALID;
    bool witnessed = true;
    for (size_t i = 0; i < finding.anomaly_count; i++)
        witnessed = witnessed && finding.anomalies[i].verified;
    if (finding.valid != expected || !witnessed) {
        hist_dump(history);
        fail_msg("%s: naively %s, by the engine %s: %s", weak_level_names[level],
                 verdict_names[expected], verdict_names[finding.valid], finding.reason);
    }
    finding_release(&finding);
    return true;
}

static void compare_all(int ops_min, int ops_max, int histories)
{
    uint64_t compared[WEAK_LEVELS] = {0};

    for (int i = 0; i < scaled(histories); i++) {
        struct rng rng;
        rng_init(&rng, 17, (uint64_t)i);
        int ops = ops_min + (int)rng_below(&rng, (uint64_t)(ops_max - ops_min + 1));
        struct hist *hist = make_history(&rng, (uint64_t)i, ops);
        for (enum weak_level level = 0; level < WEAK_LEVELS; level++)
            compared[level] += agree(level, &hist->history);
        hist_free(hist);
    }
    for (enum weak_level level = 0; level < WEAK_LEVELS; level++)
        assert_true(compared[level] * 2 > (uint64_t)scaled(histories));
}

static void test_levels__engines_agree_with_the_naive_search(void **state)
{
    (void)state;
    compare_all(5, 12, 1500);
}

static void test_levels__also_on_more_operations(void **state)
{
    (void)state;
    compare_all(13, 18, 60);
}

/* Whatever the memory: the right verdict, or unknown for want of it; and all of it given back. */
static void test_levels__little_memory_is_unknown(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct rng rng;
        rng_init(&rng, 23, (uint64_t)i);
        struct hist *hist = make_history(&rng, (uint64_t)i, 60);
        for (enum weak_level level = 0; level < WEAK_LEVELS; level++) {
            const struct checker *checker = checker_find(weak_level_names[level]);
            struct check_options options = {.threads = 1};
            enum verdict verdict = VERDICT_UNKNOWN;
            for (size_t limit = 2000000; limit > 64; limit -= limit / 8 + 1) {
                struct finding finding;
                struct budget budget;
                struct err err;
                budget_init(&budget, 0, limit);
                finding_init(&finding);
                assert_int_equal(checker->check(&hist->history, &options, &budget, &finding, &err),
                                 0);
                if (limit == 2000000)
                    verdict = finding.valid;
                if (finding.valid != VERDICT_UNKNOWN)
                    assert_int_equal(finding.valid, verdict);
                assert_int_equal(atomic_load(&budget.used_bytes), 0);
                finding_release(&finding);
            }
            assert_int_not_equal(verdict, VERDICT_UNKNOWN);
        }
        hist_free(hist);
    }
}

static void test_levels__a_spent_budget_is_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 1\np0 read x -> 1 @ 2 3");
    for (enum weak_level level = 0; level < WEAK_LEVELS; level++) {
        struct check_options options = {.threads = 1};
        struct finding finding;
        struct budget budget;
        struct err err;
        budget_init(&budget, 0, 0);
        budget_stop(&budget);
        finding_init(&finding);
        assert_int_equal(checker_find(weak_level_names[level])
                             ->check(&hist->history, &options, &budget, &finding, &err),
                         0);
        assert_int_equal(finding.valid, VERDICT_UNKNOWN);
        assert_string_equal(finding.reason, "stopped");
        finding_release(&finding);
    }
    hist_free(hist);
}

/* A witness is sound only together with all that may have written what it reads. */
static void test_levels__the_naive_search_refuses_half_a_witness(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 1\np0 write x 2 @ 2 3\np1 write x 1 @ 0 1\n"
                                 "p1 read x -> 1 @ 4 5\np2 read x -> nil @ 0 1");
    uint32_t without_writers[] = {4}, with_one[] = {0, 4}, with_both[] = {0, 1, 4};
    struct budget budget;

    budget_init(&budget, 0, 0);
    assert_int_equal(naive_opinion(WEAK_CC, &hist->history, without_writers, 1, VALUE_NIL, &budget),
                     OPINION_UNSOUND);
    assert_int_equal(naive_opinion(WEAK_CC, &hist->history, with_one, 2, VALUE_NIL, &budget),
                     OPINION_UNSOUND);
    assert_int_equal(naive_opinion(WEAK_CC, &hist->history, with_both, 3, VALUE_NIL, &budget),
                     OPINION_HOLDS);
    hist_free(hist);
}

static void test_levels__an_explanation_tells_the_whole_argument(void **state)
{
    (void)state;
    struct judged *judged =
        judged_new("causal", "p0 write z 1 @ 0 1000\np0 write x 1 @ 2000 3000\n"
                             "p0 write y 1 @ 4000 5000\np1 write x 2 @ 0 1000\n"
                             "p1 read z -> nil @ 2000 3000\np1 read y -> 1 @ 6000 7000\n"
                             "p1 read x -> 2 @ 8000 9000");
    assert_string_equal(
        judged->finding.anomalies[0].explanation,
        "No order of all writes explains what process 1 read. Operation 4 (process 0 wrote 1 to "
        "\"x\" at 0.000002 s) comes before operation 12 (process 1 read 2 from \"x\" at 0.000008 "
        "s): process 0 did operation 4 before operation 8 (process 0 wrote 1 to \"y\" at 0.000004 "
        "s), operation 10 (process 1 read 1 from \"y\" at 0.000006 s) read what was written by "
        "operation 8, process 1 did operation 10 before operation 12. Operation 12 read what was "
        "written by operation 1 (process 1 wrote 2 to \"x\" at 0.000000 s), so operation 4 comes "
        "before operation 1. Operation 0 (process 0 wrote 1 to \"z\" at 0.000000 s) comes before "
        "operation 5 (process 1 read nil from \"z\" at 0.000002 s): process 0 did operation 0 "
        "before operation 4, operation 4 comes before operation 1, process 1 did operation 1 "
        "before operation 5. But operation 5 read the initial value.");
    judged_free(judged);
}

/* Sessions are looked at side by side where there are many operations. */
static void test_levels__threads_find_the_same(void **state)
{
    (void)state;
    for (int stale = 0; stale < 2; stale++) {
        struct store_space space = {
            .kind = STORE_ORDERED, .ops = 50000, .processes = 7, .keys = 20, .late_pct = 50};
        char first[256] = "";
        struct hist *hist = hist_new("");
        store_fill(&space, &hist->history);
        for (size_t i = hist->history.count - 100; stale; i--) {
            struct op *op = &hist->history.ops[i];
            if (op->f == OP_F_READ && op->type == OP_OK && op->out != VALUE_NIL) {
                op->out = VALUE_NIL;
                break;
            }
        }
        for (int threads = 1; threads <= 4; threads += 3) {
            struct check_options options = {.threads = threads};
            struct finding finding;
            struct budget budget;
            struct err err;
            budget_init(&budget, 0, 0);
            finding_init(&finding);
            assert_int_equal(
                checker_find("ccv")->check(&hist->history, &options, &budget, &finding, &err), 0);
            assert_int_equal(finding.valid, stale ? VERDICT_INVALID : VERDICT_VALID);
            assert_int_equal(atomic_load(&budget.used_bytes), 0);
            if (stale && threads == 1)
                (void)snprintf(first, sizeof first, "%s", finding.anomalies[0].explanation);
            else if (stale)
                assert_int_equal(strncmp(first, finding.anomalies[0].explanation, 255), 0);
            finding_release(&finding);
        }
        hist_free(hist);
    }
}

static void test_levels__a_read_from_the_future_is_a_warning(void **state)
{
    (void)state;
    struct judged *judged = judged_new("causal", "p1 read x -> 1 @ 0 1\np0 write x 1 @ 2 3");
    assert_int_equal(judged->finding.valid, VERDICT_VALID);
    assert_non_null(strstr(judged->finding.details.ptr, "before the write of their value"));
    judged_free(judged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels__engines_agree_with_the_naive_search),
        cmocka_unit_test(test_levels__also_on_more_operations),
        cmocka_unit_test(test_levels__little_memory_is_unknown),
        cmocka_unit_test(test_levels__a_spent_budget_is_unknown),
        cmocka_unit_test(test_levels__the_naive_search_refuses_half_a_witness),
        cmocka_unit_test(test_levels__an_explanation_tells_the_whole_argument),
        cmocka_unit_test(test_levels__threads_find_the_same),
        cmocka_unit_test(test_levels__a_read_from_the_future_is_a_warning),
    };
    return cmocka_run_group_tests_name("checkers/levels", tests, NULL, NULL);
}
