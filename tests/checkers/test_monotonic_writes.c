/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of monotonic_writes.c, alone: writes in the order of their process, as read by one. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_monotonic_writes__writes_are_seen_in_their_order(void **state)
{
    (void)state;
    expect_witness("monotonic-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n",
                   "cyclic-order", 4);
    expect_witness("monotonic-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write y 2 @ 2 3\n"
                   "p1 read y -> 2 @ 4 5\n"
                   "p1 read x -> nil @ 6 7\n",
                   "overwritten-initial-read", 4);
}

static void test_monotonic_writes__own_reads_and_writes_stand_in_no_order(void **state)
{
    (void)state;
    expect_verdict("monotonic-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read x -> nil @ 2 3\n",
                   VERDICT_VALID);
    expect_verdict("monotonic-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p0 read x -> 1 @ 4 5\n",
                   VERDICT_VALID);
}

static void test_monotonic_writes__writes_of_different_processes_neither(void **state)
{
    (void)state;
    expect_verdict("monotonic-writes",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   VERDICT_VALID);
}

static void test_monotonic_writes__through_another_key_and_back(void **state)
{
    (void)state;
    expect_verdict("monotonic-writes",
                   "p0 write z 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n"
                   "p0 write y 1 @ 4 5\n"
                   "p3 write x 2 @ 0 1\n"
                   "p2 read x -> 2 @ 6 7\n"
                   "p2 read z -> nil @ 8 9\n"
                   "p2 read y -> 1 @ 10 11\n"
                   "p2 read x -> 2 @ 12 13\n",
                   VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_writes__writes_are_seen_in_their_order),
        cmocka_unit_test(test_monotonic_writes__own_reads_and_writes_stand_in_no_order),
        cmocka_unit_test(test_monotonic_writes__writes_of_different_processes_neither),
        cmocka_unit_test(test_monotonic_writes__through_another_key_and_back),
    };
    return cmocka_run_group_tests_name("checkers/monotonic_writes", tests, NULL, NULL);
}
