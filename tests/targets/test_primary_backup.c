/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of primary-backup on a real network: what is acknowledged outlives the deaths of all but
 * one and of all, a pause is no death, and requests that come twice are carried out once. */
#include "stores.h"

static void test_primary_backup__every_node_serves_the_last_value(void **state)
{
    (void)state;
    claim_every_node_serves_the_last_value("primary-backup", NULL);
    claim_every_node_serves_the_last_value("primary-backup", over_udp);
    claim_timeouts_make_a_view("primary-backup");
}

static void test_primary_backup__one_survivor_has_everything(void **state)
{
    (void)state;
    claim_one_survivor_has_everything("primary-backup", NULL);
}

static void test_primary_backup__who_returns_is_a_replica_again(void **state)
{
    (void)state;
    claim_who_returns_is_a_replica_again("primary-backup", NULL);
}

static void test_primary_backup__what_was_acknowledged_outlives_the_death_of_all(void **state)
{
    (void)state;
    claim_acknowledged_outlives_the_death_of_all("primary-backup", NULL);
}

static void test_primary_backup__waits_for_a_backup_that_is_silent(void **state)
{
    (void)state;
    claim_waits_for_who_is_silent("primary-backup");
}

static void test_primary_backup__what_comes_twice_is_done_once(void **state)
{
    (void)state;
    assert_int_equal(sum_after_sending_twice("primary-backup", NULL), 1);
}

static void test_primary_backup__no_dedup_does_it_twice(void **state)
{
    (void)state;
    assert_true(sum_after_sending_twice("primary-backup", no_dedup) >= 2);
}

static void test_primary_backup__who_never_came_is_not_missed(void **state)
{
    (void)state;
    claim_who_never_came_is_not_missed("primary-backup");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_primary_backup__every_node_serves_the_last_value),
        cmocka_unit_test(test_primary_backup__one_survivor_has_everything),
        cmocka_unit_test(test_primary_backup__who_returns_is_a_replica_again),
        cmocka_unit_test(test_primary_backup__what_was_acknowledged_outlives_the_death_of_all),
        cmocka_unit_test(test_primary_backup__waits_for_a_backup_that_is_silent),
        cmocka_unit_test(test_primary_backup__what_comes_twice_is_done_once),
        cmocka_unit_test(test_primary_backup__no_dedup_does_it_twice),
        cmocka_unit_test(test_primary_backup__who_never_came_is_not_missed),
    };
    return cmocka_run_group_tests_name("targets/primary-backup", tests, NULL, NULL);
}
