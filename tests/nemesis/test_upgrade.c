/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of nemesis/upgrade.c: who gets the other version, for how long, and when nobody does. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <string.h>

extern const struct nemesis nemesis_upgrade;

static int declare_in(const struct situation *situation, const char *kind, enum selector selector,
                      node_set nodes, struct world *mine)
{
    struct fault fault = {.nemesis = &nemesis_upgrade, .kind = kind, .selector = selector};
    struct buf value;
    struct err err;

    fault.nodes = nodes;
    buf_init(&value, 0);
    world_clear(mine, situation->node_count);
    int result = nemesis_upgrade.declare(&fault, situation, declare_names, mine, &value, &err);
    buf_release(&value);
    return result;
}

static void test_upgrade__only_a_roll_is_for_good(void **state)
{
    (void)state;
    struct world mine;

    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(
            declare_fault(&nemesis_upgrade, "minority", SELECT_MINORITY, seed, 5, 0, &mine, NULL),
            0);
        assert_int_equal(node_set_count(mine.rolled), 2);
        assert_true(mine.rolled_for_good == 0);
        assert_false(world_is_healthy(&mine));
    }
    const struct situation situation = {.node_count = 3};
    assert_int_equal(declare_in(&situation, "rolling", SELECT_NODES, NODE(1), &mine), 0);
    assert_true(mine.rolled == 0 && mine.rolled_for_good == NODE(1));
    assert_false(world_is_healthy(&mine));
}

static void test_upgrade__who_has_it_for_good_is_not_chosen(void **state)
{
    (void)state;
    const struct situation some = {.node_count = 3, .rolled_for_good = NODE(0) | NODE(1)};
    const struct situation all = {.node_count = 3, .rolled_for_good = NODE(3) - 1};
    struct world mine;

    assert_int_equal(declare_in(&some, "one", SELECT_ONE, 0, &mine), 0);
    assert_true(mine.rolled == NODE(2));
    assert_int_equal(declare_in(&some, "rolling", SELECT_NODES, NODE(1), &mine), -1);
    assert_int_equal(declare_in(&all, "one", SELECT_ONE, 0, &mine), -1);
    assert_true(mine.rolled == 0);
}

static void test_upgrade__a_node_that_is_not_up_halts_it(void **state)
{
    (void)state;
    const struct situation situation = {.node_count = 3, .not_up = NODE(0)};
    struct world mine;

    assert_int_equal(declare_in(&situation, "rolling", SELECT_NODES, NODE(1), &mine), -1);
    assert_int_equal(declare_in(&situation, "one", SELECT_ONE, 0, &mine), -1);
}

static void test_upgrade__every_kind_is_drawn(void **state)
{
    (void)state;
    bool seen[16] = {false};
    struct rng rng;

    rng_init(&rng, 1, 0);
    for (int i = 0; i < 1000; i++) {
        struct fault fault = {.seed = rng_next(&rng) >> 1};
        nemesis_upgrade.draw(&rng, 5, true, &fault);
        size_t kind = 0;
        while (nemesis_upgrade.kinds[kind] && strcmp(nemesis_upgrade.kinds[kind], fault.kind) != 0)
            kind++;
        assert_non_null(nemesis_upgrade.kinds[kind]);
        seen[kind] = true;
    }
    for (size_t i = 0; nemesis_upgrade.kinds[i]; i++)
        assert_true(seen[i]);
}

static void test_upgrade__counts_the_restarts_of_its_own_nodes(void **state)
{
    (void)state;
    static struct effects before, after;
    struct world mine;

    world_clear(&mine, 3);
    mine.rolled = NODE(0);
    mine.rolled_for_good = NODE(1);
    before.nodes[1].rolled = 1;
    after.nodes[0].rolled = after.nodes[0].rolled_back = 1;
    after.nodes[1].rolled = 2;
    after.nodes[2].rolled = 9;
    assert_int_equal(nemesis_upgrade.affected(&mine, &before, &after), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upgrade__only_a_roll_is_for_good),
        cmocka_unit_test(test_upgrade__who_has_it_for_good_is_not_chosen),
        cmocka_unit_test(test_upgrade__a_node_that_is_not_up_halts_it),
        cmocka_unit_test(test_upgrade__every_kind_is_drawn),
        cmocka_unit_test(test_upgrade__counts_the_restarts_of_its_own_nodes),
    };
    return cmocka_run_group_tests_name("nemesis/upgrade", tests, NULL, NULL);
}
