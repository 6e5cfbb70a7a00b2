/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol smr-client-ids, as a cluster of processes. */
#include "trio.h"

static int find_smr(void **state)
{
    (void)state;
    return trio_find("smr-client-ids");
}

static const struct setting synchronised[] = {{"clock", "synchronised"}, {NULL, NULL}};

static void assert_reads(struct trio *trio, int node, int64_t key, int64_t value)
{
    struct client_op op = invoke(trio, node, OP_F_READ, key, OP_NIL);

    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_INT);
    assert_int_equal(op.result.a, value);
}

/* Each write is read by another node, as soon as it is acknowledged. */
static void write_and_read_around(const struct setting *settings)
{
    struct trio trio;

    trio_open(&trio, settings);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(invoke(&trio, i % NODES, OP_F_WRITE, i % 2, OP_INT(i)).outcome, OP_OK);
        assert_reads(&trio, (i + 1) % NODES, i % 2, i);
    }
    trio_close(&trio);
}

static void test_smr_client_ids__logical_clocks_order_what_follows_another(void **state)
{
    (void)state;
    write_and_read_around(NULL);
}

static void test_smr_client_ids__so_do_synchronised_clocks(void **state)
{
    (void)state;
    write_and_read_around(synchronised);
}

static void test_smr_client_ids__all_wait_for_a_node_that_sleeps(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    local_signal(&trio.local, 2, SIGSTOP);
    struct client_op op = local_invoke(protocol, trio.clients[0], OP_F_WRITE, 1, OP_INT(7), 300);
    assert_int_equal(op.outcome, OP_INFO);
    local_signal(&trio.local, 2, SIGCONT);
    await_value(&trio, 2, 1, 7); /* the request goes on without its client */
    trio_close(&trio);
}

static void test_smr_client_ids__dead_nodes_come_back_with_their_requests(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int i = 0; i < 30; i++)
        assert_int_equal(invoke(&trio, i % NODES, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    for (int node = 0; node < NODES; node++)
        local_kill(&trio.local, node);
    for (int node = 0; node < NODES; node++)
        local_restart(&trio.local, node);
    local_await(&trio.local);
    for (int i = 0; i < 30; i++)
        await_value(&trio, (i + 1) % NODES, i, i);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 29, OP_INT(100)).outcome, OP_OK);
    assert_reads(&trio, 1, 29, 100); /* its clock is past all that it had used */
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smr_client_ids__logical_clocks_order_what_follows_another),
        cmocka_unit_test(test_smr_client_ids__so_do_synchronised_clocks),
        cmocka_unit_test(test_smr_client_ids__all_wait_for_a_node_that_sleeps),
        cmocka_unit_test(test_smr_client_ids__dead_nodes_come_back_with_their_requests),
    };
    return cmocka_run_group_tests_name("targets/smr_client_ids", tests, find_smr, NULL);
}
