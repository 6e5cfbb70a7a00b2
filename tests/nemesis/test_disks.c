/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the nemeses that make disks fail. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <string.h>

extern const struct nemesis nemesis_slow_disk, nemesis_stalled_disk, nemesis_disk_error,
    nemesis_disk_full, nemesis_read_only;

static const struct nemesis *const all[] = {&nemesis_slow_disk, &nemesis_stalled_disk,
                                            &nemesis_disk_error, &nemesis_disk_full,
                                            &nemesis_read_only};

enum { COUNT = sizeof all / sizeof *all };

static struct world drawn(const struct nemesis *nemesis, uint64_t seed)
{
    struct situation situation = {.node_count = 5};
    struct fault fault = {.nemesis = nemesis, .seed = seed};
    struct world world;
    struct rng rng;
    struct buf value;
    struct err err;

    rng_init(&rng, seed, 0);
    nemesis->draw(&rng, 5, false, &fault);
    for (int i = 0; nemesis->params && nemesis->params[i].name; i++) {
        assert_true(fault.params[i] >= nemesis->params[i].least);
        assert_true(fault.params[i] <= nemesis->params[i].most);
    }
    world_clear(&world, 5);
    buf_init(&value, 0);
    assert_int_equal(nemesis->declare(&fault, &situation, declare_names, &world, &value, &err), 0);
    buf_release(&value);
    return world;
}

static void test_disks__what_is_drawn_ails_disks_and_nothing_else(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++) {
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct world world = drawn(all[k], seed), rest = world;
            int ailing = 0;
            for (int i = 0; i < 5; i++)
                ailing += !part_is_healthy(disk_members, &world.disks[i]);
            assert_true(ailing > 0);
            memset(rest.disks, 0, sizeof rest.disks);
            assert_true(world_is_healthy(&rest));
            assert_int_equal(all[k]->needs, NEED_DISK);
        }
    }
}

static void test_disks__affected_is_what_the_disks_count(void **state)
{
    static struct effects before, after;

    (void)state;
    before.nodes[1] = (struct receipt){.syncs_delayed = 4, .calls_failed = 1};
    after.nodes[0] = (struct receipt){.syncs_delayed = 50, .calls_failed = 50};
    after.nodes[1] = (struct receipt){.syncs_delayed = 9, .calls_failed = 3};
    for (int k = 0; k < COUNT; k++) {
        struct world world = {.node_count = 2};
        world.disks[1].read_only = 1;
        assert_int_equal(all[k]->affected(&world, &before, &after), 7);
        assert_int_equal(all[k]->affected(&world, &after, &after), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disks__what_is_drawn_ails_disks_and_nothing_else),
        cmocka_unit_test(test_disks__affected_is_what_the_disks_count),
    };

    return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
