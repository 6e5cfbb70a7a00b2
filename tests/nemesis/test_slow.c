/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the nemeses that limit: nemesis/slow.c, memory.c, files.c and restart_loop.c. */
#include "../lib/check.h"
#include "../lib/declare.h"

extern const struct nemesis nemesis_slow, nemesis_memory, nemesis_files, nemesis_restart_loop;

static struct limits limits_of(const struct nemesis *nemesis, double param)
{
    struct fault fault = {
        .nemesis = nemesis, .kind = "one", .selector = SELECT_NODES, .nodes = NODE(1)};
    struct situation situation = {.node_count = 3};
    struct world mine;
    struct buf value;
    struct err err;

    fault.params[0] = param;
    buf_init(&value, 0);
    world_clear(&mine, 3);
    assert_int_equal(nemesis->declare(&fault, &situation, declare_names, &mine, &value, &err), 0);
    assert_string_equal(value.ptr, "[\"n2\"]");
    assert_true(part_is_healthy(limit_members, &mine.limits[0]));
    buf_release(&value);
    return mine.limits[1];
}

static void test_slow__params_become_limits(void **state)
{
    (void)state;
    assert_int_equal(limits_of(&nemesis_slow, 20).cpu_percent, 20);
    assert_int_equal(limits_of(&nemesis_memory, 3).memory_bytes, 3 << 20);
    assert_int_equal(limits_of(&nemesis_files, 16).open_files, 16);
    assert_int_equal(limits_of(&nemesis_restart_loop, 50).life_ns, 50000000);
}

static void test_slow__what_is_drawn_is_in_range(void **state)
{
    (void)state;
    const struct nemesis *const all[] = {&nemesis_slow, &nemesis_memory, &nemesis_files,
                                         &nemesis_restart_loop};
    struct rng rng;

    rng_init(&rng, 1, 0);
    for (int i = 0; i < 4000; i++) {
        struct fault fault = {.seed = rng_next(&rng)};
        const struct param *param = all[i % 4]->params;
        all[i % 4]->draw(&rng, 5, i % 8 < 4, &fault);
        assert_true(fault.params[0] >= param->least && fault.params[0] <= param->most);
    }
}

static void test_slow__counts_throttles_of_its_own_nodes(void **state)
{
    (void)state;
    static struct effects before, after;
    struct world mine;

    world_clear(&mine, 3);
    mine.limits[1].cpu_percent = 5;
    before.nodes[1].throttles = 1;
    after.nodes[1].throttles = 5;
    after.nodes[2].throttles = 9;
    assert_int_equal(nemesis_slow.affected(&mine, &before, &after), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow__params_become_limits),
        cmocka_unit_test(test_slow__what_is_drawn_is_in_range),
        cmocka_unit_test(test_slow__counts_throttles_of_its_own_nodes),
    };
    return cmocka_run_group_tests_name("nemesis/slow", tests, NULL, NULL);
}
