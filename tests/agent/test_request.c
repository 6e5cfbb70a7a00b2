/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/agent/request.c: what is accepted is as documented, all else is one error. */
#include "../../harness/agent/request.h"
#include "../../harness/base/budget.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void test_request__start_as_documented(void **state)
{
    (void)state;
    struct request request;
    struct err err;
    int read =
        request_read(STR("{\"id\":7,\"verb\":\"start\",\"name\":\"etcd-1\",\"argv\":[\"etcd\","
                         "\"--x\"],\"env\":[\"A=b=c\"],\"cwd\":\"/node/conf\",\"user\":\"nobody\","
                         "\"log\":\"a.log\"}"),
                     &request, &err);
    assert_int_equal(read, 0);
    assert_int_equal(request.id, 7);
    assert_int_equal(request.verb, VERB_START);
    assert_string_equal(request.name, "etcd-1");
    assert_string_equal(request.command.argv[1], "--x");
    assert_null(request.command.argv[2]);
    assert_string_equal(request.command.env[0], "A=b=c");
    assert_string_equal(request.command.cwd, "/node/conf");
    assert_string_equal(request.command.user, "nobody");
    assert_string_equal(request.log, "a.log");
    request_release(&request);
}

static void test_request__what_is_left_out_is_zero(void **state)
{
    (void)state;
    struct request request;
    struct err err;
    assert_int_equal(
        request_read(STR("{\"verb\":\"put\",\"id\":0,\"path\":\"/node/x\",\"data\":\"\","
                         "\"mode\":420}"),
                     &request, &err),
        0);
    assert_int_equal(request.id, 0);
    assert_int_equal(request.offset, 0);
    assert_false(request.more);
    assert_int_equal(request.data.len, 0);
    request_release(&request);
}

