/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of monotonic_reads.c, alone: one process and what it read. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_monotonic_reads__what_was_read_past_does_not_come_back(void **state)
{
    (void)state;
    expect_witness("monotonic-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 0 1\n"
                   "p2 read x -> 1 @ 2 3\n"
                   "p2 read x -> 2 @ 4 5\n"
                   "p2 read x -> 1 @ 6 7\n",
                   "cyclic-order", 5);
    expect_witness("monotonic-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n"
                   "p1 read x -> nil @ 4 5\n",
                   "overwritten-initial-read", 3);
}

static void test_monotonic_reads__the_order_of_writes_is_not_asked_for(void **state)
{
    (void)state;
    expect_verdict("monotonic-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n",
                   VERDICT_VALID);
}

static void test_monotonic_reads__nor_is_agreement_between_processes(void **state)
{
    (void)state;
    expect_verdict("monotonic-reads",
                   "p1 write x a @ 0 10\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   VERDICT_VALID);
}

static void test_monotonic_reads__keys_are_apart(void **state)
{
    (void)state;
    expect_verdict("monotonic-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 2 @ 2 3\n"
                   "p1 read x -> 1 @ 4 5\n"
                   "p1 read y -> 2 @ 6 7\n"
                   "p1 read x -> 1 @ 8 9\n",
                   VERDICT_VALID);
}

static void test_monotonic_reads__a_new_process_is_a_new_session(void **state)
{
    (void)state;
    expect_verdict("monotonic-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n"
                   "p2 read x -> nil @ 4 5\n",
                   VERDICT_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_reads__what_was_read_past_does_not_come_back),
        cmocka_unit_test(test_monotonic_reads__the_order_of_writes_is_not_asked_for),
        cmocka_unit_test(test_monotonic_reads__nor_is_agreement_between_processes),
        cmocka_unit_test(test_monotonic_reads__keys_are_apart),
        cmocka_unit_test(test_monotonic_reads__a_new_process_is_a_new_session),
    };
    return cmocka_run_group_tests_name("checkers/monotonic_reads", tests, NULL, NULL);
}
