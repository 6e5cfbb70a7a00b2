/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of ccv.c: one order of writes for all, and what separates it from causal memory. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_ccv__popl_2017_figure_3(void **state)
{
    (void)state;
    expect_witness("ccv",
                   "p0 write x 1 @ 0 10\n"
                   "p1 write x 2 @ 0 10\n"
                   "p0 read x -> 2 @ 20 30\n"
                   "p1 read x -> 1 @ 20 30\n",
                   "cyclic-order", 4);
    expect_verdict("ccv",
                   "p0 write z 1 @ 0 10\n"
                   "p0 write x 1 @ 20 30\n"
                   "p0 write y 1 @ 40 50\n"
                   "p1 write x 2 @ 0 10\n"
                   "p1 read z -> nil @ 20 30\n"
                   "p1 read y -> 1 @ 60 70\n"
                   "p1 read x -> 2 @ 80 90\n",
                   VERDICT_VALID);
}

static void test_ccv__s2_readers_disagree(void **state)
{
    (void)state;
    expect_verdict("ccv",
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
                   VERDICT_INVALID);
    expect_witness("ccv",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   "cyclic-order", 5);
    expect_witness("ccv",
                   "p1 write x a @ 0 10\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   "cyclic-order", 6);
}

static void test_ccv__a_concurrent_write_may_win_or_lose_but_for_everybody(void **state)
{
    (void)state;
    expect_verdict("ccv",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p0 read x -> 2 @ 2 3\n"
                   "p1 read x -> 2 @ 2 3\n",
                   VERDICT_VALID);
    expect_verdict("ccv",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p0 read x -> 2 @ 2 3\n"
                   "p1 read x -> 2 @ 2 3\n"
                   "p1 read x -> 1 @ 4 5\n",
                   VERDICT_INVALID);
}

static void test_ccv__lamport_store_buffering_is_allowed(void **state)
{
    (void)state;
    expect_verdict("ccv",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read y -> nil @ 2 3\n"
                   "p1 write y 2 @ 0 1\n"
                   "p1 read x -> nil @ 2 3\n",
                   VERDICT_VALID);
}

static void test_ccv__values_do_not_come_back(void **state)
{
    (void)state;
    expect_witness("ccv",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 1 @ 6 7\n",
                   "cyclic-order", 5);
}

static void test_ccv__a_read_of_thin_air_is_a_violation(void **state)
{
    (void)state;
    expect_witness("ccv",
                   "p0 write x 1 @ 0 10\n"
                   "p1 read x -> 7 @ 20 30\n",
                   "thin-air-read", 1);
}

static void test_ccv__a_circle_of_causes_is_found(void **state)
{
    (void)state;
    expect_witness("ccv",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p1 read y -> 1 @ 0 1\n"
                   "p1 write x 1 @ 2 3\n",
                   "cyclic-order", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ccv__popl_2017_figure_3),
        cmocka_unit_test(test_ccv__s2_readers_disagree),
        cmocka_unit_test(test_ccv__a_concurrent_write_may_win_or_lose_but_for_everybody),
        cmocka_unit_test(test_ccv__lamport_store_buffering_is_allowed),
        cmocka_unit_test(test_ccv__values_do_not_come_back),
        cmocka_unit_test(test_ccv__a_read_of_thin_air_is_a_violation),
        cmocka_unit_test(test_ccv__a_circle_of_causes_is_found),
    };
    return cmocka_run_group_tests_name("checkers/ccv", tests, NULL, NULL);
}
