/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of runner/link_record.c: each link of a fault gets what its packets met of that fault, and
 * nothing else is there. */
#include "../../harness/runner/link_record.h"
#include "../lib/check.h"
#include "../lib/declare.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct effects before, after;
static struct world mine;

static int set_up(void **state)
{
    (void)state;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    world_clear(&mine, 5);
    return 0;
}

static int link_of(int from, int to)
{
    return from * PLACES_MAX + to;
}

static void expect(const char *wanted)
{
    struct buf json;

    buf_init(&json, 0);
    buf_puts(&json, "{");
    link_record_print(&mine, &before, &after, declare_names, &json);
    buf_puts(&json, "}");
    assert_string_equal(json.ptr, wanted);
    buf_release(&json);
}

static void shape(node_set from, node_set to, struct link_shape shape)
{
    assert_int_equal(world_shape(&mine, &(struct link_rule){from, to, 1, shape}), 0);
}

static void test_link_record__a_cut_is_told_by_its_direction(void **state)
{
    (void)state;
    mine.cut[0] = NODE(1) | NODE(2) | NODE(CLIENTS);
    mine.cut[CLIENTS] = NODE(0);
    before.between[link_of(0, 1)] = 5;
    after.between[link_of(0, 1)] = 17;
    after.between[link_of(1, 0)] = 99; /* cut by another fault */
    after.between[link_of(0, CLIENTS)] = 1;
    after.between[link_of(CLIENTS, 0)] = 2;
    after.links[link_of(0, 1)].lost = 3;
    expect("{\"links\":{\"n1>n2\":{\"packets_dropped\":12},\"n1>clients\":{\"packets_dropped\":1},"
           "\"clients>n1\":{\"packets_dropped\":2}}}");
}

static void test_link_record__a_shape_counts_what_it_can_cause(void **state)
{
    (void)state;
    const struct link_effects met = {.cut = 1,
                                     .delayed = 2,
                                     .lost = 3,
                                     .duplicated = 4,
                                     .reordered = 5,
                                     .corrupted = 6,
                                     .resets = 7};
    static const struct {
        struct link_shape shape;
        const char *wanted;
    } cases[] = {
        {{.delay_ns = 1}, "{\"links\":{\"n2>n1\":{\"delayed\":2}}}"},
        {{.delay_ns = 2, .jitter_ns = 1},
         "{\"links\":{\"n2>n1\":{\"delayed\":2,\"reordered\":5}}}"},
        {{.loss_ppm = 1}, "{\"links\":{\"n2>n1\":{\"lost\":3}}}"},
        {{.flap_ns = 1}, "{\"links\":{\"n2>n1\":{\"lost\":3}}}"},
        {{.rate_bps = 1}, "{\"links\":{\"n2>n1\":{\"delayed\":2,\"lost\":3}}}"},
        {{.duplicate_ppm = 1}, "{\"links\":{\"n2>n1\":{\"duplicated\":4}}}"},
        {{.reorder_ppm = 1}, "{\"links\":{\"n2>n1\":{\"reordered\":5}}}"},
        {{.corrupt_ppm = 1}, "{\"links\":{\"n2>n1\":{\"corrupted\":6}}}"},
        {{.corrupt_repaired_ppm = 1}, "{\"links\":{\"n2>n1\":{\"corrupted\":6}}}"},
        {{.reset_ppm = 1}, "{\"links\":{\"n2>n1\":{\"resets\":7}}}"},
    };

    after.links[link_of(1, 0)] = met;
    after.links[link_of(0, 1)] = met; /* the other way: not the fault's */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_clear(&mine, 5);
        shape(NODE(1), NODE(0) | NODE(1), cases[i].shape);
        expect(cases[i].wanted);
    }
}

static void test_link_record__links_that_met_nothing_are_left_out(void **state)
{
    (void)state;
    expect("{}"); /* no fault of links */
    mine.processes[0] = PROCESS_KILLED;
    expect("{}");
    mine.cut[3] = NODE(4);
    expect("{\"links\":{}}");
    before.between[link_of(3, 4)] = after.between[link_of(3, 4)] = 8;
    expect("{\"links\":{}}");
}

static void test_link_record__its_size_is_bounded(void **state)
{
    (void)state;
    enum { COUNT = 30, LINKS = COUNT * (COUNT - 1) };
    char names[COUNT][16];
    const char *of[COUNT];
    struct buf json;

    world_clear(&mine, COUNT);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d", i + 1);
        of[i] = names[i];
        for (int to = 0; to < COUNT; to++)
            after.between[link_of(i, to)] = i != to;
    }
    world_cut_between(&mine, NODE(COUNT) - 1, NODE(COUNT) - 1);
    buf_init(&json, 0);
    buf_puts(&json, "{");
    link_record_print(&mine, &before, &after, of, &json);
    buf_puts(&json, "}");
    json_t *read = json_loadb(json.ptr, json.len, 0, NULL);
    assert_int_equal(json_object_size(json_object_get(read, "links")), LINK_RECORD_MAX);
    assert_int_equal(json_integer_value(json_object_get(read, "links_left_out")),
                     LINKS - LINK_RECORD_MAX);
    json_decref(read);
    buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_link_record__a_cut_is_told_by_its_direction, set_up),
        cmocka_unit_test_setup(test_link_record__a_shape_counts_what_it_can_cause, set_up),
        cmocka_unit_test_setup(test_link_record__links_that_met_nothing_are_left_out, set_up),
        cmocka_unit_test_setup(test_link_record__its_size_is_bounded, set_up),
    };
    return cmocka_run_group_tests_name("runner/link_record", tests, NULL, NULL);
}
