/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference protocol causal, as a cluster of processes. */
#include "local_node.c"

enum { TIMEOUT_MS = 5000, NODES = 3 };

static const struct target *causal;

static int find_causal(void **state)
{
    (void)state;
    struct err err;

    built_use();
    causal = target_find("causal", &err);
    if (!causal)
        (void)fprintf(stderr, "%s\n", err.msg);
    return causal ? 0 : -1;
}

struct trio {
    struct local local;
    struct client *clients[NODES];
};

static void trio_open(struct trio *trio, const struct setting *settings)
{
    struct err err;

    local_open(&trio->local, causal, NODES, settings);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(causal->client_open(&trio->local.cluster, i, &trio->clients[i], &err), 0);
}

static void trio_close(struct trio *trio)
{
    for (int i = 0; i < NODES; i++)
        causal->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static struct client_op invoke(struct trio *trio, int node, enum op_f f, int64_t key,
                               struct op_value value)
{
    return local_invoke(causal, trio->clients[node], f, key, value, TIMEOUT_MS);
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
