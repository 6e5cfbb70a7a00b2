/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the nemeses that damage files: bit-flip, truncate, stale-snapshot. */
#include "../lib/check.h"
#include "../lib/declare.h"

extern const struct nemesis nemesis_bit_flip, nemesis_truncate, nemesis_stale_snapshot;

static const struct nemesis *const all[] = {&nemesis_bit_flip, &nemesis_truncate,
                                            &nemesis_stale_snapshot};

enum { COUNT = sizeof all / sizeof *all };

static void test_damage__who_comes_back_damaged_was_down(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++) {
        struct fault fault = {.nemesis = all[k], .selector = SELECT_MINORITY, .params = {5}};
        struct situation situation = {.node_count = 5};
        struct world world;
        struct buf value;
        struct err err;
        world_clear(&world, 5);
        buf_init(&value, 0);
        assert_int_equal(all[k]->declare(&fault, &situation, declare_names, &world, &value, &err),
                         0);
        buf_release(&value);
        int killed = 0;
        for (int n = 0; n < 5; n++) {
            assert_int_equal(world.processes[n] == PROCESS_KILLED,
                             disk_fault_damages(&world.disks[n]));
            killed += world.processes[n] == PROCESS_KILLED;
        }
        assert_int_equal(killed, 2);
    }
}

static void test_damage__what_is_drawn_leaves_a_majority_alone(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            struct fault fault = {.nemesis = all[k], .seed = seed};
            struct rng rng;
            rng_init(&rng, seed, 0);
            all[k]->draw(&rng, 5, true, &fault);
            assert_int_not_equal(fault.selector, SELECT_MAJORITY);
            assert_int_not_equal(fault.selector, SELECT_ALL);
            assert_true(fault.params[0] >= all[k]->params[0].least);
            assert_true(fault.params[0] <= all[k]->params[0].most);
        }
    }
}

static void test_damage__is_only_for_who_names_it_and_may_be_about_some_files(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++) {
        assert_true(all[k]->by_name && all[k]->takes_files);
        assert_int_equal(all[k]->needs, NEED_DISK);
    }
}

static struct disk_fault declared(const struct nemesis *nemesis, double param)
{
    struct fault fault = {.nemesis = nemesis,
                          .selector = SELECT_NODES,
                          .nodes = NODE(0),
                          .params = {param},
                          .files = "*.wal"};
    struct situation situation = {.node_count = 3};
    struct world world;
    struct buf value;
    struct err err;

    world_clear(&world, 3);
    buf_init(&value, 0);
    assert_int_equal(nemesis->declare(&fault, &situation, declare_names, &world, &value, &err), 0);
    assert_string_equal(value.ptr, "[\"n1\"]");
    buf_release(&value);
    assert_string_equal(world.disks[0].files, "*.wal");
    return world.disks[0];
}

static void test_damage__declares_what_its_parameter_says(void **state)
{
    (void)state;
    assert_int_equal(declared(&nemesis_bit_flip, 7).flip_bytes, 7);
    assert_int_equal(declared(&nemesis_truncate, 100).cut_bytes, 100);
    struct disk_fault stale = declared(&nemesis_stale_snapshot, 250);
    assert_int_equal(stale.stale, 1);
    assert_int_equal(stale.cut_after_ns, 250000000);
}

/* That processes died does not count: files are what these are about. */
static void test_damage__affected_is_what_was_damaged(void **state)
{
    static struct effects before, after;

    (void)state;
    before.nodes[1] = (struct receipt){.bits_flipped = 1, .bytes_cut = 10, .bytes_staled = 100};
    after.nodes[0] = (struct receipt){.bits_flipped = 50, .killed = 3};
    after.nodes[1] =
        (struct receipt){.bits_flipped = 3, .bytes_cut = 40, .bytes_staled = 600, .killed = 9};
    for (int k = 0; k < COUNT; k++) {
        struct world world = {.node_count = 2};
        world.disks[1].flip_bytes = 1;
        assert_int_equal(all[k]->affected(&world, &before, &after), 2 + 30 + 500);
        assert_int_equal(all[k]->affected(&world, &after, &after), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage__who_comes_back_damaged_was_down),
        cmocka_unit_test(test_damage__what_is_drawn_leaves_a_majority_alone),
        cmocka_unit_test(test_damage__is_only_for_who_names_it_and_may_be_about_some_files),
        cmocka_unit_test(test_damage__declares_what_its_parameter_says),
        cmocka_unit_test(test_damage__affected_is_what_was_damaged),
    };

    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
