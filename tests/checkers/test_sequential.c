/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of sequential.c: one order for all, found or refuted. */
#include "../../checkers/levels/conflicts.h"
#include "../../checkers/levels/saturate.h"
#include "../../checkers/levels/schedule.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/judged.h"
#include "../lib/stores.h"

static void test_sequential__s2_a_and_b(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p1 write x a @ 0 10\n"
                   "p2 write x b @ 0 10\n"
                   "p3 read x -> b @ 20 30\n"
                   "p3 read x -> a @ 40 50\n"
                   "p4 read x -> b @ 20 30\n"
                   "p4 read x -> a @ 40 50\n",
                   VERDICT_VALID);
    expect_witness("sequential",
                   "p1 write x a @ 0 10\n"
                   "p2 write x b @ 0 10\n"
                   "p3 read x -> b @ 20 30\n"
                   "p3 read x -> a @ 40 50\n"
                   "p4 read x -> a @ 20 30\n"
                   "p4 read x -> b @ 40 50\n",
                   "cyclic-order", 6);
}

static void test_sequential__time_plays_no_part(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n"
                   "p1 read x -> 1 @ 4 5\n",
                   VERDICT_VALID);
    expect_verdict("sequential",
                   "p1 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n",
                   VERDICT_VALID);
}

static void test_sequential__lamport_store_buffering_is_refuted(void **state)
{
    (void)state;
    expect_witness("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   "overwritten-initial-read", 4);
}

static void test_sequential__keys_are_judged_together(void **state)
{
    (void)state;
    /* Each key alone is fine. */
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_VALID);
    expect_verdict("sequential",
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n",
                   VERDICT_VALID);
}

static void test_sequential__ccv_and_causal_memory_together_are_not_enough(void **state)
{
    (void)state;
    /* What separates sequential from both: forced edges that rest on forced edges. */
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_INVALID);
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_VALID);
    expect_verdict("ccv",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_VALID);
}

static void test_sequential__only_one_cas_from_a_value_succeeds(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 cas x nil 1 @ 0 1\n"
                   "p1 cas x nil 2 @ 0 1\n",
                   VERDICT_INVALID);
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 0 1\n"
                   "p2 cas x 1 3 @ 0 1\n",
                   VERDICT_INVALID);
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 2 3 @ 0 1\n"
                   "p2 cas x 1 2 @ 0 1\n",
                   VERDICT_VALID);
}

static void test_sequential__nothing_comes_between_the_halves_of_a_cas(void **state)
{
    (void)state;
    /* y = 1 is written between the read of x = 1 and the write of x = 2, as q tells. */
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 0 1\n"
                   "p2 read x -> 1 @ 0 1\n"
                   "p2 write x 3 @ 2 3\n"
                   "p2 write y 1 @ 4 5\n"
                   "p1 read y -> 1 @ 6 7\n"
                   "p1 read x -> 2 @ 8 9\n",
                   VERDICT_INVALID);
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 0 1\n"
                   "p2 read x -> 1 @ 0 1\n"
                   "p2 write x 3 @ 2 3\n"
                   "p2 write y 1 @ 4 5\n"
                   "p1 read y -> 1 @ 6 7\n"
                   "p1 read x -> 2 @ 8 9\n",
                   VERDICT_VALID);
}

static void test_sequential__an_unknown_cas_whose_value_was_read_happened(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 0 ?\n"
                   "p2 cas x 1 3 @ 0 1\n"
                   "p3 read x -> 2 @ 4 5\n",
                   VERDICT_INVALID);
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 0 ?\n"
                   "p2 cas x 1 3 @ 0 1\n"
                   "p3 read x -> 3 @ 4 5\n",
                   VERDICT_VALID);
}

