/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of causal.c: the sources' examples, and what a register's operations mean here. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_causal__s2_textbook_readers_may_disagree_about_concurrent_writes(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p1 write x c @ 40 50\n"
                   "p3 read x -> a @ 20 30\n"
                   "p4 read x -> a @ 20 30\n"
                   "p3 read x -> c @ 60 70\n"
                   "p4 read x -> b @ 60 70\n"
                   "p3 read x -> b @ 80 90\n"
                   "p4 read x -> c @ 80 90\n",
                   VERDICT_VALID);
    expect_verdict("causal",
                   "p1 write x a @ 0 10\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   VERDICT_VALID);
}

static void
test_causal__s2_violation_a_readers_may_not_disagree_about_dependent_writes(void **state)
{
    (void)state;
    expect_witness("causal",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   "cyclic-order", 5);
}

static void test_causal__popl_2017_figure_3(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p0 write x 1 @ 0 10\n"
                   "p1 write x 2 @ 0 10\n"
                   "p0 read x -> 2 @ 20 30\n"
                   "p1 read x -> 1 @ 20 30\n",
                   VERDICT_VALID);
    expect_witness("causal",
                   "p0 write z 1 @ 0 10\n"
                   "p0 write x 1 @ 20 30\n"
                   "p0 write y 1 @ 40 50\n"
                   "p1 write x 2 @ 0 10\n"
                   "p1 read z -> nil @ 20 30\n"
                   "p1 read y -> 1 @ 60 70\n"
                   "p1 read x -> 2 @ 80 90\n",
                   "overwritten-initial-read", 7);
}

static void test_causal__reads_of_others_carry_order_but_need_no_place(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 2 @ 6 7\n"
                   "p3 read x -> 2 @ 2 3\n"
                   "p3 read x -> 1 @ 4 5\n",
                   VERDICT_VALID);
}

static void test_causal__a_read_of_thin_air_is_a_violation(void **state)
{
    (void)state;
    expect_witness("causal",
                   "p0 write x 1 @ 0 10\n"
                   "p1 read x -> 7 @ 20 30\n",
                   "thin-air-read", 1);
    expect_witness("causal",
                   "p0 write x 1 @ 0 10 fail\n"
                   "p1 read x -> 1 @ 20 30\n",
                   "thin-air-read", 1);
}

static void test_causal__an_unknown_write_follows_what_its_process_did_before(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 ?\n"
                   "p1 read x -> 1 @ 4 5\n"
                   "p1 read x -> 2 @ 6 7\n",
                   VERDICT_VALID);
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 ?\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n",
                   VERDICT_INVALID);
}

static void test_causal__a_cas_is_a_read_and_then_a_write(void **state)
{
    (void)state;
    /* Both succeed from nil: nothing orders them for everybody. */
    expect_verdict("causal",
                   "p0 cas x nil 1 @ 0 1\n"
                   "p1 cas x nil 2 @ 0 1\n"
                   "p2 read x -> 1 @ 4 5\n"
                   "p2 read x -> 2 @ 6 7\n",
                   VERDICT_VALID);
    expect_verdict("causal",
                   "p0 cas x nil 1 @ 0 1\n"
                   "p1 cas x 1 2 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 1 @ 6 7\n",
                   VERDICT_INVALID);
    /* What an unknown cas wrote was read, so what it expected was there. */
    expect_verdict("causal",
                   "p0 cas x 9 1 @ 0 ?\n"
                   "p1 read x -> 1 @ 4 5\n",
                   VERDICT_INVALID);
    expect_verdict("causal",
                   "p0 cas x 9 1 @ 0 ?\n"
                   "p1 read x -> nil @ 4 5\n",
                   VERDICT_VALID);
}

static void test_causal__keys_are_judged_together(void **state)
{
    (void)state;
    expect_witness("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p1 read y -> 1 @ 4 5\n"
                   "p1 read x -> nil @ 6 7\n",
                   "overwritten-initial-read", 4);
}

static void test_causal__the_initial_value_may_be_said(void **state)
{
    (void)state;
    struct check_options options = {.initial = values_int(NULL, 0)};
    const char *story = "p0 read x -> 0 @ 0 1\np0 write x 1 @ 2 3\np0 read x -> 0 @ 4 5";
    struct judged *judged = judged_with("causal", story, &options, 0);
    assert_int_equal(judged->finding.valid, VERDICT_INVALID);
    assert_string_equal(judged->finding.anomalies[0].type, "overwritten-initial-read");
    judged_free(judged);
}

