/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol total-order, as a cluster of processes. */
#include "trio.h"

static int find_total_order(void **state)
{
    (void)state;
    return trio_find("total-order");
}

static void write_value(struct trio *trio, int node, int64_t key, int64_t value)
{
    assert_int_equal(invoke(trio, node, OP_F_WRITE, key, OP_INT(value)).outcome, OP_OK);
}

static int sequencer_of(struct trio *trio)
{
    int64_t deadline_ns = clock_now_ns() + TIMEOUT_MS * NS_PER_MS;

    for (;;) {
        node_set leaders = protocol->leaders(&trio->local.cluster);
        for (int i = 0; i < NODES; i++) {
            if (leaders == NODE(i))
                return i;
        }
        if (clock_now_ns() > deadline_ns)
            fail_msg("no sequencer");
    }
}

static void test_total_order__a_node_reads_its_own_writes_and_all_come_to_agree(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int i = 0; i < 30; i++) {
        write_value(&trio, i % NODES, i % 4, i);
        struct client_op op = invoke(&trio, i % NODES, OP_F_READ, i % 4, OP_NIL);
        assert_int_equal(op.result.a, i);
    }
    for (int node = 0; node < NODES; node++) {
        await_value(&trio, node, 0, 28);
        await_value(&trio, node, 1, 29);
        await_value(&trio, node, 2, 26);
        await_value(&trio, node, 3, 27);
    }
    trio_close(&trio);
}

static void test_total_order__another_sequencer_goes_on_where_the_dead_one_was(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    int first = sequencer_of(&trio), other = (first + 1) % NODES;
    write_value(&trio, first, 1, 11);
    local_kill(&trio.local, first);
    write_value(&trio, other, 2, 22);
    await_value(&trio, other, 1, 11);
    local_restart(&trio.local, first);
    await_value(&trio, first, 2, 22);
    await_value(&trio, first, 1, 11);
    trio_close(&trio);
}

static void test_total_order__a_sequencer_that_slept_is_none_any_more(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    int first = sequencer_of(&trio), other = (first + 1) % NODES;
    write_value(&trio, first, 1, 1);
    local_signal(&trio.local, first, SIGSTOP);
    write_value(&trio, other, 1, 2);
    local_signal(&trio.local, first, SIGCONT);
    write_value(&trio, first, 2, 3);
    for (int node = 0; node < NODES; node++) {
        await_value(&trio, node, 1, 2);
        await_value(&trio, node, 2, 3);
    }
    trio_close(&trio);
}

static void test_total_order__a_restarted_node_serves_nothing_older(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int i = 1; i <= 50; i++)
        write_value(&trio, 0, 1, i);
    local_kill(&trio.local, 0);
    local_restart(&trio.local, 0);
    int64_t deadline_ns = clock_now_ns() + TIMEOUT_MS * NS_PER_MS;
    for (;;) { /* refused, until it answers; never with the past */
        struct client_op op = invoke(&trio, 0, OP_F_READ, 1, OP_NIL);
        if (op.outcome == OP_OK) {
            assert_int_equal(op.result.kind, OP_VALUE_INT);
            assert_int_equal(op.result.a, 50);
            break;
        }
        if (clock_now_ns() > deadline_ns)
            fail_msg("n1 never answers again: %s", op.error);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_total_order__a_node_reads_its_own_writes_and_all_come_to_agree),
        cmocka_unit_test(test_total_order__another_sequencer_goes_on_where_the_dead_one_was),
        cmocka_unit_test(test_total_order__a_sequencer_that_slept_is_none_any_more),
        cmocka_unit_test(test_total_order__a_restarted_node_serves_nothing_older),
    };
    return cmocka_run_group_tests_name("targets/total_order", tests, find_total_order, NULL);
}
