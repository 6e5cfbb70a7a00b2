/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of nemesis/clock.c: which clocks become what, and what counts as its effect. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

extern const struct nemesis nemesis_clock;

#define SECOND INT64_C(1000000000)

static struct world mine;

/* Declare a kind with these params at n2. */
static int declare(const char *kind, double offset_ms, double rate_ppm, double period_ms)
{
    struct fault fault = {.nemesis = &nemesis_clock,
                          .kind = kind,
                          .selector = SELECT_NODES,
                          .nodes = NODE(1),
                          .params = {offset_ms, rate_ppm, period_ms},
                          .seed = 5};
    struct situation situation = {.node_count = 3};
    struct buf value;
    struct err err;

    buf_init(&value, 0);
    world_clear(&mine, 3);
    int result = nemesis_clock.declare(&fault, &situation, declare_names, &mine, &value, &err);
    buf_release(&value);
    return result;
}

static void test_clock__kinds_become_what_they_say(void **state)
{
    (void)state;
    assert_int_equal(declare("step", -2500, 7, 7), 0);
    assert_true(part_is_healthy(clock_members, &mine.clocks[0]));
    assert_int_equal(mine.clocks[1].wall_offset_ns, -5 * SECOND / 2);
    assert_int_equal(mine.clocks[1].wall_rate_ppm, 0);
    assert_int_equal(declare("drift", 1000, -20000, 7), 0);
    assert_int_equal(mine.clocks[1].wall_offset_ns, SECOND);
    assert_int_equal(mine.clocks[1].wall_rate_ppm, -20000);
    assert_int_equal(declare("strobe", 1000, 7, 0.5), 0);
    assert_int_equal(mine.clocks[1].strobe_offset_ns, SECOND);
    assert_int_equal(mine.clocks[1].strobe_period_ns, 500000);
    assert_int_equal(mine.clocks[1].wall_offset_ns, 0);
    assert_int_equal(declare("freeze", 1000, 7, 7), 0);
    assert_int_equal(mine.clocks[1].wall_rate_ppm, -1000000);
    assert_int_equal(declare("monotonic", 0, 500000, 7), 0);
    assert_int_equal(mine.clocks[1].monotonic_rate_ppm, 500000);
    assert_int_equal(mine.clocks[1].wall_rate_ppm, 0);
}

static void test_clock__what_changes_nothing_is_refused(void **state)
{
    (void)state;
    assert_int_equal(declare("step", 0, 7, 7), -1);
    assert_int_equal(declare("drift", 0, 0, 7), -1);
    assert_int_equal(declare("monotonic", -5, 0, 7), -1);
}

static void test_clock__apart_every_node_has_its_own_time(void **state)
{
    (void)state;
    struct fault fault = {.nemesis = &nemesis_clock,
                          .kind = "apart",
                          .selector = SELECT_ALL,
                          .params = {60000},
                          .seed = 9};
    struct situation situation = {.node_count = 3};
    struct buf value;
    struct err err;
    int64_t first[3];

    for (int turn = 0; turn < 2; turn++) {
        buf_init(&value, 0);
        world_clear(&mine, 3);
        assert_int_equal(
            nemesis_clock.declare(&fault, &situation, declare_names, &mine, &value, &err), 0);
        for (int i = 0; i < 3; i++) {
            int64_t offset_ns = mine.clocks[i].wall_offset_ns;
            assert_true(llabs(offset_ns) <= 60 * SECOND);
            if (turn)
                assert_int_equal(offset_ns, first[i]);
            first[i] = offset_ns;
        }
        json_t *said = json_loads(value.ptr, 0, NULL);
        assert_int_equal(json_object_size(said), 3);
        assert_int_equal(strncmp(json_string_value(json_object_get(said, "n2")), "wall ", 5), 0);
        json_decref(said);
        buf_release(&value);
    }
    assert_true(first[0] != first[1] && first[1] != first[2]);
}

/* Every kind comes, and whatever is drawn can be declared to an agent and read by it. */
static void test_clock__what_is_drawn_can_be_declared(void **state)
{
    (void)state;
    bool seen[8] = {false};
    struct rng rng;

    rng_init(&rng, 3, 0);
    for (int turn = 0; turn < 500; turn++) {
        struct fault fault = {.nemesis = &nemesis_clock, .seed = (uint64_t)turn};
        struct situation situation = {.node_count = 5, .leaders = NODE(2)};
        struct buf value;
        struct err err;

        nemesis_clock.draw(&rng, 5, true, &fault);
        for (int i = 0; nemesis_clock.kinds[i]; i++)
            seen[i] |= strcmp(fault.kind, nemesis_clock.kinds[i]) == 0;
        for (int i = 0; nemesis_clock.params[i].name; i++)
            assert_true(fault.params[i] >= nemesis_clock.params[i].least &&
                        fault.params[i] <= nemesis_clock.params[i].most);
        buf_init(&value, 0);
        world_clear(&mine, 5);
        assert_int_equal(
            nemesis_clock.declare(&fault, &situation, declare_names, &mine, &value, &err), 0);
        buf_clear(&value);
        for (int i = 0; i < 5; i++) {
            struct clock_fault back = {0};
            if (part_is_healthy(clock_members, &mine.clocks[i]))
                continue;
            buf_puts(&value, "{");
            part_print(clock_members, &mine.clocks[i], "clock", &value);
            buf_puts(&value, "}");
            json_t *json = json_loads(value.ptr, 0, NULL);
            assert_int_equal(part_read(clock_members, json_object_get(json, "clock"), &back, &err),
                             0);
            assert_memory_equal(&back, &mine.clocks[i], sizeof back);
            json_decref(json);
            buf_clear(&value);
        }
        buf_release(&value);
    }
    for (int i = 0; nemesis_clock.kinds[i]; i++)
        assert_true(seen[i]);
}

static void test_clock__counts_the_reads_of_its_own_nodes(void **state)
{
    (void)state;
    static struct effects before, after;

    world_clear(&mine, 3);
    mine.clocks[1].wall_offset_ns = 1;
    before.nodes[1].clock_reads = 1;
    after.nodes[1].clock_reads = 5;
    after.nodes[2].clock_reads = 9;
    assert_int_equal(nemesis_clock.affected(&mine, &before, &after), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__kinds_become_what_they_say),
        cmocka_unit_test(test_clock__what_changes_nothing_is_refused),
        cmocka_unit_test(test_clock__apart_every_node_has_its_own_time),
        cmocka_unit_test(test_clock__what_is_drawn_can_be_declared),
        cmocka_unit_test(test_clock__counts_the_reads_of_its_own_nodes),
    };
    return cmocka_run_group_tests_name("nemesis/clock", tests, NULL, NULL);
}
