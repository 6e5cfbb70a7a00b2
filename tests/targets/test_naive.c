/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the reference nodes on a real network: naive, its links, its storage, its client. */
#include "local_node.c"

#include "../../targets/reference/host/wire.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { TIMEOUT_MS = 5000 };

static const struct target *naive;

static int find_naive(void **state)
{
    (void)state;
    struct err err;

    built_use();
    naive = target_find("naive", &err);
    if (!naive)
        (void)fprintf(stderr, "%s\n", err.msg);
    return naive ? 0 : -1;
}

/* Clients of three nodes. */
struct trio {
    struct local local;
    struct client *clients[3];
};

static void trio_open(struct trio *trio, const struct setting *settings)
{
    struct err err;

    local_open(&trio->local, naive, 3, settings);
    for (int i = 0; i < 3; i++)
        assert_int_equal(naive->client_open(&trio->local.cluster, i, &trio->clients[i], &err), 0);
}

static void trio_close(struct trio *trio)
{
    for (int i = 0; i < 3; i++)
        naive->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static struct client_op invoke(struct trio *trio, int node, enum op_f f, int64_t key,
                               struct op_value value)
{
    return local_invoke(naive, trio->clients[node], f, key, value, TIMEOUT_MS);
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

static void test_naive__a_write_reaches_every_node(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    for (int node = 0; node < 3; node++)
        assert_int_equal(invoke(&trio, node, OP_F_READ, 1, OP_NIL).result.kind, OP_VALUE_NIL);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(42)).outcome, OP_OK);
    for (int node = 0; node < 3; node++)
        await_value(&trio, node, 1, 42);
    trio_close(&trio);
}

static void test_naive__cas_and_its_errors(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    struct client_op op = invoke(&trio, 0, OP_F_CAS, 1, OP_PAIR(1, 2));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "key-does-not-exist");
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    op = invoke(&trio, 0, OP_F_CAS, 1, OP_PAIR(5, 2));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "precondition-failed");
    assert_int_equal(invoke(&trio, 0, OP_F_CAS, 1, OP_PAIR(1, 2)).outcome, OP_OK);
    await_value(&trio, 2, 1, 2);
    op = invoke(&trio, 0, OP_F_ENQUEUE, 1, OP_INT(1));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "not-supported");
    trio_close(&trio);
}

static void test_naive__what_a_dead_node_missed_it_never_learns(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    await_value(&trio, 2, 1, 1);
    local_kill(&trio.local, 2);
    struct client_op op = invoke(&trio, 2, OP_F_WRITE, 1, OP_INT(9));
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "connection refused");
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(2)).outcome, OP_OK);
    local_restart(&trio.local, 2);
    local_await(&trio.local);
    await_value(&trio, 2, 1, 1); /* what it had written down */
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 2, OP_INT(3)).outcome, OP_OK);
    await_value(&trio, 2, 2, 3); /* it hears again, and still */
    await_value(&trio, 2, 1, 1);
    await_value(&trio, 0, 1, 2); /* they differ for good */
    trio_close(&trio);
}

static void test_naive__a_session_outlives_a_silence(void **state)
{
    (void)state;
    const struct setting tcp[] = {{"link", "tcp"}, {NULL, NULL}};
    struct trio trio;

    trio_open(&trio, tcp);
    local_signal(&trio.local, 2, SIGSTOP);
    for (int i = 0; i < 100; i++)
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, i, OP_INT(i)).outcome, OP_OK);
    /* Longer than a session's patience: its connection is given up, and opened again. */
    clock_sleep_until(clock_now_ns() + 1600 * NS_PER_MS);
    local_signal(&trio.local, 2, SIGCONT);
    for (int i = 0; i < 100; i++)
        await_value(&trio, 2, i, i);
    trio_close(&trio);
}

static void test_naive__a_session_ends_with_the_process(void **state)
{
    (void)state;
    const struct setting tcp[] = {{"link", "tcp"}, {NULL, NULL}};
    struct trio trio;

    trio_open(&trio, tcp);
    local_kill(&trio.local, 2);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    local_restart(&trio.local, 2);
    local_await(&trio.local);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 2, OP_INT(2)).outcome, OP_OK);
    await_value(&trio, 2, 2, 2);
    /* In order, so the first one would have come before. */
    assert_int_equal(invoke(&trio, 2, OP_F_READ, 1, OP_NIL).result.kind, OP_VALUE_NIL);
    trio_close(&trio);
}

/* A value too large for a datagram. */
static void test_naive__large_values_travel_in_fragments(void **state)
{
    (void)state;
    enum { LEN = 90000 };
    struct trio trio;
    char *text = malloc(LEN + 2);

    assert_non_null(text);
    memset(text, 'x', LEN + 2);
    text[0] = text[LEN + 1] = '"';
    trio_open(&trio, NULL);
    struct op_value value = {.kind = OP_VALUE_JSON, .json = {text, LEN + 2}};
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, value).outcome, OP_OK);
    assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 2, OP_INT(1)).outcome, OP_OK);
    await_value(&trio, 1, 2, 1);
    struct client_op op = invoke(&trio, 1, OP_F_READ, 1, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_true(str_eq(op.result.json, value.json));
    trio_close(&trio);
    free(text);
}

