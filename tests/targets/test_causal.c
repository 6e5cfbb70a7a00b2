/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol causal, as a cluster of processes. */
#include "trio.h"

static int find_causal(void **state)
{
    (void)state;
    return trio_find("causal");
}

/* Nodes that cannot hear each other: the last sleeps while the first two write. */
static void test_causal__it_is_available_alone_and_learns_all_in_the_end(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    local_signal(&trio.local, 1, SIGSTOP);
    local_signal(&trio.local, 2, SIGSTOP);
    for (int i = 0; i < 300; i++)
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    local_signal(&trio.local, 1, SIGCONT);
    local_signal(&trio.local, 2, SIGCONT);
    await_value(&trio, 1, 299, 299);
    await_value(&trio, 2, 299, 299);
    assert_int_equal(invoke(&trio, 2, OP_F_READ, 0, OP_NIL).result.a, 0);
    trio_close(&trio);
}

/* What n2 writes after it has read n1's write is nowhere seen without that. */
static void test_causal__an_effect_is_never_seen_without_its_cause(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(i)).outcome, OP_OK);
        await_value(&trio, 1, 1, i);
        assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 2, OP_INT(i)).outcome, OP_OK);
        await_value(&trio, 2, 2, i);
        assert_int_equal(invoke(&trio, 2, OP_F_READ, 1, OP_NIL).result.a, i);
    }
    trio_close(&trio);
}

static void test_causal__a_dead_node_comes_back_with_what_it_had_and_learns_the_rest(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    assert_int_equal(invoke(&trio, 2, OP_F_WRITE, 0, OP_INT(5)).outcome, OP_OK);
    local_kill(&trio.local, 2);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    local_restart(&trio.local, 2);
    local_await(&trio.local);
    assert_int_equal(invoke(&trio, 2, OP_F_READ, 0, OP_NIL).result.a, 5);
    await_value(&trio, 2, 1, 1);
    assert_int_equal(invoke(&trio, 2, OP_F_WRITE, 0, OP_INT(6)).outcome, OP_OK);
    await_value(&trio, 0, 0, 6); /* its clock went on where it was */
    trio_close(&trio);
}

/* Two write the same key without having heard of each other. */
static void test_causal__with_lww_replicas_agree_on_concurrent_writes(void **state)
{
    (void)state;
    const struct setting lww[] = {{"conflict", "lww"}, {NULL, NULL}};
    struct trio trio;

    trio_open(&trio, lww);
    local_signal(&trio.local, 1, SIGSTOP);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(10)).outcome, OP_OK);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(11)).outcome, OP_OK);
    local_signal(&trio.local, 0, SIGSTOP);
    local_signal(&trio.local, 1, SIGCONT);
    assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 1, OP_INT(20)).outcome, OP_OK);
    assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 2, OP_INT(21)).outcome, OP_OK);
    local_signal(&trio.local, 0, SIGCONT);
    for (int node = 0; node < NODES; node++)
        await_value(&trio, node, 2, 21);
    int64_t kept = invoke(&trio, 0, OP_F_READ, 1, OP_NIL).result.a;
    for (int node = 0; node < NODES; node++)
        await_value(&trio, node, 1, kept);
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causal__it_is_available_alone_and_learns_all_in_the_end),
        cmocka_unit_test(test_causal__an_effect_is_never_seen_without_its_cause),
        cmocka_unit_test(test_causal__a_dead_node_comes_back_with_what_it_had_and_learns_the_rest),
        cmocka_unit_test(test_causal__with_lww_replicas_agree_on_concurrent_writes),
    };
    return cmocka_run_group_tests_name("targets/causal", tests, find_causal, NULL);
}
