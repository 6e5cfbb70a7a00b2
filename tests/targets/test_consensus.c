/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of raft and paxos on a real network: what every node serves, and what outlives crashes. */
#include "local_node.c"

enum { TIMEOUT_MS = 10000, PATIENCE_MS = 700, NODES = 3 };

static const struct setting small_snapshots[] = {{"snapshot", "5"}, {NULL, NULL}};

/* A protocol and how to run it. */
struct subject {
    const char *name;
    const struct setting *settings;
};

static const struct subject subjects[] = {
    {"raft", NULL},
    {"raft", small_snapshots},
    {"paxos", NULL},
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

struct trio {
    const struct target *target;
    struct local local;
    struct client *clients[NODES];
};

static void trio_open(struct trio *trio, const struct subject *subject)
{
    struct err err;

    built_use();
    trio->target = target_find(subject->name, &err);
    assert_non_null(trio->target);
    local_open(&trio->local, trio->target, NODES, subject->settings);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(
            trio->target->client_open(&trio->local.cluster, i, &trio->clients[i], &err), 0);
}

static void trio_close(struct trio *trio)
{
    for (int i = 0; i < NODES; i++)
        trio->target->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static struct client_op invoke(struct trio *trio, int node, enum op_f f, int64_t key,
                               struct op_value value)
{
    return local_invoke(trio->target, trio->clients[node], f, key, value, TIMEOUT_MS);
}

static void write_ok(struct trio *trio, int node, int64_t key, int64_t value)
{
    struct client_op op = invoke(trio, node, OP_F_WRITE, key, OP_INT(value));
    if (op.outcome != OP_OK)
        fail_msg("%s: write at n%d: %s", trio->target->name, node + 1, op.error);
}

static void expect_read(struct trio *trio, int node, int64_t key, int64_t value)
{
    struct client_op op = invoke(trio, node, OP_F_READ, key, OP_NIL);
    if (op.outcome != OP_OK)
        fail_msg("%s: read at n%d: %s", trio->target->name, node + 1, op.error);
    assert_int_equal(op.result.kind, OP_VALUE_INT);
    assert_int_equal(op.result.a, value);
}

static int leader_of(struct trio *trio)
{
    node_set leaders = trio->target->leaders(&trio->local.cluster);

    for (int i = 0; i < NODES; i++) {
        if (leaders == NODE(i))
            return i;
    }
    fail_msg("%s: not one leader", trio->target->name);
    return -1;
}

static void check_every_node(const struct subject *subject)
{
    struct trio trio;

    trio_open(&trio, subject);
    for (int i = 0; i < 30; i++) {
        write_ok(&trio, i % NODES, 1, i);
        expect_read(&trio, (i + 1) % NODES, 1, i);
    }
    assert_int_equal(invoke(&trio, 0, OP_F_READ, 2, OP_NIL).result.kind, OP_VALUE_NIL);
    struct client_op op = invoke(&trio, 1, OP_F_CAS, 1, OP_PAIR(5, 6));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "precondition-failed");
    assert_int_equal(invoke(&trio, 2, OP_F_CAS, 1, OP_PAIR(29, 6)).outcome, OP_OK);
    expect_read(&trio, 0, 1, 6);
    trio_close(&trio);
}

static void test_consensus__every_node_serves_the_last_value(void **state)
{
    (void)state;
    for (int i = 0; i < SUBJECTS; i++)
        check_every_node(&subjects[i]);
}

static void check_leader_dies(const struct subject *subject)
{
    struct trio trio;

    trio_open(&trio, subject);
    for (int i = 0; i < 12; i++)
        write_ok(&trio, i % NODES, i, i);
    int leader = leader_of(&trio), other = (leader + 1) % NODES;
    local_kill(&trio.local, leader);
    /* Nobody knows yet that it is dead: what it was sent has an unknown outcome at worst. */
    for (int i = 0; i < 3; i++)
        (void)invoke(&trio, other, OP_F_WRITE, 100, OP_INT(i));
    for (int i = 0; i < 12; i++)
        expect_read(&trio, other, i, i);
    write_ok(&trio, other, 0, 50);
    local_restart(&trio.local, leader);
    local_await(&trio.local);
    expect_read(&trio, leader, 0, 50); /* it caught up, or asked who did */
    local_kill(&trio.local, other);    /* now a majority needs the one that was away */
    (void)invoke(&trio, leader, OP_F_WRITE, 100, OP_INT(9));
    expect_read(&trio, leader, 0, 50);
    expect_read(&trio, leader, 11, 11);
    trio_close(&trio);
}

static void test_consensus__a_dead_leader_is_replaced_and_returns(void **state)
{
    (void)state;
    for (int i = 0; i < SUBJECTS; i++)
        check_leader_dies(&subjects[i]);
}

static void check_all_die(const struct subject *subject)
{
    struct trio trio;

    trio_open(&trio, subject);
    for (int i = 0; i < 12; i++)
        write_ok(&trio, i % NODES, i, i);
    for (int i = 0; i < NODES; i++)
        local_kill(&trio.local, i);
    for (int i = 0; i < NODES; i++)
        local_restart(&trio.local, i);
    local_await(&trio.local);
    for (int i = 0; i < 12; i++)
        expect_read(&trio, i % NODES, i, i);
    trio_close(&trio);
}

static void test_consensus__what_was_acknowledged_outlives_the_death_of_all(void **state)
{
    (void)state;
    for (int i = 0; i < SUBJECTS; i++)
        check_all_die(&subjects[i]);
}

static void check_minority(const struct subject *subject)
{
    struct trio trio;

    trio_open(&trio, subject);
    write_ok(&trio, 0, 1, 1);
    local_kill(&trio.local, 1);
    local_kill(&trio.local, 2);
    /* Long enough for an honest answer many times over. */
    struct client_op op =
        local_invoke(trio.target, trio.clients[0], OP_F_WRITE, 1, OP_INT(2), PATIENCE_MS);
    assert_int_not_equal(op.outcome, OP_OK);
    op = local_invoke(trio.target, trio.clients[0], OP_F_READ, 1, OP_NIL, PATIENCE_MS);
    assert_int_not_equal(op.outcome, OP_OK);
    trio_close(&trio);
}

static void test_consensus__a_minority_serves_nothing(void **state)
{
    (void)state;
    check_minority(&subjects[0]);
    check_minority(&subjects[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus__every_node_serves_the_last_value),
        cmocka_unit_test(test_consensus__a_dead_leader_is_replaced_and_returns),
        cmocka_unit_test(test_consensus__what_was_acknowledged_outlives_the_death_of_all),
        cmocka_unit_test(test_consensus__a_minority_serves_nothing),
    };
    return cmocka_run_group_tests_name("targets/consensus", tests, NULL, NULL);
}
