/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../lib/check.h"
#include "../lib/declare.h"
#include "../lib/process_claims.h"

extern const struct nemesis nemesis_power_cut;

static void test_selectors_choose_as_many_as_they_say(void **state)
{
    (void)state;
    claim_selectors_choose_as_many_as_they_say(&nemesis_power_cut, PROCESS_KILLED);
}

static void test_same_seed_chooses_the_same_nodes(void **state)
{
    (void)state;
    claim_same_seed_chooses_the_same_nodes(&nemesis_power_cut);
}

static void test_whoever_dies_loses_what_was_not_synced(void **state)
{
    struct world world;

    (void)state;
    assert_int_equal(
        declare_fault(&nemesis_power_cut, "minority", SELECT_MINORITY, 3, 5, 0, &world, NULL), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(world.disks[i].lose_unsynced, world.processes[i] == PROCESS_KILLED);
}

static void test_affected_counts_the_dead_and_the_lost(void **state)
{
    static struct effects before, after;
    struct world world = {.node_count = 2};

    (void)state;
    world.disks[1].lose_unsynced = 1;
    after.nodes[0] = (struct receipt){.killed = 5, .bytes_lost = 50};
    after.nodes[1] = (struct receipt){.killed = 3, .bytes_lost = 40, .names_lost = 2};
    before.nodes[1] = (struct receipt){.killed = 1, .bytes_lost = 10};
    assert_int_equal(nemesis_power_cut.affected(&world, &before, &after), 2 + 30 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selectors_choose_as_many_as_they_say),
        cmocka_unit_test(test_same_seed_chooses_the_same_nodes),
        cmocka_unit_test(test_whoever_dies_loses_what_was_not_synced),
        cmocka_unit_test(test_affected_counts_the_dead_and_the_lost),
    };

    return cmocka_run_group_tests_name("power-cut", tests, NULL, NULL);
}