/* Each wrong line, and a phrase that its error has to hold. */
static const char *const wrong[][2] = {
    {"", "not JSON"},
    {"{", "not JSON"},
    {"[]", "JSON object"},
    {"7", "not JSON"},
    {"{} {}", "not JSON"},
    {"{\"id\":1,\"id\":1,\"verb\":\"ping\"}", "not JSON"},
    {"{\"verb\":\"ping\"}", "'id' must"},
    {"{\"id\":-1,\"verb\":\"ping\"}", "'id' must"},
    {"{\"id\":1.5,\"verb\":\"ping\"}", "'id' must"},
    {"{\"id\":\"1\",\"verb\":\"ping\"}", "'id' must"},
    {"{\"id\":1}", "'verb' must"},
    {"{\"id\":1,\"verb\":2}", "'verb' must"},
    {"{\"id\":1,\"verb\":\"pong\"}", "no verb named 'pong'"},
    {"{\"id\":1,\"verb\":\"ping\",\"x\":1}", "'ping' has no member 'x'"},
    {"{\"id\":1,\"verb\":\"start\",\"argv\":[\"a\"]}", "'name' is missing"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[]}", "'argv' must be an array"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[\"\"]}", "name of a program"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[1]}", "strings only"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":\"b\"}", "'argv' must be an array"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"../a\",\"argv\":[\"b\"]}", "'name' must be 1 to 63"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\".a\",\"argv\":[\"b\"]}", "'name' must be 1 to 63"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"\",\"argv\":[\"b\"]}", "'name' must be 1 to 63"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[\"b\"],\"log\":\"a/b\"}", "'log' must"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[\"b\"],\"env\":[\"x\"]}", "NAME=value"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[\"b\"],\"env\":[\"=x\"]}",
     "NAME=value"},
    {"{\"id\":1,\"verb\":\"hello\",\"protocol\":1,\"needs\":{\"clock\":1}}", "'needs' must be"},
    {"{\"id\":1,\"verb\":\"hello\",\"protocol\":1,\"needs\":[\"clocks\"]}", "no need named"},
    {"{\"id\":1,\"verb\":\"start\",\"name\":\"a\",\"argv\":[\"b\\u0000c\"]}", "not JSON"},
    {"{\"id\":1,\"verb\":\"stop\",\"name\":\"a\",\"timeout_ms\":-1}", "from 0 to 3600000"},
    {"{\"id\":1,\"verb\":\"stop\",\"name\":\"a\",\"timeout_ms\":1e3}", "whole number"},
    {"{\"id\":1,\"verb\":\"stop\",\"name\":\"a\",\"timeout_ms\":99999999999999999999}", "not JSON"},
    {"{\"id\":1,\"verb\":\"put\",\"path\":\"\",\"data\":\"\",\"mode\":1}", "'path' must have"},
    {"{\"id\":1,\"verb\":\"put\",\"path\":\"/a\",\"data\":\"\",\"mode\":4096}", "'mode' must be"},
    {"{\"id\":1,\"verb\":\"put\",\"path\":\"/a\",\"data\":\"\",\"mode\":1,\"more\":1}",
     "true or false"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"dead\"}", "'state' must be"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":null}", "'state' must be"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\",\"clocks\":{}}",
     "no member 'clocks'"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\",\"clock\":7}",
     "bad 'clock': it must be an object"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\",\"clock\":{\"x\":1}}",
     "bad 'clock': it has no member 'x'"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\",\"disk\":{\"torn_ppm\":"
     "1000001}}",
     "'torn_ppm' must be a whole number from 0 to 1000000"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_from\":{}}",
     "'cut_from' must be an array"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_from\":[7]}",
     "[place, address] only"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_from\":[[64,\"10.0.0.1\"]]}",
     "[place, address] only"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_from\":[[-1,\"10.0.0.1\"]]}",
     "[place, address] only"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_to\":[[1,\"10.0.0.1\",2]]}",
     "[place, address] only"},
    {"{\"id\":1,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
     "\"cut_to\":[[1,\"db1; reboot\"]]}",
     "bad 'cut_to': "},
};

static void test_request__a_world_has_parts(void **state)
{
    (void)state;
    struct request request;
    struct err err;
    int read = request_read(STR("{\"id\":8,\"verb\":\"world\",\"version\":3,\"state\":\"killed\","
                                "\"clock\":{\"wall_offset_ns\":-5},\"disk\":{\"lose_unsynced\":1},"
                                "\"limits\":{}}"),
                            &request, &err);
    assert_int_equal(read, 0);
    assert_int_equal(request.clock.wall_offset_ns, -5);
    assert_int_equal(request.clock.wall_rate_ppm, 0);
    assert_int_equal(request.disk.lose_unsynced, 1);
    assert_true(part_is_healthy(limit_members, &request.limits));
    request_release(&request);
}

static void test_request__cuts_are_places_and_addresses(void **state)
{
    (void)state;
    struct request request;
    struct err err;
    int read = request_read(STR("{\"id\":8,\"verb\":\"world\",\"version\":3,\"state\":\"running\","
                                "\"cut_from\":[[0,\"10.0.0.1\"],[2,\"::1\"]],"
                                "\"cut_to\":[[63,\"10.0.0.9\"]]}"),
                            &request, &err);
    assert_int_equal(read, 0);
    assert_int_equal(request.cut_count, 3);
    assert_false(request.cuts[0].outgoing);
    assert_int_equal(request.cuts[0].place, 0);
    assert_int_equal(request.cuts[1].address.family, AF_INET6);
    assert_true(request.cuts[2].outgoing);
    assert_int_equal(request.cuts[2].place, CLIENTS);
    request_release(&request);
}

static void test_request__too_many_cuts_are_refused(void **state)
{
    (void)state;
    struct request request;
    struct err err;
    struct buf line;

    buf_init(&line, 0);
    buf_puts(&line, "{\"id\":8,\"verb\":\"world\",\"version\":3,\"state\":\"running\","
                    "\"cut_from\":[[0,\"10.0.0.1\"]");
    for (int i = 0; i < CUTS_MAX; i++)
        buf_puts(&line, ",[0,\"10.0.0.1\"]");
    buf_puts(&line, "]}");
    assert_int_equal(request_read(buf_str(&line), &request, &err), -1);
    assert_non_null(strstr(err.msg, "at most 128 cuts"));
    request_release(&request);
    buf_release(&line);
}

static void test_request__wrong_ones_are_told_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct request request;
        struct err err = {0};
        assert_int_equal(request_read(str_of(wrong[i][0]), &request, &err), -1);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("%s\n  says: %s\n  not: %s", wrong[i][0], err.msg, wrong[i][1]);
        assert_null(strchr(err.msg, '\n'));
        request_release(&request);
    }
}

