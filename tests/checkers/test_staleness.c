/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of staleness.c: delta and k against the definitions, and on examples; the worst reads
 * named.
 */
#include "../../checkers/staleness/stale.h"
#include "../lib/brute_stale.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/judged.h"

#include <stdlib.h>
#include <string.h>

static void expect(const char *story, enum verdict verdict, const char *details)
{
    struct judged *judged = judged_new("staleness", story);

    if (judged->finding.valid != verdict || !strstr(judged->finding.details.ptr, details))
        fail_msg("%s: %s: %s for\n%s", verdict_names[judged->finding.valid], judged->finding.reason,
                 judged->finding.details.ptr, story);
    judged_free(judged);
}

static void test_staleness__fresh_reads_are_delta_0_and_k_1(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np1 read x -> 1 @ 5 20\np1 read x -> 1 @ 30 40", VERDICT_VALID,
           "\"delta_ns\":0,\"delta_least_ns\":0,\"k\":1,\"k_least\":1,\"k_most\":1");
}

static void test_staleness__delta_counts_from_when_the_newer_value_was_in_place(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> 1 @ 75 90", VERDICT_VALID,
           "\"delta_ns\":45,\"delta_least_ns\":45,\"k\":2");
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 80\np2 read x -> 2 @ 25 31\n"
           "p1 read x -> 1 @ 75 90",
           VERDICT_VALID, "\"delta_ns\":44,");
}

static void test_staleness__equal_times_are_concurrent(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> 1 @ 30 90", VERDICT_VALID,
           "\"delta_ns\":0,");
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> 1 @ 31 90", VERDICT_VALID,
           "\"delta_ns\":1,");
}

static void test_staleness__versions_are_exact_up_to_2(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> 1 @ 40 50\n"
           "p2 read x -> 2 @ 60 70\np2 read x -> 1 @ 80 90",
           VERDICT_VALID, "\"k\":2,\"k_least\":2,\"k_most\":2");
    /* Three writes at once: only some orders leave both reads one write behind. */
    expect("p0 write x 1 @ 0 10\np1 write x 2 @ 0 10\np2 write x 3 @ 0 10\n"
           "p3 read x -> 1 @ 20 30\np3 read x -> 2 @ 40 50\np3 read x -> 1 @ 60 70",
           VERDICT_VALID, "\"k\":2,");
    /* Each of the three may be read after both others: none is among the two latest for all. */
    expect("p0 write x 1 @ 0 10\np1 write x 2 @ 0 10\np2 write x 3 @ 0 10\n"
           "p3 read x -> 1 @ 20 30\np4 read x -> 2 @ 20 30\np5 read x -> 3 @ 20 30",
           VERDICT_VALID, "\"k\":3,\"k_least\":3,\"k_most\":3");
}

static void test_staleness__many_versions_are_bounded(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np0 write x 3 @ 40 50\n"
           "p0 write x 4 @ 60 70\np1 read x -> 1 @ 80 90",
           VERDICT_VALID, "\"k\":4,\"k_least\":4,\"k_most\":4");
}

static void test_staleness__the_initial_value_counts_as_the_first(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> nil @ 40 50", VERDICT_VALID,
           "\"delta_ns\":30,\"delta_least_ns\":30,\"k\":3");
}

static void test_staleness__unknown_writes_count_if_they_were_seen(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np1 write x 2 @ 20 ?\np2 read x -> 1 @ 40 50", VERDICT_VALID,
           "\"delta_ns\":0,");
    expect("p0 write x 1 @ 0 10\np1 write x 2 @ 20 ?\np2 read x -> 2 @ 30 35\n"
           "p2 read x -> 1 @ 40 50",
           VERDICT_VALID, "\"delta_ns\":5,\"delta_least_ns\":5,\"k\":2");
}

static void test_staleness__failed_writes_and_unknown_reads_count_for_nothing(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np1 write x 2 @ 20 30 fail\np2 read x -> 1 @ 40 50\n"
           "p3 read x @ 60 ?",
           VERDICT_VALID, "\"delta_ns\":0,");
}

