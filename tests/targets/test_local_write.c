/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of local-write on a real network: what is acknowledged outlives the deaths of all but one
 * and of all, an item goes from writer to writer, and requests that come twice are carried out
 * once. */
#include "stores.h"

static void test_local_write__every_node_serves_the_last_value(void **state)
{
    (void)state;
    claim_every_node_serves_the_last_value("local-write", NULL);
    claim_every_node_serves_the_last_value("local-write", over_udp);
    claim_every_node_serves_the_last_value("local-write", with_timeouts);
}

static void test_local_write__one_survivor_has_everything(void **state)
{
    (void)state;
    claim_one_survivor_has_everything("local-write", NULL);
}

static void test_local_write__who_returns_is_a_replica_again(void **state)
{
    (void)state;
    claim_who_returns_is_a_replica_again("local-write", NULL);
}

static void test_local_write__what_was_acknowledged_outlives_the_death_of_all(void **state)
{
    (void)state;
    claim_acknowledged_outlives_the_death_of_all("local-write", NULL);
}

static void test_local_write__waits_for_a_replica_that_is_silent(void **state)
{
    (void)state;
    claim_waits_for_who_is_silent("local-write");
}

static void test_local_write__what_comes_twice_is_done_once(void **state)
{
    (void)state;
    assert_int_equal(sum_after_sending_twice("local-write", NULL), 1);
}

static void test_local_write__who_never_came_is_not_missed(void **state)
{
    (void)state;
    claim_who_never_came_is_not_missed("local-write");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local_write__every_node_serves_the_last_value),
        cmocka_unit_test(test_local_write__one_survivor_has_everything),
        cmocka_unit_test(test_local_write__who_returns_is_a_replica_again),
        cmocka_unit_test(test_local_write__what_was_acknowledged_outlives_the_death_of_all),
        cmocka_unit_test(test_local_write__waits_for_a_replica_that_is_silent),
        cmocka_unit_test(test_local_write__what_comes_twice_is_done_once),
        cmocka_unit_test(test_local_write__who_never_came_is_not_missed),
    };
    return cmocka_run_group_tests_name("targets/local-write", tests, NULL, NULL);
}
