/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of smr on a real network: what is acknowledged outlives the deaths of all but one and of
 * all, a pause is no death, and requests that come twice are carried out once. */
#include "stores.h"

static void test_smr__every_node_serves_the_last_value(void **state)
{
    (void)state;
    claim_every_node_serves_the_last_value("smr", NULL);
    claim_every_node_serves_the_last_value("smr", over_udp);
    claim_every_node_serves_the_last_value("smr", with_timeouts);
}

static void test_smr__one_survivor_has_everything(void **state)
{
    (void)state;
    claim_one_survivor_has_everything("smr", NULL);
}

static void test_smr__who_returns_is_a_replica_again(void **state)
{
    (void)state;
    claim_who_returns_is_a_replica_again("smr", NULL);
}

static void test_smr__what_was_acknowledged_outlives_the_death_of_all(void **state)
{
    (void)state;
    claim_acknowledged_outlives_the_death_of_all("smr", NULL);
}

static void test_smr__waits_for_a_replica_that_is_silent(void **state)
{
    (void)state;
    claim_waits_for_who_is_silent("smr");
}

static void test_smr__what_comes_twice_is_done_once(void **state)
{
    (void)state;
    assert_int_equal(sum_after_sending_twice("smr", NULL), 1);
}

static void test_smr__who_never_came_is_not_missed(void **state)
{
    (void)state;
    claim_who_never_came_is_not_missed("smr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smr__every_node_serves_the_last_value),
        cmocka_unit_test(test_smr__one_survivor_has_everything),
        cmocka_unit_test(test_smr__who_returns_is_a_replica_again),
        cmocka_unit_test(test_smr__what_was_acknowledged_outlives_the_death_of_all),
        cmocka_unit_test(test_smr__waits_for_a_replica_that_is_silent),
        cmocka_unit_test(test_smr__what_comes_twice_is_done_once),
        cmocka_unit_test(test_smr__who_never_came_is_not_missed),
    };
    return cmocka_run_group_tests_name("targets/smr", tests, NULL, NULL);
}
