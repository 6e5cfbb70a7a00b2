/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of runner/allot.c: faults beside each other never share a part of a node, and a protected
 * quorum stays whole. */
#include "../../harness/runner/allot.h"
#include "../lib/check.h"
#include "../lib/declare.h"

extern const struct nemesis nemesis_kill, nemesis_pause, nemesis_crash, nemesis_members,
    nemesis_truncate;

/* Allot a fault of `nemesis` beside what `other` declares in a cluster of `count`. */
static int try_beside(const struct nemesis *nemesis, const char *kind, enum selector selector,
                      uint64_t seed, const struct world *other, bool protect, struct world *mine)
{
    struct fault fault = {
        .nemesis = nemesis, .kind = kind, .selector = selector, .nodes = NODE(0), .seed = seed};
    struct situation situation = {.node_count = other->node_count};
    const struct world *const others[] = {other};
    struct buf value;
    struct err err;

    buf_init(&value, 0);
    int result = allot(&fault, &situation, declare_names, others, 1, protect, mine, &value, &err);
    buf_release(&value);
    return result;
}

static void test_allot__another_fault_gets_other_nodes(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 5);
    other.processes[1] = other.processes[3] = PROCESS_PAUSED;
    for (uint64_t seed = 0; seed < 100; seed++) {
        assert_int_equal(
            try_beside(&nemesis_kill, "minority", SELECT_MINORITY, seed, &other, false, &mine), 0);
        assert_int_equal(worlds_conflict(&mine, &other), 0);
        int killed = 0;
        for (int i = 0; i < 5; i++)
            killed += mine.processes[i] == PROCESS_KILLED;
        assert_int_equal(killed, 2);
    }
}

static void test_allot__named_nodes_in_conflict_are_not_replaced(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 5);
    other.processes[0] = PROCESS_KILLED;
    assert_int_equal(try_beside(&nemesis_pause, "one", SELECT_NODES, 1, &other, false, &mine), -1);
}

static void test_allot__different_parts_of_a_node_are_no_conflict(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 5);
    other.clocks[0].wall_offset_ns = 5;
    assert_int_equal(try_beside(&nemesis_pause, "one", SELECT_NODES, 1, &other, false, &mine), 0);
    assert_int_equal(mine.processes[0], PROCESS_PAUSED);
}

static void test_allot__nobody_has_to_end_while_his_disk_stands_still(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 5);
    other.disks[0].sync_delay_ns = INT64_MAX;
    assert_int_equal(try_beside(&nemesis_crash, "one", SELECT_NODES, 1, &other, false, &mine), -1);
    assert_int_equal(try_beside(&nemesis_kill, "one", SELECT_NODES, 1, &other, false, &mine), 0);
    assert_int_equal(try_beside(&nemesis_crash, "one", SELECT_ONE, 1, &other, false, &mine), 0);
    assert_int_equal(mine.processes[0], PROCESS_RUNNING);
}

static void test_allot__a_protected_quorum_stays_whole(void **state)
{
    (void)state;
    static const enum selector selectors[] = {SELECT_ONE, SELECT_MINORITY, SELECT_MAJORITY,
                                              SELECT_ALL};
    for (int n = 3; n <= 7; n++) {
        for (uint64_t seed = 0; seed < 100; seed++) {
            struct world other, mine;
            world_clear(&other, n);
            other.processes[seed % (uint64_t)n] = PROCESS_PAUSED;
            if (try_beside(&nemesis_kill, "x", selectors[seed % 4], seed, &other, true, &mine) <
                0) {
                assert_true(n <= 4); /* there is nobody to spare */
                continue;
            }
            world_merge(&other, &mine);
            assert_true(world_has_quorum(&other));
            assert_false(world_is_healthy(&mine));
        }
    }
}

static void test_allot__no_protection_lets_everybody_fall(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 3);
    assert_int_equal(try_beside(&nemesis_kill, "all", SELECT_ALL, 1, &other, false, &mine), 0);
    assert_false(world_has_quorum(&mine));
}

static void test_allot__a_cut_quorum_is_none(void **state)
{
    (void)state;
    struct world world;

    world_clear(&world, 5);
    assert_true(world_has_quorum(&world));
    world_cut_between(&world, NODE(0) | NODE(1), NODE(2) | NODE(3) | NODE(4));
    assert_true(world_has_quorum(&world));
    world.processes[3] = PROCESS_KILLED; /* 2 and 4 are left on the greater side */
    assert_false(world_has_quorum(&world));
    world_clear(&world, 3);
    world.cut[0] = NODE(1) | NODE(2); /* deaf to 0 */
    assert_true(world_has_quorum(&world));
    world.cut[1] = NODE(2);
    assert_false(world_has_quorum(&world));
}

