/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/etcd/change.c: what etcd's words mean for a change of its members. */
#include "../../targets/etcd/change.c"

#include "../lib/check.h"

enum http_result http_ask(struct http *http, const char *path, struct str body, int64_t deadline_ns,
                          struct http_answer *answer)
{
    (void)http;
    (void)path;
    (void)body;
    (void)deadline_ns;
    (void)answer;
    fail();
    return HTTP_UNKNOWN;
}

static enum change removed(long status, const char *body, int *code)
{
    struct err err = {0};
    enum change change = change_removed(status, str_of(body), &err);

    *code = err.code;
    return change;
}

static void test_change__done_is_what_etcd_says_is_done(void **state)
{
    (void)state;
    struct err err;
    int code;

    assert_int_equal(removed(200, "{\"header\":{},\"members\":[{\"ID\":\"1\"}]}", &code),
                     CHANGE_DONE);
    assert_int_equal(removed(404, "{\"error\":\"etcdserver: member not found\",\"code\":5}", &code),
                     CHANGE_DONE);
    assert_int_equal(
        change_added(412, STR("{\"error\":\"etcdserver: Peer URLs already exists\"}"), &err),
        CHANGE_DONE);
    assert_int_equal(
        change_added(412, STR("{\"error\":\"etcdserver: member ID already exist\"}"), &err),
        CHANGE_DONE);
}

static void test_change__refused_is_only_what_was_never_proposed(void **state)
{
    (void)state;
    int code;

    assert_int_equal(removed(503, "{\"error\":\"etcdserver: unhealthy cluster\"}", &code),
                     CHANGE_REFUSED);
    assert_int_equal(code, EAGAIN);
    assert_int_equal(removed(412,
                             "{\"error\":\"etcdserver: re-configuration failed due to not enough "
                             "started members\"}",
                             &code),
                     CHANGE_REFUSED);
    assert_int_equal(removed(503, "{\"error\":\"etcdserver: request timed out\"}", &code),
                     CHANGE_UNKNOWN);
    assert_int_equal(code, EIO);
}

static void test_change__garbage_is_unknown(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "{",
                                         "null",
                                         "[]",
                                         "{\"error\":5}",
                                         "{\"members\":5",
                                         "{}",
                                         "\1",
                                         "{\"error\":\"member not found\"",
                                         NULL};
    char id[CHANGE_ID_MAX];
    int code;

    for (size_t i = 0; bodies[i]; i++) {
        struct buf urls;
        buf_init(&urls, 0);
        assert_int_equal(removed(200, bodies[i], &code), CHANGE_UNKNOWN);
        assert_int_equal(removed(500, bodies[i], &code), CHANGE_UNKNOWN);
        assert_false(change_answerer(str_of(bodies[i]), id));
        assert_false(change_peers(str_of(bodies[i]), &urls));
        buf_release(&urls);
    }
    assert_false(change_answerer(STR("{\"header\":{\"member_id\":\"7\\\"}\"}}"), id));
    assert_false(change_answerer(
        STR("{\"header\":{\"member_id\":\"123456789012345678901234567890\"}}"), id));
}

static void test_change__who_answers_and_who_is_listed(void **state)
{
    (void)state;
    static const char list[] =
        "{\"header\":{\"member_id\":\"69645\"},\"members\":[{\"ID\":\"1\",\"peerURLs\":["
        "\"http://a:1\"]},{\"ID\":\"2\",\"name\":\"n1\",\"peerURLs\":[\"http://b:1\",\"http://"
        "c:1\"]"
        "},{\"ID\":\"3\"},5]}";
    char id[CHANGE_ID_MAX];
    struct buf urls;

    assert_true(change_answerer(STR(list), id));
    assert_string_equal(id, "69645");
    buf_init(&urls, 0);
    assert_true(change_peers(STR(list), &urls));
    assert_string_equal(urls.ptr, "http://a:1\nhttp://b:1\n\n\n");
    buf_release(&urls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change__done_is_what_etcd_says_is_done),
        cmocka_unit_test(test_change__refused_is_only_what_was_never_proposed),
        cmocka_unit_test(test_change__garbage_is_unknown),
        cmocka_unit_test(test_change__who_answers_and_who_is_listed),
    };
    return cmocka_run_group_tests_name("targets/etcd/change", tests, NULL, NULL);
}
