/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/memory.c: right without bugs, and wrong in exactly the way that each says. */
#include "../../harness/base/clock.h"
#include "../../harness/target.h"
#include "../lib/check.h"

#include <pthread.h>
#include <string.h>

extern const struct target target_memory;

/* A memory cluster with one setting more than bug_every=1. */
struct fixture {
    struct test test;
    struct cluster cluster;
    struct client *clients[4];
};

static void open_with(struct fixture *fixture, const char *key, const char *value)
{
    struct err err;

    memset(fixture, 0, sizeof *fixture);
    fixture->test.target = &target_memory;
    fixture->test.node_count = 3;
    fixture->test.settings[0] = (struct setting){"bug_every", "1"};
    fixture->test.settings[1] = (struct setting){key, value};
    fixture->test.setting_count = 2;
    fixture->cluster.test = &fixture->test;
    fixture->cluster.node_count = 3;
    assert_int_equal(target_memory.setup(&fixture->cluster, &err), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            target_memory.client_open(&fixture->cluster, i % 3, &fixture->clients[i], &err), 0);
}

static void close_all(struct fixture *fixture)
{
    for (int i = 0; i < 4; i++)
        target_memory.client_close(fixture->clients[i]);
    target_memory.teardown(&fixture->cluster);
}

static struct client_op invoke(struct fixture *fixture, int client, enum op_f f, int64_t key,
                               struct op_value value)
{
    struct client_op op = {.f = (uint8_t)f, .key = key, .value = value, .outcome = OP_INFO};
    op.deadline_ns = clock_now_ns() + NS_PER_SEC;
    target_memory.invoke(fixture->clients[client], &op);
    return op;
}

static struct op_value read_value(struct fixture *fixture, int client, int64_t key)
{
    struct client_op op = invoke(fixture, client, OP_F_READ, key, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    return op.result;
}

static void assert_reads(struct fixture *fixture, int client, int64_t key, int64_t value)
{
    struct op_value found = read_value(fixture, client, key);
    assert_int_equal(found.kind, OP_VALUE_INT);
    assert_int_equal(found.a, value);
}

static void test_memory__a_register_is_nil_then_the_last_value(void **state)
{
    (void)state;
    const int64_t keys[] = {0, 7, 4095, 4096, 1000000, RECORD_NO_KEY};
    struct fixture fixture;

    open_with(&fixture, "bug", "none");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_int_equal(read_value(&fixture, 0, keys[i]).kind, OP_VALUE_NIL);
        assert_int_equal(invoke(&fixture, 1, OP_F_WRITE, keys[i], OP_INT(-1)).outcome, OP_OK);
        assert_int_equal(invoke(&fixture, 1, OP_F_WRITE, keys[i], OP_INT(0)).outcome, OP_OK);
        assert_reads(&fixture, 2, keys[i], 0);
    }
    close_all(&fixture);
}

static void test_memory__cas_needs_the_expected_value(void **state)
{
    (void)state;
    struct fixture fixture;
    struct op_value from_nil = {.kind = OP_VALUE_JSON, .json = STR("[null,5]")};

    open_with(&fixture, "bug", "none");
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, OP_PAIR(0, 1)).outcome, OP_FAIL);
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, from_nil).outcome, OP_OK);
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, from_nil).outcome, OP_FAIL);
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, OP_PAIR(4, 6)).outcome, OP_FAIL);
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, OP_PAIR(5, 6)).outcome, OP_OK);
    assert_reads(&fixture, 0, 1, 6);
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, OP_INT(5)).outcome, OP_FAIL);
    close_all(&fixture);
}

static void test_memory__what_it_cannot_do_fails(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "none");
    assert_int_equal(invoke(&fixture, 0, OP_F_ENQUEUE, 1, OP_INT(1)).outcome, OP_FAIL);
    assert_int_equal(invoke(&fixture, 0, OP_F_WRITE, -2, OP_INT(1)).outcome, OP_FAIL);
    assert_int_equal(invoke(&fixture, 0, OP_F_WRITE, INT64_MAX, OP_INT(1)).outcome, OP_FAIL);
    close_all(&fixture);
}

static void test_memory__stale_read_returns_the_value_before(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "stale-read");
    (void)invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1));
    (void)invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(2));
    assert_reads(&fixture, 1, 1, 1);
    close_all(&fixture);
}

static void test_memory__lost_write_is_acknowledged_and_gone(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "lost-write");
    assert_int_equal(invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_OK);
    assert_int_equal(read_value(&fixture, 0, 1).kind, OP_VALUE_NIL);
    close_all(&fixture);
}

static void test_memory__dirty_read_shows_a_failed_write(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "dirty-read");
    assert_int_equal(invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_FAIL);
    assert_reads(&fixture, 0, 1, 1);
    close_all(&fixture);
}

static void test_memory__thin_air_is_a_value_nobody_wrote(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "thin-air");
    assert_true(read_value(&fixture, 0, 1).a > INT64_MAX / 2);
    close_all(&fixture);
}

