/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of ladder.c: which levels hold, told by the strongest and the weakest. */
#include "../lib/check.h"
#include "../lib/judged.h"
#include "../lib/events.h"

#include <stdio.h>
#include <string.h>

static void expect_details(const char *story, enum verdict verdict, const char *details)
{
    struct judged *judged = judged_new("ladder", story);

    if (judged->finding.valid != verdict || !strstr(judged->finding.details.ptr, details))
        fail_msg("%s: %s for\n%s", verdict_names[judged->finding.valid],
                 judged->finding.details.ptr, story);
    for (size_t i = 0; i < judged->finding.anomaly_count; i++)
        assert_true(judged->finding.anomalies[i].verified);
    judged_free(judged);
}

static void test_ladder__linearizable_is_the_top(void **state)
{
    (void)state;
    expect_details("p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n",
                   VERDICT_VALID, "\"strongest\":[\"linearizable\"],\"weakest_failing\":[]");
}

static void test_ladder__sequential_only(void **state)
{
    (void)state;
    expect_details("p0 write x 1 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_INVALID,
                   "\"strongest\":[\"sequential\"],\"weakest_failing\":[\"linearizable\"]");
}

static void test_ladder__popl_2017_figure_3_a_is_causal_and_not_ccv(void **state)
{
    (void)state;
    expect_details("p0 write x 1 @ 0 10\n"
                   "p1 write x 2 @ 0 10\n"
                   "p0 read x -> 2 @ 20 30\n"
                   "p1 read x -> 1 @ 20 30\n",
                   VERDICT_INVALID, "\"strongest\":[\"causal\"],\"weakest_failing\":[\"ccv\"]");
}

static void test_ladder__popl_2017_figure_3_b_is_ccv_and_not_pram(void **state)
{
    (void)state;
    expect_details("p0 write z 1 @ 0 10\n"
                   "p0 write x 1 @ 20 30\n"
                   "p0 write y 1 @ 40 50\n"
                   "p1 write x 2 @ 0 10\n"
                   "p1 read z -> nil @ 20 30\n"
                   "p1 read y -> 1 @ 60 70\n"
                   "p1 read x -> 2 @ 80 90\n",
                   VERDICT_INVALID,
                   "\"strongest\":[\"ccv\",\"monotonic-writes\",\"writes-follow-reads\"],\"weakest_"
                   "failing\":[\"pram\"]");
}

static void test_ladder__lamport_store_buffering_is_causal_and_ccv(void **state)
{
    (void)state;
    expect_details("p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_INVALID,
                   "\"strongest\":[\"causal\",\"ccv\"],\"weakest_failing\":[\"sequential\"]");
}

static void test_ladder__s2_violation_a_is_pram_only(void **state)
{
    (void)state;
    expect_details("p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   VERDICT_INVALID,
                   "\"strongest\":[\"pram\"],\"weakest_failing\":[\"cc\",\"writes-follow-reads\"]");
}

static void test_ladder__each_weakest_failing_level_has_its_witness(void **state)
{
    (void)state;
    struct judged *judged = judged_new("ladder", "p1 write x a @ 0 10\n"
                                                 "p2 read x -> a @ 20 30\n"
                                                 "p2 write x b @ 40 50\n"
                                                 "p3 read x -> b @ 60 70\n"
                                                 "p4 read x -> a @ 60 70\n"
                                                 "p3 read x -> a @ 80 90\n"
                                                 "p4 read x -> b @ 80 90\n");
    assert_int_equal(judged->finding.anomaly_count, 2);
    assert_non_null(strstr(judged->finding.anomalies[0].explanation, "Not cc: "));
    assert_non_null(strstr(judged->finding.anomalies[1].explanation, "Not writes-follow-reads: "));
    judged_free(judged);
}

static void test_ladder__thin_air_leaves_nothing(void **state)
{
    (void)state;
    expect_details(
        "p0 write x 1 @ 0 10\n"
        "p1 read x -> 7 @ 20 30\n",
        VERDICT_INVALID,
        "\"strongest\":[],\"weakest_failing\":[\"read-your-writes\",\"monotonic-reads\"]");
}

static void test_ladder__nothing_completed_is_unknown(void **state)
{
    (void)state;
    expect_details("p0 write x 1 @ 0 ?\n", VERDICT_UNKNOWN,
                   "\"levels\":{\"linearizable\":\"unknown\",\"sequential\":\"unknown\"");
}

