/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol quorum, as a cluster of processes. */
#include "local_node.c"

enum { TIMEOUT_MS = 5000, NODES = 3 };

static const struct target *quorum;

static int find_quorum(void **state)
{
    (void)state;
    struct err err;

    built_use();
    quorum = target_find("quorum", &err);
    if (!quorum)
        (void)fprintf(stderr, "%s\n", err.msg);
    return quorum ? 0 : -1;
}

struct trio {
    struct local local;
    struct client *clients[NODES];
};

static void trio_open(struct trio *trio, const struct setting *settings)
{
    struct err err;

    local_open(&trio->local, quorum, NODES, settings);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(quorum->client_open(&trio->local.cluster, i, &trio->clients[i], &err), 0);
}

static void trio_close(struct trio *trio)
{
    for (int i = 0; i < NODES; i++)
        quorum->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static struct client_op invoke(struct trio *trio, int node, enum op_f f, struct op_value value)
{
    return local_invoke(quorum, trio->clients[node], f, 1, value, TIMEOUT_MS);
}

static void assert_reads(struct trio *trio, int node, int64_t value)
{
    struct client_op op = invoke(trio, node, OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_INT);
    assert_int_equal(op.result.a, value);
}

static void test_quorum__every_node_reads_the_last_write_of_any(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int node = 0; node < NODES; node++)
        assert_int_equal(invoke(&trio, node, OP_F_READ, OP_NIL).result.kind, OP_VALUE_NIL);
    for (int i = 0; i < 60; i++) { /* from the highest node to the lowest, and back again */
        assert_int_equal(invoke(&trio, i * 2 % NODES, OP_F_WRITE, OP_INT(i)).outcome, OP_OK);
        assert_reads(&trio, i % NODES, i);
    }
    trio_close(&trio);
}

static void test_quorum__a_minority_serves_nobody(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, OP_INT(1)).outcome, OP_OK);
    local_kill(&trio.local, 1);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, OP_INT(2)).outcome, OP_OK);
    assert_reads(&trio, 2, 2);
    local_kill(&trio.local, 2);
    struct client_op op = invoke(&trio, 0, OP_F_WRITE, OP_INT(3));
    assert_int_equal(op.outcome, OP_FAIL); /* nobody was told: certain */
    assert_string_equal(op.error, "temporarily-unavailable");
    assert_int_equal(invoke(&trio, 0, OP_F_READ, OP_NIL).outcome, OP_FAIL);
    trio_close(&trio);
}

static void test_quorum__what_was_acknowledged_survives_the_death_of_all(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(invoke(&trio, round, OP_F_WRITE, OP_INT(round)).outcome, OP_OK);
        for (int node = 0; node < NODES; node++)
            local_kill(&trio.local, node);
        for (int node = 0; node < NODES; node++)
            local_restart(&trio.local, node);
        local_await(&trio.local);
        for (int node = 0; node < NODES; node++)
            invoke(&trio, node, OP_F_READ, OP_NIL); /* connections of before are noticed */
        for (int node = 0; node < NODES; node++)
            assert_reads(&trio, node, round);
    }
    trio_close(&trio);
}

static void test_quorum__it_promises_registers_and_no_more(void **state)
{
    (void)state;
    struct test test = {.target = quorum};
    const char *level;
    struct err err;
    struct trio trio;

    assert_int_equal(quorum->promise(&test, &level, &err), 0);
    assert_string_equal(level, "linearizable");
    trio_open(&trio, NULL);
    struct client_op op = invoke(&trio, 0, OP_F_CAS, OP_PAIR(1, 2));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "not-supported");
    trio_close(&trio);
}

/* The planted bug is there with its switch: one answer is enough for a read, not for a write. */
static void test_quorum__read_one_reads_alone(void **state)
{
    (void)state;
    const struct setting bug[] = {{"bug", "read-one"}, {NULL, NULL}};
    struct trio trio;

    trio_open(&trio, bug);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, OP_INT(1)).outcome, OP_OK);
    local_kill(&trio.local, 1);
    local_kill(&trio.local, 2);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, OP_INT(2)).outcome, OP_FAIL);
    assert_int_equal(invoke(&trio, 0, OP_F_READ, OP_NIL).outcome, OP_OK);
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quorum__every_node_reads_the_last_write_of_any),
        cmocka_unit_test(test_quorum__a_minority_serves_nobody),
        cmocka_unit_test(test_quorum__what_was_acknowledged_survives_the_death_of_all),
        cmocka_unit_test(test_quorum__it_promises_registers_and_no_more),
        cmocka_unit_test(test_quorum__read_one_reads_alone),
    };
    return cmocka_run_group_tests_name("targets/quorum", tests, find_quorum, NULL);
}