static void test_allot__who_is_no_member_is_left_alone(void **state)
{
    (void)state;
    struct world other, mine;

    world_clear(&other, 5);
    other.absent = NODE(0) | NODE(2);
    assert_int_equal(try_beside(&nemesis_kill, "one", SELECT_NODES, 1, &other, false, &mine), -1);
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(
            try_beside(&nemesis_members, "one", SELECT_ONE, seed, &other, false, &mine), 0);
        assert_int_equal(mine.absent & other.absent, 0);
        assert_int_equal(try_beside(&nemesis_members, "one", SELECT_ONE, seed, &other, true, &mine),
                         -1);
    }
    world_clear(&other, 5);
    other.disks[0].sync_delay_ns = INT64_MAX; /* its database could not end */
    assert_int_equal(try_beside(&nemesis_members, "one", SELECT_NODES, 1, &other, false, &mine),
                     -1);
}

/* Allot damage to files in a cluster of `count` where those of `damaged` are already; who gets it,
 * 0 if nobody does. */
static node_set allot_damage(enum selector selector, node_set named, int count, node_set damaged,
                             bool any)
{
    struct fault fault = {.nemesis = &nemesis_truncate,
                          .kind = "one",
                          .selector = selector,
                          .nodes = named,
                          .params = {100},
                          .seed = 7};
    struct situation situation = {.node_count = count, .damaged = damaged, .damage_any = any};
    struct world mine;
    struct buf value;
    struct err err;

    buf_init(&value, 0);
    int result = allot(&fault, &situation, declare_names, NULL, 0, false, &mine, &value, &err);
    buf_release(&value);
    return result == 0 ? world_damages(&mine) : 0;
}

static void test_allot__damage_to_files_stays_with_a_minority(void **state)
{
    (void)state;
    assert_int_equal(node_set_count(allot_damage(SELECT_ALL, 0, 5, 0, false)), 2);
    assert_int_equal(node_set_count(allot_damage(SELECT_MINORITY, 0, 5, 0, false)), 2);
    assert_int_equal(allot_damage(SELECT_ONE, 0, 3, NODE(2), false), NODE(2));
    node_set again = allot_damage(SELECT_MINORITY, 0, 5, NODE(1) | NODE(4), false);
    assert_true(again && (again & ~(NODE(1) | NODE(4))) == 0);
    node_set one_more = allot_damage(SELECT_MINORITY, 0, 5, NODE(1), false);
    assert_int_equal(node_set_count(one_more | NODE(1)), 2);
    assert_int_equal(allot_damage(SELECT_NODES, NODE(0) | NODE(1), 3, 0, false), 0);
    assert_int_equal(allot_damage(SELECT_NODES, NODE(0), 3, NODE(1), false), 0);
    assert_int_equal(allot_damage(SELECT_ONE, 0, 2, 0, false), 0);
    assert_int_equal(allot_damage(SELECT_ONE, 0, 1, 0, false), 0);
}

static void test_allot__no_protection_lets_all_files_be_damaged(void **state)
{
    (void)state;
    assert_int_equal(allot_damage(SELECT_ALL, 0, 5, NODE(1), true), 31);
    assert_int_equal(allot_damage(SELECT_ONE, 0, 1, 0, true), 1);
}

/* A node whose files were damaged may refuse to run: nobody else may fall beside it. */
static void test_allot__who_was_damaged_is_no_part_of_a_quorum(void **state)
{
    struct situation situation = {.node_count = 3, .damaged = NODE(1)};
    struct fault fault = {.nemesis = &nemesis_kill, .kind = "one", .selector = SELECT_ONE};
    struct world mine;
    struct buf value;
    struct err err;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        fault.seed = seed;
        buf_init(&value, 0);
        assert_int_equal(
            allot(&fault, &situation, declare_names, NULL, 0, true, &mine, &value, &err), 0);
        assert_int_equal(mine.processes[1], PROCESS_KILLED);
        buf_release(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allot__another_fault_gets_other_nodes),
        cmocka_unit_test(test_allot__named_nodes_in_conflict_are_not_replaced),
        cmocka_unit_test(test_allot__different_parts_of_a_node_are_no_conflict),
        cmocka_unit_test(test_allot__nobody_has_to_end_while_his_disk_stands_still),
        cmocka_unit_test(test_allot__a_protected_quorum_stays_whole),
        cmocka_unit_test(test_allot__no_protection_lets_everybody_fall),
        cmocka_unit_test(test_allot__damage_to_files_stays_with_a_minority),
        cmocka_unit_test(test_allot__no_protection_lets_all_files_be_damaged),
        cmocka_unit_test(test_allot__who_was_damaged_is_no_part_of_a_quorum),
        cmocka_unit_test(test_allot__a_cut_quorum_is_none),
        cmocka_unit_test(test_allot__who_is_no_member_is_left_alone),
    };
    return cmocka_run_group_tests_name("runner/allot", tests, NULL, NULL);
}
