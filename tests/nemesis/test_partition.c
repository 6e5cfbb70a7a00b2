/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of nemesis/partition.c: each shape is what its name says, for every size and many seeds. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <stdlib.h>

extern const struct nemesis nemesis_partition;

enum { NODES_TRIED = 7, SEEDS_TRIED = 50 };

static bool hears(const struct world *world, int to, int from)
{
    return to == from || !(world->cut[from] & NODE(to));
}

static int heard_count(const struct world *world, int to)
{
    int count = 0;
    for (int from = 0; from < world->node_count; from++)
        count += hears(world, to, from);
    return count;
}

static bool is_symmetric(const struct world *world)
{
    for (int a = 0; a < world->node_count; a++) {
        for (int b = 0; b < world->node_count; b++) {
            if (hears(world, a, b) != hears(world, b, a))
                return false;
        }
    }
    return true;
}

static void check_sides(const char *kind, int smaller_of_five)
{
    for (int n = 2; n <= NODES_TRIED; n++) {
        for (uint64_t seed = 0; seed < SEEDS_TRIED; seed++) {
            struct world world;
            assert_int_equal(
                declare_fault(&nemesis_partition, kind, SELECT_ALL, seed, n, 0, &world, NULL), 0);
            assert_true(is_symmetric(&world));
            assert_int_equal(world.cut[CLIENTS], 0);
            int with_first = heard_count(&world, 0);
            for (int i = 0; i < n; i++)
                assert_int_equal(heard_count(&world, i),
                                 hears(&world, 0, i) ? with_first : n - with_first);
            if (n == 5)
                assert_true(with_first == smaller_of_five || with_first == 5 - smaller_of_five);
        }
    }
}

static void test_partition__halves_are_two_sides_that_do_not_hear_each_other(void **state)
{
    (void)state;
    check_sides("halves", 2);
    check_sides("random-halves", 2);
}

static void test_partition__majorities_ring_leaves_everybody_a_different_majority(void **state)
{
    (void)state;
    for (int n = 3; n <= NODES_TRIED; n++) {
        for (uint64_t seed = 0; seed < SEEDS_TRIED; seed++) {
            struct world world;
            assert_int_equal(declare_fault(&nemesis_partition, "majorities-ring", SELECT_ALL, seed,
                                           n, 0, &world, NULL),
                             0);
            for (int i = 0; i < n; i++) {
                assert_int_equal(heard_count(&world, i), n / 2 + 1);
                for (int k = 0; k < i; k++) {
                    bool same = true;
                    for (int from = 0; from < n; from++)
                        same = same && hears(&world, i, from) == hears(&world, k, from);
                    assert_false(same);
                }
            }
        }
    }
}

static void test_partition__bridge_is_one_node_that_hears_all(void **state)
{
    (void)state;
    for (int n = 3; n <= NODES_TRIED; n++) {
        for (uint64_t seed = 0; seed < SEEDS_TRIED; seed++) {
            struct world world;
            int bridges = 0;
            assert_int_equal(
                declare_fault(&nemesis_partition, "bridge", SELECT_ALL, seed, n, 0, &world, NULL),
                0);
            assert_true(is_symmetric(&world));
            for (int i = 0; i < n; i++)
                bridges += heard_count(&world, i) == n;
            assert_int_equal(bridges, 1);
        }
    }
}

static void test_partition__one_way_is_deaf_but_not_mute(void **state)
{
    (void)state;
    struct world world;
    int deaf = 0;

    assert_int_equal(
        declare_fault(&nemesis_partition, "one-way", SELECT_ALL, 3, 5, 0, &world, NULL), 0);
    assert_false(is_symmetric(&world));
    for (int i = 0; i < 5; i++)
        deaf += heard_count(&world, i) == 2;
    assert_int_equal(deaf, 2);
}

static void test_partition__leader_alone_is_the_leader(void **state)
{
    (void)state;
    struct world world;
    char *value;

    assert_int_equal(
        declare_fault(&nemesis_partition, "leader", SELECT_LEADER, 1, 3, NODE(1), &world, &value),
        0);
    assert_int_equal(heard_count(&world, 1), 1);
    assert_int_equal(heard_count(&world, 0), 2);
    assert_string_equal(value, "{\"n1\":[\"n2\"],\"n2\":[\"n1\",\"n3\"],\"n3\":[\"n2\"]}");
    free(value);
}

static void test_partition__one_node_alone_makes_no_partition(void **state)
{
    (void)state;
    struct world world;

    assert_int_equal(declare_fault(&nemesis_partition, "halves", SELECT_ALL, 1, 1, 0, &world, NULL),
                     -1);
}

static void test_partition__leader_minority_is_the_leader_with_others_but_no_majority(void **state)
{
    (void)state;
    for (int n = 3; n <= NODES_TRIED; n++) {
        struct world world;
        assert_int_equal(declare_fault(&nemesis_partition, "leader-minority", SELECT_LEADER, 5, n,
                                       NODE(1), &world, NULL),
                         0);
        assert_true(is_symmetric(&world));
        assert_int_equal(heard_count(&world, 1), (n - 1) / 2);
        assert_int_equal(world.cut[CLIENTS], 0);
    }
}

static void test_partition__clients_can_be_cut_off_alone_or_with_all(void **state)
{
    struct world world;
    char *value;

    (void)state;
    assert_int_equal(
        declare_fault(&nemesis_partition, "clients", SELECT_LEADER, 1, 3, NODE(1), &world, &value),
        0);
    assert_int_equal(world.cut[CLIENTS], NODE(1));
    assert_int_equal(world.cut[1], NODE(CLIENTS));
    assert_int_equal(world.cut[0] | world.cut[2], 0);
    assert_string_equal(value, "{\"n2\":[\"clients\"],\"clients\":[\"n2\"]}");
    free(value);
    assert_int_equal(
        declare_fault(&nemesis_partition, "isolated", SELECT_LEADER, 1, 3, NODE(1), &world, NULL),
        0);
    assert_int_equal(world.cut[1], NODE(0) | NODE(2) | NODE(CLIENTS));
    assert_int_equal(world.cut[CLIENTS], NODE(1));
}

/* Two faults at once must not claim each other's packets. */
static void test_partition__counts_only_what_its_own_cuts_dropped(void **state)
{
    (void)state;
    static struct effects before, after;
    struct world mine;

    world_clear(&mine, 3);
    mine.cut[0] = NODE(1);
    after.between[0 * PLACES_MAX + 1] = 5;
    after.between[1 * PLACES_MAX + 0] = 7;
    before.between[0 * PLACES_MAX + 1] = 2;
    assert_int_equal(nemesis_partition.affected(&mine, &before, &after), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partition__halves_are_two_sides_that_do_not_hear_each_other),
        cmocka_unit_test(test_partition__majorities_ring_leaves_everybody_a_different_majority),
        cmocka_unit_test(test_partition__bridge_is_one_node_that_hears_all),
        cmocka_unit_test(test_partition__one_way_is_deaf_but_not_mute),
        cmocka_unit_test(test_partition__leader_alone_is_the_leader),
        cmocka_unit_test(test_partition__leader_minority_is_the_leader_with_others_but_no_majority),
        cmocka_unit_test(test_partition__clients_can_be_cut_off_alone_or_with_all),
        cmocka_unit_test(test_partition__one_node_alone_makes_no_partition),
        cmocka_unit_test(test_partition__counts_only_what_its_own_cuts_dropped),
    };
    return cmocka_run_group_tests_name("nemesis/partition", tests, NULL, NULL);
}
