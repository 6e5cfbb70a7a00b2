/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of eventual.c: final reads, and what may excuse that they differ. */
#include "../lib/check.h"
#include "../lib/judged.h"
#include "../lib/events.h"

#include <stdio.h>

enum { HEALED_NS = 5 };

/* `phase_index`: of the event that begins the final phase; 0: before all operations. */
static void expect_of(const char *model, const char *story, int64_t phase_ns, uint32_t phase_index,
                      int nodes, enum verdict expected)
{
    struct hist *hist = hist_new(story);
    struct check_options options = {.threads = 1, .model = model};
    struct finding finding;
    struct budget budget;
    struct err err;

    for (size_t i = 0; i < hist->history.count && nodes; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", (int)hist->history.ops[i].process % nodes);
        hist->history.ops[i].node = (uint8_t)history_node(&hist->history, str_of(name));
    }
    events_note(&hist->history, HEALED_NS, "phase", "\"heal\"");
    if (phase_ns >= 0) {
        events_note(&hist->history, phase_ns, "phase", "\"final\"");
        hist->history.events[hist->history.event_count - 1].index = phase_index;
    }
    budget_init(&budget, 0, 0);
    finding_init(&finding);
    assert_int_equal(
        checker_find("eventual")->check(&hist->history, &options, &budget, &finding, &err), 0);
    if (finding.valid != expected)
        fail_msg("%s (%s) for\n%s", verdict_names[finding.valid], finding.reason, story);
    if (expected == VERDICT_INVALID) {
        assert_int_equal(finding.anomaly_count, 1);
        assert_int_equal(finding.anomalies[0].op_count, 2);
        assert_true(finding.anomalies[0].verified);
    }
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
    finding_release(&finding);
    hist_free(hist);
}

static void expect_after_phase(const char *story, int64_t phase_ns, int nodes,
                               enum verdict expected)
{
    expect_of(NULL, story, phase_ns, UINT32_MAX, nodes, expected);
}

static void test_eventual__nodes_that_agree_have_converged(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n"
                       "p2 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_VALID);
}

static void test_eventual__nodes_that_differ_have_not(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n",
                       10, 3, VERDICT_INVALID);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> nil @ 20 21\n",
                       10, 3, VERDICT_INVALID);
}

static void test_eventual__earlier_reads_may_differ(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 1 @ 7 8\n"
                       "p1 read x -> 2 @ 7 8\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_VALID);
}

/* At the very time when the phase begins, what comes first in the file counts. */
static void test_eventual__reads_at_the_beginning_of_the_phase(void **state)
{
    (void)state;
    const char *story = "p0 write x 1 @ 0 1\n"
                        "p1 write x 2 @ 0 1\n"
                        "p0 read x -> 1 @ 10 11\n"
                        "p1 read x -> 2 @ 10 11\n"
                        "p0 read x -> 2 @ 20 21\n"
                        "p1 read x -> 2 @ 20 21\n";

    expect_of(NULL, story, 10, UINT32_MAX, 3, VERDICT_VALID);
    expect_of(NULL, story, 10, 0, 3, VERDICT_INVALID);
}

static void test_eventual__keys_are_judged_one_by_one(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p0 write y 2 @ 2 3\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p0 read y -> 2 @ 22 23\n"
                       "p1 read x -> 1 @ 20 21\n"
                       "p1 read y -> 2 @ 22 23\n",
                       10, 3, VERDICT_VALID);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p0 write y 2 @ 2 3\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p0 read y -> 2 @ 22 23\n"
                       "p1 read x -> 1 @ 20 21\n"
                       "p1 read y -> nil @ 22 23\n",
                       10, 3, VERDICT_INVALID);
}

/* Neither the last answer nor the first decides. */
static void test_eventual__one_of_three_nodes_differs(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n"
                       "p2 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_INVALID);
}

static void test_eventual__a_key_value_store_is_read_by_get(void **state)
{
    (void)state;
    expect_of("key-value",
              "p0 put x 1 @ 0 1\n"
              "p1 put x 2 @ 0 1\n"
              "p0 get x -> 2 @ 20 21\n"
              "p1 get x -> 1 @ 20 21\n",
              10, UINT32_MAX, 3, VERDICT_INVALID);
}

static void test_eventual__without_a_final_phase_it_is_unknown(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n",
                       -1, 3, VERDICT_UNKNOWN);
}

static void test_eventual__without_final_reads_it_is_unknown(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n",
                       30, 3, VERDICT_UNKNOWN);
}

static void test_eventual__one_node_alone_shows_nothing(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p3 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_UNKNOWN);
}

static void test_eventual__a_final_read_without_answer_is_undecided(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n"
                       "p2 read x @ 20 21 fail\n",
                       10, 3, VERDICT_UNKNOWN);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n"
                       "p2 read x @ 20 21 fail\n"
                       "p5 read x -> 2 @ 30 31\n",
                       10, 3, VERDICT_VALID);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n"
                       "p2 read x @ 20 21 fail\n",
                       10, 3, VERDICT_INVALID);
}

static void test_eventual__a_write_under_way_may_have_come_between(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p2 write x 2 @ 0 ?\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_UNKNOWN);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p5 write x 3 @ 0 1\n"
                       "p2 write x 2 @ 0 ?\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n"
                       "p3 read x -> 3 @ 20 21\n",
                       10, 3, VERDICT_INVALID);
}

