/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of nemesis/stop.c: who is chosen, and what counts as its effect. */
#include "../lib/check.h"
#include "../lib/process_claims.h"

extern const struct nemesis nemesis_stop;

static void test_stop__chooses_as_its_selector_says(void **state)
{
    (void)state;
    claim_selectors_choose_as_many_as_they_say(&nemesis_stop, PROCESS_STOPPED);
    claim_leader_is_who_leads_now(&nemesis_stop, PROCESS_STOPPED);
}

static void test_stop__same_seed_same_nodes(void **state)
{
    (void)state;
    claim_same_seed_chooses_the_same_nodes(&nemesis_stop);
}

static void test_stop__counts_the_processes_of_its_own_nodes(void **state)
{
    (void)state;
    static struct effects before, after;
    struct world mine;

    world_clear(&mine, 3);
    mine.processes[1] = PROCESS_STOPPED;
    before.nodes[1].killed = 1;
    after.nodes[1].killed = 5;
    after.nodes[2].killed = 9;
    assert_int_equal(nemesis_stop.affected(&mine, &before, &after), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__chooses_as_its_selector_says),
        cmocka_unit_test(test_stop__same_seed_same_nodes),
        cmocka_unit_test(test_stop__counts_the_processes_of_its_own_nodes),
    };
    return cmocka_run_group_tests_name("nemesis/stop", tests, NULL, NULL);
}
