/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of pram.c: every process's writes in its order, and nothing else. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_pram__s2_violation_a_is_allowed(void **state)
{
    (void)state;
    expect_verdict("pram",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   VERDICT_VALID);
}

static void test_pram__lipton_and_sandberg_causality_through_others_does_not_count(void **state)
{
    (void)state;
    expect_verdict("pram",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n"
                   "p1 write y 1 @ 4 5\n"
                   "p2 read y -> 1 @ 6 7\n"
                   "p2 read x -> nil @ 8 9\n",
                   VERDICT_VALID);
}

static void test_pram__writes_of_one_process_are_seen_in_order(void **state)
{
    (void)state;
    expect_witness("pram",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n",
                   "cyclic-order", 4);
    expect_witness("pram",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 2 @ 2 3\n"
                   "p1 read y -> 2 @ 4 5\n"
                   "p1 read x -> nil @ 6 7\n",
                   "overwritten-initial-read", 4);
}

static void test_pram__own_reads_and_writes_are_in_order(void **state)
{
    (void)state;
    expect_witness("pram",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n",
                   "cyclic-order", 2);
    expect_witness("pram",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read x -> nil @ 2 3\n",
                   "overwritten-initial-read", 2);
}

static void test_pram__popl_2017_figure_3_b_needs_no_causality(void **state)
{
    (void)state;
    expect_witness("pram",
                   "p0 write z 1 @ 0 10\n"
                   "p0 write x 1 @ 20 30\n"
                   "p0 write y 1 @ 40 50\n"
                   "p1 write x 2 @ 0 10\n"
                   "p1 read z -> nil @ 20 30\n"
                   "p1 read y -> 1 @ 60 70\n"
                   "p1 read x -> 2 @ 80 90\n",
                   "overwritten-initial-read", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pram__s2_violation_a_is_allowed),
        cmocka_unit_test(test_pram__lipton_and_sandberg_causality_through_others_does_not_count),
        cmocka_unit_test(test_pram__writes_of_one_process_are_seen_in_order),
        cmocka_unit_test(test_pram__own_reads_and_writes_are_in_order),
        cmocka_unit_test(test_pram__popl_2017_figure_3_b_needs_no_causality),
    };
    return cmocka_run_group_tests_name("checkers/pram", tests, NULL, NULL);
}