static void test_memory__lost_update_lets_two_cas_win(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "lost-update");
    (void)invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1));
    assert_int_equal(invoke(&fixture, 0, OP_F_CAS, 1, OP_PAIR(1, 2)).outcome, OP_OK);
    assert_int_equal(invoke(&fixture, 1, OP_F_CAS, 1, OP_PAIR(1, 3)).outcome, OP_OK);
    assert_reads(&fixture, 0, 1, 3);
    close_all(&fixture);
}

static void test_memory__split_brain_keeps_nodes_apart(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "bug", "split-brain");
    (void)invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1));
    assert_reads(&fixture, 3, 1, 1); /* the same node */
    assert_int_equal(read_value(&fixture, 1, 1).kind, OP_VALUE_NIL);
    close_all(&fixture);
}

static void test_memory__unknown_updates_took_effect_and_reads_are_never_unknown(void **state)
{
    (void)state;
    struct fixture fixture;

    open_with(&fixture, "unknown_every", "1");
    assert_int_equal(invoke(&fixture, 0, OP_F_WRITE, 1, OP_INT(1)).outcome, OP_INFO);
    assert_reads(&fixture, 0, 1, 1);
    close_all(&fixture);
}

static void test_memory__latency_past_the_deadline_is_no_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    struct client_op op = {.f = OP_F_WRITE, .key = 1, .value = OP_INT(1)};

    open_with(&fixture, "latency_us", "300000");
    op.deadline_ns = clock_now_ns() + 250 * NS_PER_MS;
    target_memory.invoke(fixture.clients[0], &op);
    assert_int_equal(op.outcome, OP_INFO); /* half the time had passed: it was applied */
    op.deadline_ns = clock_now_ns() + 50 * NS_PER_MS;
    target_memory.invoke(fixture.clients[0], &op);
    assert_int_equal(op.outcome, OP_FAIL);
    close_all(&fixture);
}

/* Increment by cas until `rounds` have succeeded. */
static void *increment(void *context)
{
    struct client *client = context;

    for (int wins = 0; wins < 20000;) {
        struct client_op op = {.f = OP_F_READ, .key = 9, .deadline_ns = INT64_MAX};
        target_memory.invoke(client, &op);
        op.f = OP_F_CAS;
        op.value = OP_PAIR(op.result.a, op.result.a + 1);
        target_memory.invoke(client, &op);
        wins += op.outcome == OP_OK;
    }
    return NULL;
}

static void test_memory__concurrent_cas_loses_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    pthread_t threads[3];

    open_with(&fixture, "bug", "none");
    (void)invoke(&fixture, 0, OP_F_WRITE, 9, OP_INT(0));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, increment, fixture.clients[i]), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_reads(&fixture, 0, 9, 60000);
    close_all(&fixture);
}

static void test_memory__bad_settings_are_refused_with_a_sentence(void **state)
{
    (void)state;
    struct test test = {.target = &target_memory, .setting_count = 1};
    const char *level = NULL;
    struct err err;

    test.settings[0] = (struct setting){"bug", "stale"};
    assert_int_equal(target_memory.promise(&test, &level, &err), -1);
    assert_non_null(strstr(err.msg, "no bug 'stale'"));
    test.settings[0] = (struct setting){"latency_us", "-3"};
    assert_int_equal(target_memory.promise(&test, &level, &err), -1);
    assert_non_null(strstr(err.msg, "'latency_us' of target 'memory' must be a number"));
    test.settings[0] = (struct setting){"latency_us", "3"};
    assert_int_equal(target_memory.promise(&test, &level, &err), 0);
    assert_string_equal(level, "linearizable");
}

static void test_memory__never_healthy_is_not_healthy(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;

    open_with(&fixture, "bug", "never-healthy");
    assert_int_equal(target_memory.healthy(&fixture.cluster, &err), -1);
    close_all(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__a_register_is_nil_then_the_last_value),
        cmocka_unit_test(test_memory__cas_needs_the_expected_value),
        cmocka_unit_test(test_memory__what_it_cannot_do_fails),
        cmocka_unit_test(test_memory__stale_read_returns_the_value_before),
        cmocka_unit_test(test_memory__lost_write_is_acknowledged_and_gone),
        cmocka_unit_test(test_memory__dirty_read_shows_a_failed_write),
        cmocka_unit_test(test_memory__thin_air_is_a_value_nobody_wrote),
        cmocka_unit_test(test_memory__lost_update_lets_two_cas_win),
        cmocka_unit_test(test_memory__split_brain_keeps_nodes_apart),
        cmocka_unit_test(test_memory__unknown_updates_took_effect_and_reads_are_never_unknown),
        cmocka_unit_test(test_memory__latency_past_the_deadline_is_no_answer),
        cmocka_unit_test(test_memory__concurrent_cas_loses_nothing),
        cmocka_unit_test(test_memory__bad_settings_are_refused_with_a_sentence),
        cmocka_unit_test(test_memory__never_healthy_is_not_healthy),
    };
    return cmocka_run_group_tests_name("targets/memory", tests, NULL, NULL);
}