static void
test_sequential__herlihy_and_wing_1990_two_queues_are_not_together_what_each_is_alone(void **state)
{
    (void)state;
    struct hist *hist = hist_load("tests/corpus/herlihy_wing_two_queues.hist");
    hist_free(hist);
    expect_verdict("sequential",
                   "p0 enqueue p 1 @ 0 1\n"
                   "p1 enqueue q 2 @ 0 1\n"
                   "p0 enqueue q 1 @ 2 3\n"
                   "p1 enqueue p 2 @ 2 3\n"
                   "p0 dequeue p -> 2 @ 4 5\n"
                   "p1 dequeue q -> 1 @ 4 5\n",
                   VERDICT_INVALID);
    expect_verdict("sequential",
                   "p0 enqueue p 1 @ 0 1\n"
                   "p1 enqueue p 2 @ 0 1\n"
                   "p0 dequeue p -> 2 @ 4 5\n",
                   VERDICT_VALID);
}

static void test_sequential__the_initial_value_may_be_written_again(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x nil @ 2 3\n"
                   "p0 read x -> nil @ 4 5\n",
                   VERDICT_VALID);
}

static void test_sequential__unknown_calls_on_two_objects_are_two(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 enqueue x 1 @ 10 ?\n"
                   "p1 enqueue y 1 @ 10 ?\n"
                   "p2 dequeue x -> 1 @ 0 1\n"
                   "p2 dequeue y -> 1 @ 2 3\n",
                   VERDICT_VALID);
}

static void test_sequential__elle_cli_47_two_processes_swap(void **state)
{
    (void)state;
    expect_verdict("sequential",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p1 read y -> 1 @ 4 5\n"
                   "p1 read x -> nil @ 6 7\n",
                   VERDICT_INVALID);
}

static void test_sequential__stores_of_every_size_are_sequential(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        struct store_space space = {.kind = STORE_ORDERED,
                                    .ops = 50 << (i % 7),
                                    .processes = 2 + i % 9,
                                    .keys = 1 + i % 6,
                                    .late_pct = i % 3 * 40,
                                    .cas_pct = i % 2 * 30,
                                    .info_pct = i % 4,
                                    .seed = (uint64_t)i};
        struct hist *hist = hist_new("");
        store_fill(&space, &hist->history);
        expect_history("sequential", &hist->history, VERDICT_VALID);
        hist_free(hist);
    }
}

static void test_sequential__over_its_memory_it_is_unknown(void **state)
{
    (void)state;
    struct store_space space = {.kind = STORE_ORDERED, .ops = 400, .processes = 5, .keys = 3};
    struct hist *hist = hist_new("");
    struct check_options options = {.threads = 1};

    store_fill(&space, &hist->history);
    for (size_t limit = 64; limit < 400000; limit += limit / 16 + 1) {
        struct finding finding;
        struct budget budget;
        struct err err;
        budget_init(&budget, 0, limit);
        finding_init(&finding);
        assert_int_equal(
            checker_find("sequential")->check(&hist->history, &options, &budget, &finding, &err),
            0);
        if (finding.valid == VERDICT_UNKNOWN)
            assert_string_equal(finding.reason, "out of memory");
        assert_int_not_equal(finding.valid, VERDICT_INVALID);
        assert_int_equal(atomic_load(&budget.used_bytes), 0);
        finding_release(&finding);
    }
    hist_free(hist);
}

/* -- the steps of the decision, each by itself: the others make good for what one misses --------
 */

/* What the forced edges say, and then the search through all schedules along them. */
static enum judgement saturate_and_search(const struct history *history)
{
    const struct steps_input input = {.history = history};
    enum judgement judgement;
    struct budget budget;
    struct steps steps;
    struct graph graph;
    struct core core;

    budget_init(&budget, 0, 0);
    enum steps_state state = steps_build(&steps, &input, &budget);
    if (state != STEPS_READY || steps.assignments > 1) {
        steps_release(&steps);
        return JUDGE_UNDECIDED;
    }
    core_init(&core, &budget);
    assert_true(graph_init(&graph, &steps));
    judgement = saturate(&graph, &core);
    if (judgement == JUDGE_HOLDS)
        assert_int_equal(schedule_find(&graph, SIZE_MAX), judge_sequential(&steps, &core));
    else
        assert_int_equal(judge_sequential(&steps, &core), judgement);
    graph_release(&graph);
    core_release(&core);
    steps_release(&steps);
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
    return judgement;
}