static void test_request__too_many_arguments_are_refused(void **state)
{
    (void)state;
    for (int count = ARGS_MAX - 1; count <= ARGS_MAX + 1; count++) {
        struct request request;
        struct err err;
        struct buf line;
        buf_init(&line, 0);
        buf_puts(&line, "{\"id\":1,\"verb\":\"run\",\"timeout_ms\":1,\"argv\":[\"a\"");
        for (int i = 1; i < count; i++)
            buf_puts(&line, ",\"a\"");
        buf_puts(&line, "]}");
        assert_int_equal(request_read(buf_str(&line), &request, &err), count > ARGS_MAX ? -1 : 0);
        request_release(&request);
        buf_release(&line);
    }
}

static void test_request__deep_nesting_is_an_error(void **state)
{
    (void)state;
    static char line[1 << 20];
    struct request request;
    struct err err;
    memset(line, '[', sizeof line);
    assert_int_equal(request_read((struct str){line, sizeof line}, &request, &err), -1);
    request_release(&request);
    for (size_t i = 0; i + 5 <= sizeof line; i += 5)
        memcpy(line + i, "{\"a\":", 5);
    assert_int_equal(request_read((struct str){line, sizeof line}, &request, &err), -1);
    request_release(&request);
}

static struct budget memory;

static void *take_memory(size_t size)
{
    return budget_alloc(&memory, size);
}

static void give_memory(void *ptr)
{
    budget_free(&memory, ptr);
}

/* Out of memory at every point at which it can run out: an error, and nothing is kept. */
static void test_request__out_of_memory_is_an_error(void **state)
{
    (void)state;
    const struct str line = STR("{\"id\":1,\"verb\":\"run\",\"argv\":[\"a\",\"b\",\"c\"],\"env\":"
                                "[\"A=1\"],\"timeout_ms\":5,\"stdin\":\"QUJD\"}");
    int result = -1, failures = 0;
    json_set_alloc_funcs(take_memory, give_memory);
    for (size_t limit = 1; result; limit += 8) {
        struct request request;
        struct err err = {0};
        budget_init(&memory, 0, limit);
        result = request_read(line, &request, &err);
        request_release(&request);
        assert_int_equal(memory.used_bytes, 0);
        failures += result != 0;
        assert_true(result == 0 || strlen(err.msg) > 0);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(failures > 20);
}

/* Lines damaged in random places: refused or read, never worse (ASan and UBSan look on). */
static void test_request__damaged_lines_do_no_harm(void **state)
{
    (void)state;
    const struct str line =
        STR("{\"id\":12,\"verb\":\"start\",\"name\":\"db\",\"argv\":[\"x\",\"\\u00e9\"],"
            "\"env\":[\"A=1\"],\"cwd\":\"/node\"}");
    struct rng rng;
    int good = 0;
    rng_init(&rng, 3, 0);
    for (int i = 0; i < 30000; i++) {
        char damaged[200];
        struct request request;
        struct err err = {0};
        memcpy(damaged, line.ptr, line.len);
        size_t len = rng_below(&rng, 4) ? line.len : rng_below(&rng, line.len + 1);
        for (uint64_t k = rng_below(&rng, 4); k; k--)
            damaged[rng_below(&rng, line.len)] = (char)rng_next(&rng);
        int result = request_read((struct str){damaged, len}, &request, &err);
        good += result == 0;
        assert_true(result == 0 || strlen(err.msg) > 0);
        request_release(&request);
    }
    assert_true(good > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request__start_as_documented),
        cmocka_unit_test(test_request__what_is_left_out_is_zero),
        cmocka_unit_test(test_request__a_world_has_parts),
        cmocka_unit_test(test_request__cuts_are_places_and_addresses),
        cmocka_unit_test(test_request__too_many_cuts_are_refused),
        cmocka_unit_test(test_request__wrong_ones_are_told_what_is_wrong),
        cmocka_unit_test(test_request__too_many_arguments_are_refused),
        cmocka_unit_test(test_request__deep_nesting_is_an_error),
        cmocka_unit_test(test_request__out_of_memory_is_an_error),
        cmocka_unit_test(test_request__damaged_lines_do_no_harm),
    };
    return cmocka_run_group_tests_name("agent/request", tests, NULL, NULL);
}
