/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of nemesis/members.c: who has to leave, and what counts as its effect. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <string.h>

extern const struct nemesis nemesis_members;

static void test_members__as_many_leave_as_the_selector_says(void **state)
{
    (void)state;
    struct world mine;

    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(
            declare_fault(&nemesis_members, "one", SELECT_ONE, seed, 5, 0, &mine, NULL), 0);
        assert_int_equal(node_set_count(mine.absent), 1);
        assert_false(world_is_healthy(&mine));
        assert_int_equal(
            declare_fault(&nemesis_members, "minority", SELECT_MINORITY, seed, 5, 0, &mine, NULL),
            0);
        assert_int_equal(node_set_count(mine.absent), 2);
        assert_int_equal(
            declare_fault(&nemesis_members, "leader", SELECT_LEADER, seed, 5, NODE(3), &mine, NULL),
            0);
        assert_true(mine.absent == NODE(3));
    }
}

static void test_members__somebody_stays(void **state)
{
    (void)state;
    struct world mine;

    assert_int_equal(declare_fault(&nemesis_members, "one", SELECT_ONE, 1, 1, 0, &mine, NULL), -1);
    assert_int_equal(declare_fault(&nemesis_members, "x", SELECT_ALL, 1, 5, 0, &mine, NULL), -1);
}

static void test_members__every_kind_is_drawn(void **state)
{
    (void)state;
    bool seen[16] = {false};
    struct rng rng;

    rng_init(&rng, 1, 0);
    for (int i = 0; i < 1000; i++) {
        struct fault fault = {.seed = rng_next(&rng) >> 1};
        nemesis_members.draw(&rng, 5, true, &fault);
        size_t kind = 0;
        while (nemesis_members.kinds[kind] && strcmp(nemesis_members.kinds[kind], fault.kind) != 0)
            kind++;
        assert_non_null(nemesis_members.kinds[kind]);
        seen[kind] = true;
    }
    for (size_t i = 0; nemesis_members.kinds[i]; i++)
        assert_true(seen[i]);
}

static void test_members__counts_the_removals_of_its_own_nodes(void **state)
{
    (void)state;
    static struct effects before, after;
    struct world mine;

    world_clear(&mine, 3);
    mine.absent = NODE(1);
    before.nodes[1].members_removed = 1;
    after.nodes[1].members_removed = 2;
    after.nodes[2].members_removed = 9;
    assert_int_equal(nemesis_members.affected(&mine, &before, &after), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members__as_many_leave_as_the_selector_says),
        cmocka_unit_test(test_members__somebody_stays),
        cmocka_unit_test(test_members__every_kind_is_drawn),
        cmocka_unit_test(test_members__counts_the_removals_of_its_own_nodes),
    };
    return cmocka_run_group_tests_name("nemesis/members", tests, NULL, NULL);
}
