/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of runner/plan.c and plan_read.c: drawn from the seed, replayed from a file, refused in
 * words. */
#include "../../harness/base/clock.h"
#include "../../harness/nemesis.h"
#include "../../harness/runner/plan.h"
#include "../../harness/target.h"
#include "../lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct nemesis nemesis_partition, nemesis_kill, nemesis_pause;

static const struct target leaderless = {.name = "leaderless"};

static struct test make_test(uint64_t seed)
{
    return (struct test){
        .target = &leaderless,
        .nemeses = {&nemesis_partition, &nemesis_kill, &nemesis_pause},
        .node_count = 3,
        .node_names = {"n1", "n2", "n3"},
        .time_limit_ns = 20 * NS_PER_SEC,
        .interval_ns = 5 * NS_PER_SEC,
        .seed = seed,
    };
}

static char *plan_text(const struct test *test)
{
    struct buf json;
    buf_init(&json, 0);
    plan_print(test, &json);
    return buf_take(&json);
}

static void write_file(char path[32], const char *text)
{
    (void)snprintf(path, 32, "/tmp/test_plan.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static void test_plan__every_family_comes_once_before_any_comes_again(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        assert_int_equal(plan_draw(&test, &err), 0);
        assert_int_equal(test.plan.fault_count, 4);
        const struct fault *faults = test.plan.faults;
        assert_ptr_not_equal(faults[0].nemesis, faults[1].nemesis);
        assert_ptr_not_equal(faults[0].nemesis, faults[2].nemesis);
        assert_ptr_not_equal(faults[1].nemesis, faults[2].nemesis);
        plan_release(&test.plan);
    }
}

static void test_plan__short_runs_still_meet_every_family(void **state)
{
    (void)state;
    struct err err;
    struct test test = make_test(1);
    test.time_limit_ns = 6 * NS_PER_SEC;
    assert_int_equal(plan_draw(&test, &err), 0);
    assert_int_equal(test.plan.fault_count, 3);
    plan_release(&test.plan);
}

static void test_plan__faults_follow_one_another_with_health_between(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        assert_int_equal(plan_draw(&test, &err), 0);
        int64_t healthy_since = 0;
        for (int i = 0; i < test.plan.fault_count; i++) {
            const struct fault *fault = &test.plan.faults[i];
            assert_true(fault->begin_ns > healthy_since);
            assert_true(fault->end_ns > fault->begin_ns + NS_PER_SEC);
            assert_true(fault->end_ns < test.time_limit_ns);
            healthy_since = fault->end_ns;
        }
        plan_release(&test.plan);
    }
}

static void test_plan__no_leader_is_chosen_where_none_can_be_asked_for(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        assert_int_equal(plan_draw(&test, &err), 0);
        for (int i = 0; i < test.plan.fault_count; i++)
            assert_int_not_equal(test.plan.faults[i].selector, SELECT_LEADER);
        plan_release(&test.plan);
    }
}

static void test_plan__same_seed_same_plan(void **state)
{
    (void)state;
    struct err err;
    struct test first = make_test(7), second = make_test(7), other = make_test(8);
    assert_int_equal(plan_draw(&first, &err), 0);
    assert_int_equal(plan_draw(&second, &err), 0);
    assert_int_equal(plan_draw(&other, &err), 0);
    char *a = plan_text(&first), *b = plan_text(&second), *c = plan_text(&other);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    free(a);
    free(b);
    free(c);
    plan_release(&first.plan);
    plan_release(&second.plan);
    plan_release(&other.plan);
}

static void test_plan__printed_and_read_again_is_the_same(void **state)
{
    (void)state;
    struct err err;
    struct test test = make_test(11), again = make_test(99);
    char path[32];

    assert_int_equal(plan_draw(&test, &err), 0);
    char *printed = plan_text(&test);
    write_file(path, printed);
    assert_int_equal(plan_read(&again, path, &err), 0);
    char *reprinted = plan_text(&again);
    assert_string_equal(printed, reprinted);
    free(printed);
    free(reprinted);
    (void)unlink(path);
    plan_release(&test.plan);
    plan_release(&again.plan);
}

static void check_refused(const char *text, const char *why)
{
    struct err err = {0};
    struct test test = make_test(1);
    char path[32];

    write_file(path, text);
    assert_int_equal(plan_read(&test, path, &err), -1);
    if (!strstr(err.msg, why))
        fail_msg("'%s' does not say '%s'", err.msg, why);
    (void)unlink(path);
    plan_release(&test.plan);
}

static void test_plan__bad_files_are_refused_in_words(void **state)
{
    (void)state;
    check_refused("", "line 1");
    check_refused("[1,2]", "no list \"faults\"");
    check_refused("{\"faults\":7}", "no list \"faults\"");
    check_refused("{\"faults\":[7]}", "no \"nemesis\"");
    check_refused("{\"faults\":[{\"nemesis\":\"partitoin\"}]}", "did you mean 'partition'");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"kind\":\"softly\"}]}", "no kind 'softly'");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":5,\"end_ns\":5}]}",
                  "must end after");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":5,"
                  "\"nodes\":[\"n9\"]}]}",
                  "no node 'n9'");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":5,"
                  "\"select\":\"nodes\"}]}",
                  "needs a list");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":5,"
                  "\"select\":\"some\"}]}",
                  "no selector 'some'");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":30000000000,"
                  "\"end_ns\":40000000000}]}",
                  "after the time limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__every_family_comes_once_before_any_comes_again),
        cmocka_unit_test(test_plan__short_runs_still_meet_every_family),
        cmocka_unit_test(test_plan__faults_follow_one_another_with_health_between),
        cmocka_unit_test(test_plan__no_leader_is_chosen_where_none_can_be_asked_for),
        cmocka_unit_test(test_plan__same_seed_same_plan),
        cmocka_unit_test(test_plan__printed_and_read_again_is_the_same),
        cmocka_unit_test(test_plan__bad_files_are_refused_in_words),
    };
    return cmocka_run_group_tests_name("runner/plan", tests, NULL, NULL);
}
