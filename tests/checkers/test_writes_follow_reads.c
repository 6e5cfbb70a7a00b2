/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of writes_follow_reads.c, alone: a write comes after what its process had read. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_writes_follow_reads__a_reply_is_not_seen_before_what_it_replies_to(void **state)
{
    (void)state;
    expect_witness("writes-follow-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p1 read x -> 1 @ 2 3\n"
                   "p1 write y 1 @ 4 5\n"
                   "p2 read y -> 1 @ 6 7\n"
                   "p2 read x -> nil @ 8 9\n",
                   "overwritten-initial-read", 5);
    expect_witness("writes-follow-reads",
                   "p1 write x a @ 0 10\n"
                   "p2 read x -> a @ 20 30\n"
                   "p2 write x b @ 40 50\n"
                   "p3 read x -> b @ 60 70\n"
                   "p4 read x -> a @ 60 70\n"
                   "p3 read x -> a @ 80 90\n"
                   "p4 read x -> b @ 80 90\n",
                   "cyclic-order", 5);
}

static void test_writes_follow_reads__a_process_own_writes_stand_in_no_order(void **state)
{
    (void)state;
    expect_verdict("writes-follow-reads",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n",
                   VERDICT_VALID);
}

static void test_writes_follow_reads__replies_to_each_other_are_a_circle(void **state)
{
    (void)state;
    expect_witness("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p1 read y -> 1 @ 0 1\n"
                   "p1 write x 1 @ 2 3\n",
                   "cyclic-order", 4);
}

static void test_writes_follow_reads__a_write_does_not_follow_itself(void **state)
{
    (void)state;
    expect_verdict("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n",
                   VERDICT_VALID);
    /* But it comes before the others that follow the read of it. */
    expect_verdict("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p0 write x 1 @ 4 5\n"
                   "p1 read y -> 1 @ 6 7\n"
                   "p1 read x -> nil @ 8 9\n",
                   VERDICT_INVALID);
    expect_verdict("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n"
                   "p0 write y 1 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n"
                   "p1 read y -> nil @ 8 9\n",
                   VERDICT_VALID);
    expect_verdict("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n"
                   "p0 write y 1 @ 4 5\n"
                   "p1 read y -> 1 @ 6 7\n"
                   "p1 read x -> nil @ 8 9\n",
                   VERDICT_INVALID);
}

static void test_writes_follow_reads__what_is_read_early_binds_its_own_process(void **state)
{
    (void)state;
    /* p0 reads what it writes later: its write of z follows, p1's write of y does not. */
    expect_verdict("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write z 1 @ 2 3\n"
                   "p0 write x 1 @ 4 5\n"
                   "p1 write y 1 @ 0 1\n"
                   "p2 read y -> 1 @ 6 7\n"
                   "p2 read x -> nil @ 8 9\n",
                   VERDICT_VALID);
}

static void test_writes_follow_reads__a_process_may_not_reply_to_its_own_reply(void **state)
{
    (void)state;
    /* The write of y follows that of x, which follows it. */
    expect_witness("writes-follow-reads",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write y 1 @ 2 3\n"
                   "p0 read y -> 1 @ 4 5\n"
                   "p0 write x 1 @ 6 7\n",
                   "cyclic-order", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_follow_reads__a_reply_is_not_seen_before_what_it_replies_to),
        cmocka_unit_test(test_writes_follow_reads__a_process_own_writes_stand_in_no_order),
        cmocka_unit_test(test_writes_follow_reads__replies_to_each_other_are_a_circle),
        cmocka_unit_test(test_writes_follow_reads__a_write_does_not_follow_itself),
        cmocka_unit_test(test_writes_follow_reads__what_is_read_early_binds_its_own_process),
        cmocka_unit_test(test_writes_follow_reads__a_process_may_not_reply_to_its_own_reply),
    };
    return cmocka_run_group_tests_name("checkers/writes_follow_reads", tests, NULL, NULL);
}
