/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol bounded, as a cluster of processes. */
#include "trio.h"

static int find_bounded(void **state)
{
    (void)state;
    return trio_find("bounded");
}

static const struct setting pull[] = {{"max-age-ms", "600000"}, {NULL, NULL}};
static const struct setting young[] = {{"max-age-ms", "100"}, {NULL, NULL}};
static const struct setting push[] = {{"content", "push"}, {"max-age-ms", "400"}, {NULL, NULL}};
static const struct setting stale[] = {
    {"content", "push"}, {"max-age-ms", "100"}, {"serve-stale", "on"}, {NULL, NULL}};

/* Keys 0 to 11 have homes on all nodes, as likely as not; what any node writes all read. */
static void write_and_read_around(const struct setting *settings)
{
    struct trio trio;

    trio_open(&trio, settings);
    for (int i = 0; i < 12; i++)
        assert_int_equal(invoke(&trio, i % NODES, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    for (int i = 0; i < 12; i++)
        await_value(&trio, (i + 1) % NODES, i, i);
    trio_close(&trio);
}

static void test_bounded__what_one_node_writes_the_others_read(void **state)
{
    (void)state;
    write_and_read_around(young);
    write_and_read_around(push);
}

/* A copy that may be old for an hour is not asked for again. */
static void test_bounded__a_young_copy_is_served_without_its_home(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, pull);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
        await_value(&trio, 0, i, i);
    }
    local_kill(&trio.local, 1);
    local_kill(&trio.local, 2);
    for (int i = 0; i < 12; i++)
        await_value(&trio, 0, i, i);
    trio_close(&trio);
}

/* How many of keys 0 to 11 the first node reads once the others are dead and copies are old. */
static int count_served_alone(const struct setting *settings)
{
    struct trio trio;
    int served = 0;

    trio_open(&trio, settings);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
        await_value(&trio, 0, i, i);
    }
    local_kill(&trio.local, 1);
    local_kill(&trio.local, 2);
    clock_sleep_until(clock_now_ns() + 600 * NS_PER_MS); /* older than any of the settings allow */
    for (int i = 0; i < 12; i++)
        served += invoke(&trio, 0, OP_F_READ, i, OP_NIL).outcome == OP_OK;
    trio_close(&trio);
    return served;
}

static void test_bounded__what_cannot_prove_its_age_is_refused(void **state)
{
    (void)state;
    int at_home = count_served_alone(push);

    assert_in_range(at_home, 1, 11);
    assert_int_equal(count_served_alone(young), at_home);
    assert_int_equal(count_served_alone(stale), 12);
}

static void test_bounded__a_home_comes_back_with_what_it_had(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, young);
    for (int i = 0; i < 12; i++)
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    for (int node = 0; node < NODES; node++) {
        local_kill(&trio.local, node);
        local_restart(&trio.local, node);
    }
    local_await(&trio.local);
    for (int i = 0; i < 12; i++)
        await_value(&trio, i % NODES, i, i);
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded__what_one_node_writes_the_others_read),
        cmocka_unit_test(test_bounded__a_young_copy_is_served_without_its_home),
        cmocka_unit_test(test_bounded__what_cannot_prove_its_age_is_refused),
        cmocka_unit_test(test_bounded__a_home_comes_back_with_what_it_had),
    };
    return cmocka_run_group_tests_name("targets/bounded", tests, find_bounded, NULL);
}
