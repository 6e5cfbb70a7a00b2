/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of cc.c: each read by itself, from its causal past. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_cc__every_read_may_need_another_order(void **state)
{
    (void)state;
    expect_verdict("cc",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 1 @ 6 7\n",
                   VERDICT_VALID);
    expect_verdict("cc",
                   "p0 write x 1 @ 0 10\n"
                   "p1 write x 2 @ 0 10\n"
                   "p0 read x -> 2 @ 20 30\n"
                   "p1 read x -> 1 @ 20 30\n",
                   VERDICT_VALID);
    expect_verdict("cc",
                   "p0 write z 1 @ 0 10\n"
                   "p0 write x 1 @ 20 30\n"
                   "p0 write y 1 @ 40 50\n"
                   "p1 write x 2 @ 0 10\n"
                   "p1 read z -> nil @ 20 30\n"
                   "p1 read y -> 1 @ 60 70\n"
                   "p1 read x -> 2 @ 80 90\n",
                   VERDICT_VALID);
}

static void test_cc__a_causally_overwritten_value_is_not_read(void **state)
{
    (void)state;
    expect_witness("cc",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   "cyclic-order", 5);
    expect_witness("cc",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p0 read x -> 1 @ 4 5\n",
                   "cyclic-order", 3);
}

static void test_cc__nor_the_initial_value_after_a_write(void **state)
{
    (void)state;
    expect_witness("cc",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read x -> nil @ 4 5\n",
                   "overwritten-initial-read", 2);
}

static void test_cc__a_circle_of_causes_is_found(void **state)
{
    (void)state;
    expect_witness("cc",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p1 read y -> 1 @ 0 1\n"
                   "p1 write x 1 @ 2 3\n",
                   "cyclic-order", 4);
}

static void test_cc__a_read_of_thin_air_is_a_violation(void **state)
{
    (void)state;
    expect_witness("cc",
                   "p0 write x 1 @ 0 10\n"
                   "p1 read x -> 7 @ 20 30\n",
                   "thin-air-read", 1);
}

static void test_cc__popl_2017_a_value_overwritten_through_two_processes(void **state)
{
    (void)state;
    expect_verdict("cc",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n"
                   "p1 write x 2 @ 4 5\n"
                   "p1 write y 1 @ 6 7\n"
                   "p2 read y -> 1 @ 8 9\n"
                   "p2 write z 1 @ 10 11\n"
                   "p3 read z -> 1 @ 12 13\n"
                   "p3 read x -> 1 @ 14 15\n",
                   VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cc__every_read_may_need_another_order),
        cmocka_unit_test(test_cc__a_causally_overwritten_value_is_not_read),
        cmocka_unit_test(test_cc__nor_the_initial_value_after_a_write),
        cmocka_unit_test(test_cc__a_circle_of_causes_is_found),
        cmocka_unit_test(test_cc__a_read_of_thin_air_is_a_violation),
        cmocka_unit_test(test_cc__popl_2017_a_value_overwritten_through_two_processes),
    };
    return cmocka_run_group_tests_name("checkers/cc", tests, NULL, NULL);
}