static void test_staleness__a_cas_stays_with_what_it_found(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np1 cas x 1 2 @ 20 30\np2 read x -> 1 @ 45 50", VERDICT_VALID,
           "\"delta_ns\":15,\"delta_least_ns\":15,\"k\":null,\"k_least\":2,\"k_most\":null");
    expect("p0 write x 1 @ 0 10\np1 cas x 1 2 @ 20 30\np1 cas x 2 3 @ 35 38\n"
           "p2 read x -> 1 @ 45 50",
           VERDICT_VALID, "\"k\":null,\"k_least\":3,\"k_most\":null");
    expect("p0 write x 1 @ 0 10\np1 write x 5 @ 12 15\np1 cas x 1 2 @ 20 30", VERDICT_UNKNOWN,
           "\"delta_ns\":null");
    expect("p0 write x 1 @ 0 10\np1 cas x 1 2 @ 20 30\np1 cas x 1 3 @ 40 50", VERDICT_UNKNOWN,
           "\"delta_ns\":null");
}

static void test_staleness__keys_are_measured_apart_and_the_worst_counts(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write y 2 @ 20 30\np1 read x -> 1 @ 40 50\n"
           "p1 read y -> nil @ 60 70",
           VERDICT_VALID, "\"delta_ns\":30,\"delta_least_ns\":30,\"k\":2");
}

static void test_staleness__what_nobody_wrote_is_a_violation(void **state)
{
    (void)state;
    expect_witness("staleness", "p0 write x 1 @ 0 10\np1 read x -> 7 @ 20 30", "thin-air-read", 1);
    expect_witness("staleness", "p1 read x -> 1 @ 0 10\np0 write x 1 @ 11 30", "read-before-write",
                   2);
    expect("p1 read x -> 1 @ 0 10\np0 write x 1 @ 10 30", VERDICT_VALID, "\"delta_ns\":0,");
}

static void test_staleness__repeated_values_and_other_objects_are_unknown(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 1 @ 20 30\np1 read y -> nil @ 40 50\n"
           "p2 write y 5 @ 0 10",
           VERDICT_UNKNOWN, "\"delta_ns\":null,\"delta_least_ns\":30,\"k\":null,\"k_least\":2");
    expect_verdict("staleness", "p0 enqueue q 1 @ 0 10", VERDICT_UNKNOWN);
    expect_verdict("staleness", "p0 write x 1 @ 0 ?", VERDICT_UNKNOWN);
    expect_verdict("staleness", "", VERDICT_UNKNOWN);
}

static void test_staleness__the_worst_reads_are_named_in_a_sentence(void **state)
{
    (void)state;
    struct judged *judged =
        judged_new("staleness", "p0 write x 1 @ 0 1000\np0 write x 2 @ 2000 3000\n"
                                "p0 write x 3 @ 4000 5000\np1 read x -> 1 @ 9000 10000");
    assert_string_equal(judged->finding.reason,
                        "delta = 0.000006 s, k = 3; the worst: operation 6 (process 1 read 1 from "
                        "\"x\" between 0.000009 s and 0.00001 s) came 0.000006 s after 2 was in "
                        "place (written by operation 2), behind 2 newer writes");
    assert_non_null(strstr(judged->finding.details.ptr,
                           "\"worst\":[{\"op\":6,\"key\":\"x\",\"value\":1,\"process\":1,"
                           "\"invoked_ns\":9000,\"completed_ns\":10000,\"late_ns\":6000,"
                           "\"newer_writes\":2,\"newer\":[2,4],\"explanation\":"));
    judged_free(judged);
}

/* -- against the definitions ------------------------------------------------------------------- */

static void compare(void *ctx, struct history *history)
{
    (void)ctx;
    const char *flaw = brute_stale_compare(history, VALUE_NIL);

    if (flaw) {
        hist_dump(history);
        fail_msg("%s", flaw);
    }
}

static void test_staleness__all_small_histories_as_defined(void **state)
{
    (void)state;
    for (int ops = 1; ops <= 3; ops++) {
        struct gen_all space = {.model = ops < 3 ? "cas-register" : "register",
                                .ops = ops,
                                .processes = 3,
                                .keys = 1,
                                .values = 2,
                                .real_time = true,
                                .info = true,
                                .fail = ops < 3};
        (void)gen_all(&space, compare, NULL);
    }
}

