/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol lww, as a cluster of processes. */
#include "trio.h"

static int find_lww(void **state)
{
    (void)state;
    return trio_find("lww");
}

/* The last node is away during a write of key 1. */
static void miss_a_write(struct trio *trio)
{
    assert_int_equal(invoke(trio, 2, OP_F_WRITE, 0, OP_INT(5)).outcome, OP_OK);
    local_kill(&trio->local, 2);
    assert_int_equal(invoke(trio, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    local_restart(&trio->local, 2);
    local_await(&trio->local);
    await_value(trio, 2, 0, 5); /* its own was durable */
}

static void test_lww__what_a_dead_node_missed_it_learns(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    miss_a_write(&trio);
    await_value(&trio, 2, 1, 1);
    trio_close(&trio);
}

static void test_lww__it_is_available_alone_and_then_agrees(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    local_signal(&trio.local, 1, SIGSTOP);
    local_signal(&trio.local, 2, SIGSTOP);
    for (int i = 0; i < 20; i++)
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    local_signal(&trio.local, 1, SIGCONT);
    local_signal(&trio.local, 2, SIGCONT);
    for (int i = 0; i < 20; i++) {
        await_value(&trio, 1, i, i);
        await_value(&trio, 2, i, i);
    }
    trio_close(&trio);
}

static void test_lww__without_anti_entropy_it_never_learns(void **state)
{
    (void)state;
    const struct setting bug[] = {{"bug", "no-anti-entropy"}, {NULL, NULL}};
    struct trio trio;

    trio_open(&trio, bug);
    miss_a_write(&trio);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 2, OP_INT(2)).outcome, OP_OK);
    await_value(&trio, 2, 2, 2); /* it hears again, and still */
    assert_int_equal(invoke(&trio, 2, OP_F_READ, 1, OP_NIL).result.kind, OP_VALUE_NIL);
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lww__what_a_dead_node_missed_it_learns),
        cmocka_unit_test(test_lww__it_is_available_alone_and_then_agrees),
        cmocka_unit_test(test_lww__without_anti_entropy_it_never_learns),
    };
    return cmocka_run_group_tests_name("targets/lww", tests, find_lww, NULL);
}
