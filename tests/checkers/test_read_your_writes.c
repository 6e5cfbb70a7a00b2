/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of read_your_writes.c, alone: nothing but one process and what it wrote. */
#include "../lib/check.h"
#include "../lib/judged.h"

static void test_read_your_writes__an_own_write_is_not_forgotten(void **state)
{
    (void)state;
    expect_witness("read-your-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 read x -> nil @ 2 3\n",
                   "overwritten-initial-read", 2);
    expect_witness("read-your-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p0 read x -> 1 @ 4 5\n",
                   "cyclic-order", 3);
}

static void test_read_your_writes__another_process_may_have_overwritten_it(void **state)
{
    (void)state;
    expect_verdict("read-your-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p1 write x 2 @ 2 3\n"
                   "p0 read x -> 2 @ 4 5\n"
                   "p0 read x -> 1 @ 6 7\n"
                   "p0 read x -> 2 @ 8 9\n",
                   VERDICT_VALID);
}

static void test_read_your_writes__others_may_read_anything(void **state)
{
    (void)state;
    expect_verdict("read-your-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 write x 2 @ 2 3\n"
                   "p1 read x -> 2 @ 4 5\n"
                   "p1 read x -> 1 @ 6 7\n"
                   "p1 read x -> nil @ 8 9\n",
                   VERDICT_VALID);
}

static void test_read_your_writes__a_write_still_to_come_may_be_read(void **state)
{
    (void)state;
    expect_verdict("read-your-writes",
                   "p0 read x -> 1 @ 0 1\n"
                   "p0 write x 1 @ 2 3\n",
                   VERDICT_VALID);
}

static void test_read_your_writes__a_read_of_thin_air_is_a_violation(void **state)
{
    (void)state;
    expect_witness("read-your-writes",
                   "p0 write x 1 @ 0 10\n"
                   "p1 read x -> 7 @ 20 30\n",
                   "thin-air-read", 1);
}

static void test_read_your_writes__a_cas_writes(void **state)
{
    (void)state;
    expect_witness("read-your-writes",
                   "p0 write x 1 @ 0 1\n"
                   "p0 cas x 1 2 @ 2 3\n"
                   "p0 read x -> 1 @ 4 5\n",
                   "cyclic-order", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_your_writes__an_own_write_is_not_forgotten),
        cmocka_unit_test(test_read_your_writes__another_process_may_have_overwritten_it),
        cmocka_unit_test(test_read_your_writes__others_may_read_anything),
        cmocka_unit_test(test_read_your_writes__a_write_still_to_come_may_be_read),
        cmocka_unit_test(test_read_your_writes__a_read_of_thin_air_is_a_violation),
        cmocka_unit_test(test_read_your_writes__a_cas_writes),
    };
    return cmocka_run_group_tests_name("checkers/read_your_writes", tests, NULL, NULL);
}