static void test_causal__nothing_completed_is_unknown(void **state)
{
    (void)state;
    expect_verdict("causal", "p0 write x 1 @ 0 ?\n", VERDICT_UNKNOWN);
    expect_verdict("causal", "p0 write x 1 @ 0 1 fail\n", VERDICT_UNKNOWN);
    expect_verdict("causal", "", VERDICT_UNKNOWN);
}

static void test_causal__other_objects_are_unknown(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p0 enqueue q 1 @ 0 1\n"
                   "p1 dequeue q -> 1 @ 2 3\n",
                   VERDICT_UNKNOWN);
    struct check_options options = {.model = "set"};
    struct judged *judged = judged_with("causal", "p0 read x -> [1] @ 0 1", &options, 0);
    assert_int_equal(judged->finding.valid, VERDICT_UNKNOWN);
    judged_free(judged);
}

static void test_causal__repeated_values_may_come_from_any_of_their_writers(void **state)
{
    (void)state;
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p2 write x 1 @ 0 1\n"
                   "p3 read x -> 1 @ 2 3\n"
                   "p3 read x -> 2 @ 4 5\n"
                   "p3 read x -> 1 @ 6 7\n",
                   VERDICT_VALID);
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 write x 1 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 1 @ 6 7\n"
                   "p2 read x -> 2 @ 8 9\n",
                   VERDICT_INVALID);
}

static void test_causal__a_write_that_moves_back_unread_draws_no_other_with_it(void **state)
{
    (void)state;
    /* p2 reads x = 1 to the end, so x = 2, and y = 1 with it, comes before the 1; y = 2, behind the
     * write of k that p2 did not see yet, need not. */
    expect_verdict("causal",
                   "p0 write y 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p0 write s 1 @ 4 5\n"
                   "p1 write k 1 @ 0 1\n"
                   "p1 write y 2 @ 2 3\n"
                   "p1 read s -> 1 @ 6 7\n"
                   "p1 write z 1 @ 8 9\n"
                   "p3 write x 1 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read k -> nil @ 4 5\n"
                   "p2 read z -> 1 @ 10 11\n"
                   "p2 read x -> 1 @ 12 13\n",
                   VERDICT_VALID);
}

static void test_causal__a_write_that_moves_back_is_still_read(void **state)
{
    (void)state;
    /* p2 has seen x = 1 and x = 2 when it reads them one after the other; that x = 1 has moved back
     * with y = 2 before y = 1, to its first read, makes no difference. */
    expect_verdict("causal",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 2 @ 2 3\n"
                   "p0 write b 1 @ 4 5\n"
                   "p1 write x 2 @ 0 1\n"
                   "p1 write a 1 @ 2 3\n"
                   "p3 write y 1 @ 0 1\n"
                   "p2 read y -> 1 @ 6 7\n"
                   "p2 read a -> 1 @ 8 9\n"
                   "p2 read b -> 1 @ 10 11\n"
                   "p2 read y -> 1 @ 12 13\n"
                   "p2 read x -> 1 @ 14 15\n"
                   "p2 read x -> 2 @ 16 17\n",
                   VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causal__s2_textbook_readers_may_disagree_about_concurrent_writes),
        cmocka_unit_test(
            test_causal__s2_violation_a_readers_may_not_disagree_about_dependent_writes),
        cmocka_unit_test(test_causal__popl_2017_figure_3),
        cmocka_unit_test(test_causal__reads_of_others_carry_order_but_need_no_place),
        cmocka_unit_test(test_causal__a_read_of_thin_air_is_a_violation),
        cmocka_unit_test(test_causal__an_unknown_write_follows_what_its_process_did_before),
        cmocka_unit_test(test_causal__a_cas_is_a_read_and_then_a_write),
        cmocka_unit_test(test_causal__keys_are_judged_together),
        cmocka_unit_test(test_causal__the_initial_value_may_be_said),
        cmocka_unit_test(test_causal__nothing_completed_is_unknown),
        cmocka_unit_test(test_causal__other_objects_are_unknown),
        cmocka_unit_test(test_causal__repeated_values_may_come_from_any_of_their_writers),
        cmocka_unit_test(test_causal__a_write_that_moves_back_unread_draws_no_other_with_it),
        cmocka_unit_test(test_causal__a_write_that_moves_back_is_still_read),
    };
    return cmocka_run_group_tests_name("checkers/causal", tests, NULL, NULL);
}