static void test_eventual__a_cas_under_way_may_have_come_between(void **state)
{
    (void)state;
    expect_of("cas-register",
              "p0 write x 1 @ 0 1\n"
              "p2 cas x 1 2 @ 2 ?\n"
              "p1 read x -> 1 @ 3 4\n"
              "p0 read x -> 1 @ 20 21\n"
              "p1 read x -> 2 @ 20 21\n",
              10, UINT32_MAX, 3, VERDICT_UNKNOWN);
}

/* Of another key, or failed, or read before of another key. */
static void test_eventual__other_updates_excuse_nothing(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p2 write y 2 @ 0 ?\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_INVALID);
    expect_after_phase("p0 add s 1 @ 0 1\n"
                       "p0 add s 2 @ 2 3\n"
                       "p2 add s 3 @ 12 13 fail\n"
                       "p0 read s -> [1] @ 20 21\n"
                       "p1 read s -> [1,2] @ 20 21\n",
                       10, 3, VERDICT_INVALID);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write y 2 @ 0 1\n"
                       "p2 write x 2 @ 0 ?\n"
                       "p1 read y -> 2 @ 3 4\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_UNKNOWN);
}

static void test_eventual__unless_it_had_been_seen_before(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p2 write x 2 @ 0 ?\n"
                       "p1 read x -> 2 @ 3 4\n"
                       "p0 read x -> 1 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 3, VERDICT_INVALID);
}

static void test_eventual__without_nodes_processes_are_places(void **state)
{
    (void)state;
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 1 @ 20 21\n",
                       10, 0, VERDICT_INVALID);
    expect_after_phase("p0 write x 1 @ 0 1\n"
                       "p1 write x 2 @ 0 1\n"
                       "p0 read x -> 2 @ 20 21\n"
                       "p1 read x -> 2 @ 20 21\n",
                       10, 0, VERDICT_VALID);
}

static void test_eventual__a_read_of_thin_air_is_a_violation(void **state)
{
    (void)state;
    expect_verdict("eventual", "p0 read x -> 7 @ 0 1", VERDICT_INVALID);
}

static void test_eventual__sets_are_compared_as_bags(void **state)
{
    (void)state;
    expect_after_phase("p0 add s 1 @ 0 1\n"
                       "p0 add s 2 @ 2 3\n"
                       "p0 read s -> [1,2] @ 20 21\n"
                       "p1 read s -> [2,1] @ 20 21\n",
                       10, 3, VERDICT_VALID);
    expect_after_phase("p0 add s 1 @ 0 1\n"
                       "p0 add s 2 @ 2 3\n"
                       "p0 read s -> [1,2] @ 20 21\n"
                       "p1 read s -> [2] @ 20 21\n",
                       10, 3, VERDICT_INVALID);
    expect_after_phase("p0 add s 1 @ 0 1\n"
                       "p0 add s 2 @ 2 3\n"
                       "p0 add s 3 @ 4 5\n"
                       "p0 read s -> [1,2] @ 20 21\n"
                       "p1 read s -> [1,3] @ 20 21\n",
                       10, 3, VERDICT_INVALID);
    /* What is added late excuses any difference. */
    expect_after_phase("p0 add s 1 @ 0 1\n"
                       "p4 add s 2 @ 2 ?\n"
                       "p0 read s -> [1,2] @ 20 21\n"
                       "p1 read s -> [1] @ 20 21\n",
                       10, 3, VERDICT_UNKNOWN);
}

static void test_eventual__lists_are_compared_in_their_order(void **state)
{
    (void)state;
    expect_of("append-list",
              "p0 append s 1 @ 0 1\n"
              "p0 append s 2 @ 2 3\n"
              "p0 read s -> [1,2] @ 20 21\n"
              "p1 read s -> [2,1] @ 20 21\n",
              10, UINT32_MAX, 3, VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eventual__nodes_that_agree_have_converged),
        cmocka_unit_test(test_eventual__nodes_that_differ_have_not),
        cmocka_unit_test(test_eventual__earlier_reads_may_differ),
        cmocka_unit_test(test_eventual__reads_at_the_beginning_of_the_phase),
        cmocka_unit_test(test_eventual__keys_are_judged_one_by_one),
        cmocka_unit_test(test_eventual__one_of_three_nodes_differs),
        cmocka_unit_test(test_eventual__a_key_value_store_is_read_by_get),
        cmocka_unit_test(test_eventual__a_cas_under_way_may_have_come_between),
        cmocka_unit_test(test_eventual__other_updates_excuse_nothing),
        cmocka_unit_test(test_eventual__lists_are_compared_in_their_order),
        cmocka_unit_test(test_eventual__without_a_final_phase_it_is_unknown),
        cmocka_unit_test(test_eventual__without_final_reads_it_is_unknown),
        cmocka_unit_test(test_eventual__one_node_alone_shows_nothing),
        cmocka_unit_test(test_eventual__a_final_read_without_answer_is_undecided),
        cmocka_unit_test(test_eventual__a_write_under_way_may_have_come_between),
        cmocka_unit_test(test_eventual__unless_it_had_been_seen_before),
        cmocka_unit_test(test_eventual__without_nodes_processes_are_places),
        cmocka_unit_test(test_eventual__a_read_of_thin_air_is_a_violation),
        cmocka_unit_test(test_eventual__sets_are_compared_as_bags),
    };
    return cmocka_run_group_tests_name("checkers/eventual", tests, NULL, NULL);
}
