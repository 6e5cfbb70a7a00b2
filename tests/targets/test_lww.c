/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol lww, as a cluster of processes. */
#include "local_node.c"

enum { TIMEOUT_MS = 5000, NODES = 3 };

static const struct target *lww;

static int find_lww(void **state)
{
    (void)state;
    struct err err;

    built_use();
    lww = target_find("lww", &err);
    if (!lww)
        (void)fprintf(stderr, "%s\n", err.msg);
    return lww ? 0 : -1;
}

struct trio {
    struct local local;
    struct client *clients[NODES];
};

static void trio_open(struct trio *trio, const struct setting *settings)
{
    struct err err;

    local_open(&trio->local, lww, NODES, settings);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(lww->client_open(&trio->local.cluster, i, &trio->clients[i], &err), 0);
}

static void trio_close(struct trio *trio)
{
    for (int i = 0; i < NODES; i++)
        lww->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static struct client_op invoke(struct trio *trio, int node, enum op_f f, int64_t key,
                               struct op_value value)
{
    return local_invoke(lww, trio->clients[node], f, key, value, TIMEOUT_MS);
}

/* Read at that node until the value is there; asserts that it comes. */
static void await_value(struct trio *trio, int node, int64_t key, int64_t value)
{
    int64_t deadline_ns = clock_now_ns() + TIMEOUT_MS * NS_PER_MS;

    for (;;) {
        struct client_op op = invoke(trio, node, OP_F_READ, key, OP_NIL);
        if (op.outcome == OP_OK && op.result.kind == OP_VALUE_INT && op.result.a == value)
            return;
        if (clock_now_ns() > deadline_ns)
            fail_msg("key %d at n%d never became %d", (int)key, node + 1, (int)value);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
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
