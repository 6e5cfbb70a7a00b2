/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/etcd/kv.c: what is asked of etcd, and what its words mean for an operation. */
#include "../../targets/etcd/kv.c"

#include "../lib/check.h"

static struct client_op op_of(enum op_f f, struct op_value value)
{
    return (struct client_op){.f = (uint8_t)f, .key = 7, .value = value, .outcome = OP_INFO};
}

static const char *request_of(struct client_op op, bool serializable, const char **path)
{
    static struct kv_request request;
    kv_request(&request, &op, serializable);
    *path = request.path;
    return request.path ? request.body.ptr : "";
}

static void test_kv__requests_are_those_of_the_gateway(void **state)
{
    (void)state;
    const char *path;
    struct op_value from_nil = {.kind = OP_VALUE_JSON, .json = STR("[null,3]")};

    assert_string_equal(request_of(op_of(OP_F_READ, OP_NIL), false, &path),
                        "{\"key\":\"azc=\",\"serializable\":false}");
    assert_string_equal(path, "/v3/kv/range");
    assert_string_equal(request_of(op_of(OP_F_READ, OP_NIL), true, &path),
                        "{\"key\":\"azc=\",\"serializable\":true}");
    assert_string_equal(request_of(op_of(OP_F_WRITE, OP_INT(12)), false, &path),
                        "{\"key\":\"azc=\",\"value\":\"MTI=\"}");
    assert_string_equal(path, "/v3/kv/put");
    assert_string_equal(
        request_of(op_of(OP_F_CAS, OP_PAIR(1, -2)), false, &path),
        "{\"compare\":[{\"result\":\"EQUAL\",\"key\":\"azc=\",\"target\":\"VALUE\",\"value\":\"MQ=="
        "\"}],\"success\":[{\"request_put\":{\"key\":\"azc=\",\"value\":\"LTI=\"}}]}");
    assert_string_equal(path, "/v3/kv/txn");
    assert_string_equal(
        request_of(op_of(OP_F_CAS, from_nil), false, &path),
        "{\"compare\":[{\"result\":\"EQUAL\",\"key\":\"azc=\",\"target\":\"CREATE\","
        "\"create_revision\":\"0\"}],\"success\":[{\"request_put\":{\"key\":\"azc=\",\"value\":"
        "\"Mw==\"}}]}");
}

static void test_kv__what_etcd_cannot_hold_is_not_asked(void **state)
{
    (void)state;
    const char *path;
    struct op_value to_nil = {.kind = OP_VALUE_JSON, .json = STR("[3,null]")};

    (void)request_of(op_of(OP_F_WRITE, OP_NIL), false, &path);
    assert_null(path);
    (void)request_of(op_of(OP_F_CAS, to_nil), false, &path);
    assert_null(path);
    (void)request_of(op_of(OP_F_CAS, OP_INT(3)), false, &path);
    assert_null(path);
    (void)request_of(op_of(OP_F_ENQUEUE, OP_INT(3)), false, &path);
    assert_null(path);
}

static struct client_op answered(enum op_f f, long status, const char *body)
{
    static char *text;
    struct client_op op = op_of(f, f == OP_F_CAS ? OP_PAIR(1, 2) : OP_INT(5));
    kv_answer(status, str_of(body), &op, &text);
    return op;
}

static void test_kv__values_are_read(void **state)
{
    (void)state;
    struct client_op op = answered(OP_F_READ, 200, "{\"header\":{}}");

    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_NIL);
    op =
        answered(OP_F_READ, 200,
                 "{\"header\":{},\"kvs\":[{\"key\":\"azc=\",\"value\":\"LTEy\"}],\"count\":\"1\"}");
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_INT);
    assert_int_equal(op.result.a, -12);
    op = answered(OP_F_READ, 200, "{\"header\":{},\"kvs\":[{\"value\":\"WzEsMl0=\"}]}");
    assert_int_equal(op.outcome, OP_OK);
    assert_true(str_eq(op.result.json, STR("[1,2]")));
}