static void test_staleness__random_histories_as_defined(void **state)
{
    (void)state;
    brute_stale_counts = (struct brute_stale_counts){0};
    for (uint64_t round = 0; round < effort(6000); round++) {
        struct gen_random space = {.model = round % 4 ? "register" : "cas-register",
                                   .ops = 4 + (int)(round % 5),
                                   .processes = 1 + (int)(round % 7),
                                   .keys = 1 + (int)(round % 5 == 0),
                                   .info_pct = (int)(round % 2) * 15,
                                   .fail_pct = 5,
                                   .still_pct = (int)(round % 3) * 20,
                                   .lag_pct = 80};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, 19, round);
        if (round % 3 == 0)
            gen_noise(&rng, &space, &hist->history);
        else if (round % 3 == 1)
            gen_valid(&rng, &space, &hist->history);
        else
            gen_weak(&rng, &space, GEN_ANY, &hist->history);
        for (uint64_t i = 0; round % 3 == 1 && i < round % 4; i++)
            gen_damage(&rng, &hist->history);
        compare(NULL, &hist->history);
        hist_free(hist);
    }
    assert_true(brute_stale_counts.stale > 0 && brute_stale_counts.beyond_two > 0);
}

/* 2-atomicity by itself: the checker asks only where no read is two writes behind anyway. */
static void test_staleness__two_atomic_as_defined(void **state)
{
    (void)state;
    uint64_t yes = 0, no = 0;

    for (uint64_t round = 0; round < effort(4000); round++) {
        struct gen_random space = {.model = "register",
                                   .ops = 5 + (int)(round % 4),
                                   .processes = 2 + (int)(round % 6),
                                   .keys = 1,
                                   .info_pct = 10,
                                   .still_pct = 20,
                                   .lag_pct = 80};
        struct hist *hist = hist_new("");
        uint32_t places[16];
        struct rng rng;
        rng_init(&rng, 29, round);
        if (round % 2)
            gen_weak(&rng, &space, GEN_ANY, &hist->history);
        else
            gen_valid(&rng, &space, &hist->history);
        gen_damage(&rng, &hist->history);
        struct object_source source = {
            .history = &hist->history, .places = places, .begin_place = PLACE_NONE};
        for (uint32_t i = 0; i < hist->history.count; i++) {
            if (hist->history.ops[i].type != OP_FAIL)
                places[source.count++] = i;
        }
        struct stale stale;
        if (stale_init(&stale, &source, &hist->budget) == STALE_READY) {
            bool expected = brute_stale(&hist->history, VALUE_NIL).versions <= 2;
            if (stale_two_atomic(&stale) != expected) {
                hist_dump(&hist->history);
                fail_msg("2-atomic: expected %d", expected);
            }
            yes += expected;
            no += !expected;
        }
        stale_release(&stale);
        hist_free(hist);
    }
    assert_true(yes > 0 && no > 0);
}

/* Each read is one behind, from the first write to the last: one guess takes all of them. */
static void test_staleness__a_long_chain_of_stale_reads_is_k_2(void **state)
{
    (void)state;
    struct buf story;

    buf_init(&story, 0);
    for (int i = 0; i < 200; i++) {
        buf_printf(&story, "p0 write x %d @ %d %d\n", i + 1, 10 * i, 10 * i + 2);
        if (i)
            buf_printf(&story, "p1 read x -> %d @ %d %d\n", i, 10 * i + 4, 10 * i + 6);
    }
    expect(story.ptr, VERDICT_VALID, "\"k\":2,\"k_least\":2,\"k_most\":2");
    buf_release(&story);
}

static void test_staleness__little_memory_is_unknown(void **state)
{
    (void)state;
    const char *story = "p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np0 write x 3 @ 40 50\n"
                        "p0 write x 4 @ 60 70\np1 read x -> 1 @ 80 90\np1 read x -> 2 @ 95 99";
    struct check_options options = {.threads = 1};

    for (size_t limit = 20000; limit > 64; limit -= limit / 16 + 1) {
        struct judged *judged = judged_with("staleness", story, &options, limit);
        assert_int_not_equal(judged->finding.valid, VERDICT_INVALID);
        if (judged->finding.valid == VERDICT_VALID)
            assert_non_null(strstr(judged->finding.details.ptr, "\"delta_ns\":50"));
        else
            assert_true(strlen(judged->finding.reason) > 5);
        judged_free(judged);
    }
}