static void test_ladder__other_models_have_two_levels(void **state)
{
    (void)state;
    expect_details(
        "p0 enqueue q 1 @ 0 1\n"
        "p1 dequeue q -> 1 @ 2 3\n",
        VERDICT_VALID,
        "\"levels\":{\"linearizable\":true,\"sequential\":true,\"eventual\":\"unknown\"}");
    expect_details(
        "p0 enqueue q 1 @ 0 1\n"
        "p0 enqueue q 2 @ 2 3\n"
        "p1 enqueue q 3 @ 5 6\n"
        "p1 dequeue q -> 3 @ 7 8\n",
        VERDICT_INVALID,
        "\"levels\":{\"linearizable\":false,\"sequential\":true,\"eventual\":\"unknown\"}");
}

static void test_ladder__eventual_counts_where_there_were_final_reads(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 9\np1 write x 2 @ 0 9\n"
                                 "p0 read x -> 1 @ 20 30\np1 read x -> 2 @ 20 30");
    struct check_options options = {.threads = 1};
    struct finding finding;
    struct budget budget;
    struct err err;

    events_note(&hist->history, 15, "phase", "\"final\"");
    budget_init(&budget, 0, 0);
    finding_init(&finding);
    assert_int_equal(
        checker_find("ladder")->check(&hist->history, &options, &budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_INVALID);
    assert_non_null(strstr(finding.details.ptr, "\"eventual\":false"));
    assert_string_equal(finding.anomalies[finding.anomaly_count - 1].type, "not-converged");
    finding_release(&finding);
    hist_free(hist);
}

static void test_ladder__staleness_is_told_beside_the_levels(void **state)
{
    (void)state;
    struct judged *judged = judged_new("ladder", "p0 write x 1 @ 0 1000\n"
                                                 "p0 write x 2 @ 2000 3000\n"
                                                 "p1 read x -> 1 @ 5000 6000\n");
    assert_string_equal(judged->finding.reason,
                        "holds: sequential; fails: linearizable; delta = 0.000002 s, k = 2");
    assert_non_null(strstr(judged->finding.details.ptr, "\"staleness\":{\"delta_ns\":2000,"));
    judged_free(judged);
}

static void expect_promised(const char *promise, const char *reason)
{
    struct hist *hist = hist_new("p0 write x 1 @ 0 1000\n"
                                 "p0 write x 2 @ 2000 3000\n"
                                 "p1 read x -> 1 @ 5000 6000\n");
    struct check_options options = {.threads = 1, .promise = promise};
    struct finding finding;
    struct err err;

    finding_init(&finding);
    assert_int_equal(
        checker_find("ladder")->check(&hist->history, &options, &hist->budget, &finding, &err), 0);
    assert_string_equal(finding.reason, reason);
    finding_release(&finding);
    hist_free(hist);
}

/* It is sequential: whoever promised less was not put to the test of that. */
static void test_ladder__a_gentle_history_is_said_to_be(void **state)
{
    (void)state;
    static const char seen[] = "holds: sequential; fails: linearizable; delta = 0.000002 s, k = 2";
    char text[160];

    expect_promised(NULL, seen);
    expect_promised("sequential", seen);
    expect_promised("linearizable", seen);
    expect_promised("staleness", seen);
    (void)snprintf(text, sizeof text, "%s; too gentle to tell causal from sequential", seen);
    expect_promised("causal", text);
    (void)snprintf(text, sizeof text, "%s; too gentle to tell eventual from sequential", seen);
    expect_promised("eventual", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladder__linearizable_is_the_top),
        cmocka_unit_test(test_ladder__sequential_only),
        cmocka_unit_test(test_ladder__popl_2017_figure_3_a_is_causal_and_not_ccv),
        cmocka_unit_test(test_ladder__popl_2017_figure_3_b_is_ccv_and_not_pram),
        cmocka_unit_test(test_ladder__lamport_store_buffering_is_causal_and_ccv),
        cmocka_unit_test(test_ladder__s2_violation_a_is_pram_only),
        cmocka_unit_test(test_ladder__each_weakest_failing_level_has_its_witness),
        cmocka_unit_test(test_ladder__thin_air_leaves_nothing),
        cmocka_unit_test(test_ladder__nothing_completed_is_unknown),
        cmocka_unit_test(test_ladder__other_models_have_two_levels),
        cmocka_unit_test(test_ladder__staleness_is_told_beside_the_levels),
        cmocka_unit_test(test_ladder__a_gentle_history_is_said_to_be),
        cmocka_unit_test(test_ladder__eventual_counts_where_there_were_final_reads),
    };
    return cmocka_run_group_tests_name("checkers/ladder", tests, NULL, NULL);
}