static enum judgement saturate_story(const char *story)
{
    struct hist *hist = hist_new(story);
    enum judgement judgement = saturate_and_search(&hist->history);
    hist_free(hist);
    return judgement;
}

static void test_sequential__forced_edges_refute_and_never_what_is_sequential(void **state)
{
    (void)state;
    int refuted = 0, held = 0;

    for (uint64_t i = 0; i < effort(600); i++) {
        struct store_space space = {.kind = (enum store_kind)(i % STORE_KINDS),
                                    .ops = 8 + (int)(i % 40),
                                    .processes = 2 + (int)(i % 4),
                                    .keys = 1 + (int)(i % 3),
                                    .late_pct = 60,
                                    .cas_pct = i % 2 ? 30 : 0,
                                    .seed = i};
        struct hist *hist = hist_new("");
        store_fill(&space, &hist->history);
        enum judgement judgement = saturate_and_search(&hist->history);
        refuted += judgement == JUDGE_VIOLATED;
        held += judgement == JUDGE_HOLDS;
        hist_free(hist);
    }
    assert_true(refuted > 0);
    assert_true(held > 0);
}

static void test_sequential__forced_edges_follow_from_forced_edges(void **state)
{
    (void)state;
    /* Who read the initial value did so before it was overwritten. */
    assert_int_equal(saturate_story("p0 write x 1 @ 0 1\n"
                                    "p0 read y -> nil @ 2 3\n"
                                    "p1 write y 2 @ 0 1\n"
                                    "p1 read x -> nil @ 2 3\n"),
                     JUDGE_VIOLATED);
    /* p2's reads order x = 1 before x = 2, so that p0's read of 1, and with it its write of y,
     * comes before 2; and p1 wrote 2 before it read that y was nil. */
    assert_int_equal(saturate_story("p0 write x 1 @ 0 1\n"
                                    "p0 write y 1 @ 2 3\n"
                                    "p0 read x -> 1 @ 4 5\n"
                                    "p1 write x 2 @ 0 1\n"
                                    "p1 read y -> nil @ 2 3\n"
                                    "p2 read x -> 1 @ 0 1\n"
                                    "p2 read x -> 2 @ 2 3\n"),
                     JUDGE_VIOLATED);
}

static void test_sequential__a_choice_of_which_both_sides_fail_is_found_by_searching(void **state)
{
    (void)state;
    struct hist *hist = hist_load("tests/corpus/sequential_choice_without_a_way.hist");
    assert_int_equal(saturate_and_search(&hist->history), JUDGE_HOLDS);
    expect_history("sequential", &hist->history, VERDICT_INVALID);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequential__s2_a_and_b),
        cmocka_unit_test(test_sequential__time_plays_no_part),
        cmocka_unit_test(test_sequential__lamport_store_buffering_is_refuted),
        cmocka_unit_test(test_sequential__keys_are_judged_together),
        cmocka_unit_test(test_sequential__ccv_and_causal_memory_together_are_not_enough),
        cmocka_unit_test(test_sequential__only_one_cas_from_a_value_succeeds),
        cmocka_unit_test(test_sequential__nothing_comes_between_the_halves_of_a_cas),
        cmocka_unit_test(test_sequential__an_unknown_cas_whose_value_was_read_happened),
        cmocka_unit_test(
            test_sequential__herlihy_and_wing_1990_two_queues_are_not_together_what_each_is_alone),
        cmocka_unit_test(test_sequential__the_initial_value_may_be_written_again),
        cmocka_unit_test(test_sequential__unknown_calls_on_two_objects_are_two),
        cmocka_unit_test(test_sequential__elle_cli_47_two_processes_swap),
        cmocka_unit_test(test_sequential__stores_of_every_size_are_sequential),
        cmocka_unit_test(test_sequential__over_its_memory_it_is_unknown),
        cmocka_unit_test(test_sequential__forced_edges_refute_and_never_what_is_sequential),
        cmocka_unit_test(test_sequential__forced_edges_follow_from_forced_edges),
        cmocka_unit_test(test_sequential__a_choice_of_which_both_sides_fail_is_found_by_searching),
    };
    return cmocka_run_group_tests_name("checkers/sequential", tests, NULL, NULL);
}