static struct judged *judged_within(int64_t limit_ns, const char *story)
{
    struct check_options options = {.threads = 1, .staleness_ns = limit_ns};
    return judged_with("staleness", story, &options, 0);
}

/* The witness has so many operations; 0: it is valid. */
static void expect_within(int64_t limit_ns, const char *story, size_t ops)
{
    struct judged *judged = judged_within(limit_ns, story);
    const struct finding *finding = &judged->finding;

    assert_int_equal(finding->valid, ops ? VERDICT_INVALID : VERDICT_VALID);
    assert_int_equal(finding->anomaly_count, ops ? 1 : 0);
    if (ops) {
        assert_string_equal(finding->anomalies[0].type, "too-old");
        assert_true(finding->anomalies[0].verified);
        assert_int_equal(finding->anomalies[0].op_count, ops);
    }
    judged_free(judged);
}

static void test_staleness__a_bound_is_broken_by_what_was_replaced_longer_before(void **state)
{
    (void)state;
    const char *story = "p0 write x 1 @ 0 10\np0 write x 2 @ 20 30\np1 read x -> 1 @ 75 90";

    expect_within(45, story, 0);
    expect_within(44, story, 3);
    expect_within(40, "p0 write x 1 @ 0 10\np1 read x -> nil @ 75 90", 2);
    expect_within(70, "p0 write x 1 @ 0 10\np1 read x -> nil @ 75 90", 0);
    expect_within(1, "p0 write x 1 @ 0 10\np1 read x -> 1 @ 75 90", 0);
}

static void test_staleness__a_bound_is_not_broken_by_what_may_not_have_replaced(void **state)
{
    (void)state;
    /* Concurrent writes, in either order; one of unknown outcome, which nobody saw; another key. */
    expect_within(1, "p0 write x 1 @ 0 30\np2 write x 2 @ 20 30\np1 read x -> 1 @ 75 90", 0);
    expect_within(1, "p0 write x 1 @ 0 10\np2 write x 2 @ 20 30 info\np1 read x -> 1 @ 75 90", 0);
    expect_within(1, "p0 write x 1 @ 0 10\np2 write y 2 @ 20 30\np1 read x -> 1 @ 75 90", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_staleness__fresh_reads_are_delta_0_and_k_1),
        cmocka_unit_test(test_staleness__delta_counts_from_when_the_newer_value_was_in_place),
        cmocka_unit_test(test_staleness__equal_times_are_concurrent),
        cmocka_unit_test(test_staleness__versions_are_exact_up_to_2),
        cmocka_unit_test(test_staleness__many_versions_are_bounded),
        cmocka_unit_test(test_staleness__the_initial_value_counts_as_the_first),
        cmocka_unit_test(test_staleness__unknown_writes_count_if_they_were_seen),
        cmocka_unit_test(test_staleness__failed_writes_and_unknown_reads_count_for_nothing),
        cmocka_unit_test(test_staleness__a_cas_stays_with_what_it_found),
        cmocka_unit_test(test_staleness__keys_are_measured_apart_and_the_worst_counts),
        cmocka_unit_test(test_staleness__what_nobody_wrote_is_a_violation),
        cmocka_unit_test(test_staleness__repeated_values_and_other_objects_are_unknown),
        cmocka_unit_test(test_staleness__the_worst_reads_are_named_in_a_sentence),
        cmocka_unit_test(test_staleness__all_small_histories_as_defined),
        cmocka_unit_test(test_staleness__random_histories_as_defined),
        cmocka_unit_test(test_staleness__two_atomic_as_defined),
        cmocka_unit_test(test_staleness__a_long_chain_of_stale_reads_is_k_2),
        cmocka_unit_test(test_staleness__little_memory_is_unknown),
        cmocka_unit_test(test_staleness__a_bound_is_broken_by_what_was_replaced_longer_before),
        cmocka_unit_test(test_staleness__a_bound_is_not_broken_by_what_may_not_have_replaced),
    };
    return cmocka_run_group_tests_name("checkers/staleness", tests, NULL, NULL);
}