static void test_kv__a_read_that_says_nothing_failed(void **state)
{
    (void)state;
    const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"kvs\":[]}",
        "{\"header\":{},\"kvs\":[]}",
        "{\"header\":{},\"kvs\":7}",
        "{\"header\":{},\"kvs\":[{\"value\":7}]}",
        "{\"header\":{},\"kvs\":[{\"value\":\"!!!!\"}]}",
        "{\"header\":{},\"kvs\":[{\"value\":\"A\"}]}",
        "{\"header\":{},\"kvs\":[{\"value\":\"A===\"}]}",
        "{\"header\":{},\"kvs\":[{\"value\":\"AA=A\"}]}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(answered(OP_F_READ, 200, bodies[i]).outcome, OP_FAIL);
    assert_int_equal(answered(OP_F_READ, 503, "{\"error\":\"whatever\"}").outcome, OP_FAIL);
}

static void test_kv__updates_succeed_only_with_a_header(void **state)
{
    (void)state;
    assert_int_equal(answered(OP_F_WRITE, 200, "{\"header\":{\"revision\":\"2\"}}").outcome, OP_OK);
    assert_int_equal(answered(OP_F_WRITE, 200, "{}").outcome, OP_INFO);
    assert_int_equal(answered(OP_F_WRITE, 200, "<html>").outcome, OP_INFO);
    assert_int_equal(answered(OP_F_WRITE, 307, "").outcome, OP_INFO);
    struct client_op op = answered(OP_F_CAS, 200, "{\"header\":{},\"succeeded\":true}");
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_PAIR);
    op = answered(OP_F_CAS, 200, "{\"header\":{}}");
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "precondition failed");
    assert_int_equal(answered(OP_F_CAS, 200, "{}").outcome, OP_INFO);
}

static void test_kv__only_what_was_refused_before_the_proposal_failed(void **state)
{
    (void)state;
    static const struct {
        const char *error;
        enum op_type outcome;
    } cases[] = {
        {"etcdserver: no leader", OP_FAIL},
        {"etcdserver: not capable", OP_FAIL},
        {"etcdserver: too many requests", OP_FAIL},
        {"etcdserver: request is too large", OP_FAIL},
        {"etcdserver: request timed out", OP_INFO},
        {"etcdserver: request timed out, possibly due to previous leader failure", OP_INFO},
        {"etcdserver: leader changed", OP_INFO},
        {"etcdserver: server stopped", OP_INFO},
        {"etcdserver: mvcc: database space exceeded", OP_INFO}, /* said after applying, too */
        {"etcdserver: no leader at all", OP_INFO},
        {"raft proposal dropped", OP_INFO},
        {"transport is closing", OP_INFO},
        {"context deadline exceeded", OP_INFO},
        {"", OP_INFO},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[160];
        (void)snprintf(body, sizeof body, "{\"error\":\"%s\",\"code\":14}", cases[i].error);
        assert_int_equal(answered(OP_F_WRITE, 503, body).outcome, cases[i].outcome);
        assert_int_equal(answered(OP_F_CAS, 503, body).outcome, cases[i].outcome);
        assert_int_equal(answered(OP_F_READ, 503, body).outcome, OP_FAIL);
    }
    assert_string_equal(answered(OP_F_WRITE, 503, "{\"error\":\"etcdserver: no leader\"}").error,
                        "no leader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kv__requests_are_those_of_the_gateway),
        cmocka_unit_test(test_kv__what_etcd_cannot_hold_is_not_asked),
        cmocka_unit_test(test_kv__values_are_read),
        cmocka_unit_test(test_kv__a_read_that_says_nothing_failed),
        cmocka_unit_test(test_kv__updates_succeed_only_with_a_header),
        cmocka_unit_test(test_kv__only_what_was_refused_before_the_proposal_failed),
    };
    return cmocka_run_group_tests_name("targets/etcd/kv", tests, NULL, NULL);
}
