/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of chain on a real network: what is acknowledged outlives the deaths of all but one and of
 * all, a new tail has what the old one had, and requests that come twice are carried out once. */
#include "stores.h"

static void test_chain__every_node_serves_the_last_value(void **state)
{
    (void)state;
    claim_every_node_serves_the_last_value("chain", NULL);
    claim_every_node_serves_the_last_value("chain", over_udp);
    claim_every_node_serves_the_last_value("chain", with_timeouts);
}

static void test_chain__one_survivor_has_everything(void **state)
{
    (void)state;
    claim_one_survivor_has_everything("chain", NULL);
}

static void test_chain__who_returns_is_a_replica_again(void **state)
{
    (void)state;
    claim_who_returns_is_a_replica_again("chain", NULL);
}

static void test_chain__what_was_acknowledged_outlives_the_death_of_all(void **state)
{
    (void)state;
    claim_acknowledged_outlives_the_death_of_all("chain", NULL);
}

static void test_chain__waits_for_a_link_that_is_silent(void **state)
{
    (void)state;
    claim_waits_for_who_is_silent("chain");
}

static void test_chain__what_comes_twice_is_done_once(void **state)
{
    (void)state;
    assert_int_equal(sum_after_sending_twice("chain", NULL), 1);
}

static void test_chain__who_never_came_is_not_missed(void **state)
{
    (void)state;
    claim_who_never_came_is_not_missed("chain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__every_node_serves_the_last_value),
        cmocka_unit_test(test_chain__one_survivor_has_everything),
        cmocka_unit_test(test_chain__who_returns_is_a_replica_again),
        cmocka_unit_test(test_chain__what_was_acknowledged_outlives_the_death_of_all),
        cmocka_unit_test(test_chain__waits_for_a_link_that_is_silent),
        cmocka_unit_test(test_chain__what_comes_twice_is_done_once),
        cmocka_unit_test(test_chain__who_never_came_is_not_missed),
    };
    return cmocka_run_group_tests_name("targets/chain", tests, NULL, NULL);
}