/* Lines and datagrams that no node or client sends. */
static const char *const nonsense[] = {
    "garbage",
    "",
    "{",
    "[[[[",
    "{\"hello\":\"n9\",\"incarnation\":\"x\"}",
    "{\"hello\":\"n2\"}",
    "{\"hello\":7,\"incarnation\":8}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":1}}",
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"x\",\"in_reply_to\":99}}",
    "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":\"change\"}}",
    "F",
    "F \n",
    "F n2 1 0 2",
    "F n2 1 0 2\n",
    "F n2 1 2 2\nx",
    "F n9 1 0 2\nx",
    "F n2 99999999999999999999 0 1\nx",
    "F n2 7 0 100000\nx",
    "F n2 8 0 1\n{}",
    "12 {}",
};

static void send_nonsense(const struct node *node, int type, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(NODE_PORT)};
    int fd = socket(AF_INET, type, 0);

    assert_int_equal(inet_pton(AF_INET, node_address(node), &address.sin_addr), 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
    (void)send(fd, "\n", 1, MSG_NOSIGNAL);
    (void)close(fd);
}

static void test_naive__nonsense_from_the_network_is_survived(void **state)
{
    (void)state;
    const struct setting links[][2] = {{{"link", "udp"}}, {{"link", "tcp"}}};

    for (size_t link = 0; link < 2; link++) {
        struct trio trio;
        trio_open(&trio, links[link]);
        for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
            send_nonsense(trio.local.cluster.nodes[0], SOCK_STREAM, nonsense[i]);
            if (link == 0)
                send_nonsense(trio.local.cluster.nodes[0], SOCK_DGRAM, nonsense[i]);
        }
        assert_int_equal(invoke(&trio, 0, OP_F_WRITE, 1, OP_INT(4)).outcome, OP_OK);
        assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 2, OP_INT(5)).outcome, OP_OK);
        await_value(&trio, 1, 1, 4);
        await_value(&trio, 0, 2, 5);
        trio_close(&trio);
    }
}

static void test_naive__a_paused_node_times_out(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    local_signal(&trio.local, 1, SIGSTOP);
    struct client_op op = local_invoke(naive, trio.clients[1], OP_F_WRITE, 1, OP_INT(2), 100);
    assert_int_equal(op.outcome, OP_INFO);
    assert_string_equal(op.error, "timed out");
    op = local_invoke(naive, trio.clients[1], OP_F_READ, 1, OP_NIL, 100);
    assert_int_equal(op.outcome, OP_FAIL);
    local_signal(&trio.local, 1, SIGCONT);
    await_value(&trio, 1, 1, 2); /* unknown was right: it was carried out */
    trio_close(&trio);
}

static void test_naive__a_kill_in_mid_operation_is_unknown(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    assert_int_equal(invoke(&trio, 1, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    local_signal(&trio.local, 1, SIGSTOP);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* kill it while the other process waits for an answer */
        clock_sleep_until(clock_now_ns() + 100 * NS_PER_MS);
        local_signal(&trio.local, 1, SIGKILL);
        _exit(0);
    }
    struct client_op op = invoke(&trio, 1, OP_F_WRITE, 1, OP_INT(2));
    assert_int_equal(op.outcome, OP_INFO);
    (void)waitpid(child, NULL, 0);
    trio_close(&trio);
}

static void test_naive__its_log_patterns_spare_a_healthy_log(void **state)
{
    (void)state;
    struct trio trio;

    trio_open(&trio, NULL);
    local_kill(&trio.local, 1);
    local_restart(&trio.local, 1);
    local_await(&trio.local);
    for (int node = 0; node < 3; node++) {
        char *log = local_log(&trio.local, node);
        assert_null(strstr(log, "fatal"));
        free(log);
    }
    trio_close(&trio);
}

static void test_naive__bad_settings_are_refused_before_the_start(void **state)
{
    (void)state;
    struct test test = {.target = naive, .setting_count = 1};
    const char *level;
    struct err err;

    test.settings[0] = (struct setting){"link", "pigeon"};
    assert_int_equal(naive->promise(&test, &level, &err), -1);
    assert_string_equal(err.msg, "'link' of target 'naive' is 'pigeon', not one of tcp|udp");
    test.settings[0] = (struct setting){"bug", "lost-write"};
    assert_int_equal(naive->promise(&test, &level, &err), -1);
    test.settings[0] = (struct setting){"link", "udp"};
    assert_int_equal(naive->promise(&test, &level, &err), 0);
    assert_null(level); /* it promises nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naive__a_write_reaches_every_node),
        cmocka_unit_test(test_naive__cas_and_its_errors),
        cmocka_unit_test(test_naive__what_a_dead_node_missed_it_never_learns),
        cmocka_unit_test(test_naive__a_session_outlives_a_silence),
        cmocka_unit_test(test_naive__a_session_ends_with_the_process),
        cmocka_unit_test(test_naive__large_values_travel_in_fragments),
        cmocka_unit_test(test_naive__nonsense_from_the_network_is_survived),
        cmocka_unit_test(test_naive__a_paused_node_times_out),
        cmocka_unit_test(test_naive__a_kill_in_mid_operation_is_unknown),
        cmocka_unit_test(test_naive__its_log_patterns_spare_a_healthy_log),
        cmocka_unit_test(test_naive__bad_settings_are_refused_before_the_start),
    };
    return cmocka_run_group_tests_name("targets/naive", tests, find_naive, NULL);
}
