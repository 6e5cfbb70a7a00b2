/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of runner/roll.c: which programs are refused, who is restarted with which, and what is said
 * of one that does not come up. */
#include "../../harness/base/clock.h"
#include "../../harness/runner/roll.h"
#include "../lib/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A target that runs nothing: what it is asked for, in order, and what it answers. */
static struct {
    char asked[64]; /* "1+" node 1 with the other version, "1-" with the first */
    int code;       /* 0: it serves */
} stand;

static int stand_roll(struct cluster *cluster, int node, bool other, int64_t deadline_ns,
                      struct err *err)
{
    size_t len = strlen(stand.asked);

    (void)cluster;
    (void)deadline_ns;
    (void)snprintf(stand.asked + len, sizeof stand.asked - len, "%d%c", node, other ? '+' : '-');
    return stand.code ? err_set(err, stand.code, "it will not") : 0;
}

static const struct setting_spec settings[] = {{TARGET_PROGRAM, "a path", "old", ""},
                                               {TARGET_ROLL_TO, "a path", "none", ""},
                                               {NULL, NULL, NULL, NULL}};
static const struct target target = {.name = "stand", .settings = settings, .roll = stand_roll};
static struct test test = {.target = &target,
                           .node_count = 3,
                           .node_names = {"n1", "n2", "n3"},
                           .settings = {{TARGET_ROLL_TO, "/bin/sh"}},
                           .setting_count = 1};
static struct cluster cluster = {.node_count = 3, .test = &test};

static void check_refused(const char *key, const char *value, const char *why)
{
    struct test bad = {.target = &target, .settings = {{key, value}}, .setting_count = 1};
    struct err err = {0};

    assert_int_equal(roll_check(&bad, &err), -1);
    if (!strstr(err.msg, why))
        fail_msg("%s=%s: '%s' does not say '%s'", key, value, err.msg, why);
}

static void test_roll__what_cannot_be_executed_is_refused(void **state)
{
    (void)state;
    struct err err;

    check_refused(TARGET_ROLL_TO, "/nowhere/etcd", "no program '/nowhere/etcd'");
    check_refused(TARGET_ROLL_TO, "/etc", "can be executed");
    check_refused(TARGET_ROLL_TO, "/etc/passwd", "can be executed");
    check_refused(TARGET_ROLL_TO, "/etc/passwd/x", "no program");
    check_refused(TARGET_ROLL_TO, "", "a path from the root");
    check_refused(TARGET_ROLL_TO, "etcd", "a path from the root");
    check_refused(TARGET_ROLL_TO, "./etcd", "a path from the root");
    check_refused(TARGET_PROGRAM, "../etcd", "a path from the root");
    check_refused(TARGET_PROGRAM, "/etc", "can be executed");
    assert_int_equal(roll_check(&test, &err), 0);
    assert_int_equal(roll_check(&(struct test){.target = &target}, &err), 0);
}

static void test_roll__needs_a_target_that_can_and_a_program(void **state)
{
    (void)state;
    const struct target unable = {.name = "unable"};
    struct err err;

    assert_int_equal(roll_possible(&(struct test){.target = &unable}, &err), -1);
    assert_int_equal(roll_possible(&(struct test){.target = &target}, &err), -1);
    assert_non_null(strstr(err.msg, "--set roll-to=PATH"));
    assert_int_equal(roll_possible(&test, &err), 0);
}

/* Pursue each world in turn and give the record's lines. */
static char *pursue(struct roll *roll, const struct world *worlds, int count, node_set away)
{
    static char text[1 << 14];
    char path[64];
    struct err err;

    (void)snprintf(path, sizeof path, "/tmp/ordeal-test-roll.%d", (int)getpid());
    *roll = (struct roll){.cluster = &cluster};
    stand.asked[0] = '\0';
    assert_int_equal(record_open(&roll->record, path, 1, test.node_names, 3, clock_now_ns(), &err),
                     0);
    for (int i = 0; i < count; i++)
        roll_pursue(roll, &worlds[i], away, NS_PER_MS);
    record_close_lane(roll->record, 0);
    assert_int_equal(record_finish(roll->record, &err), 0);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    (void)unlink(path);
    return text;
}

static void test_roll__back_when_it_is_over_unless_it_was_for_good(void **state)
{
    (void)state;
    static struct world worlds[3];
    struct roll roll;

    for (int i = 0; i < 3; i++)
        world_clear(&worlds[i], 3);
    worlds[0].rolled = NODE(1);
    worlds[1].rolled = NODE(1);
    worlds[1].rolled_for_good = NODE(2);
    stand.code = 0;
    const char *said = pursue(&roll, worlds, 3, 0);
    assert_string_equal(stand.asked, "1+2+1-");
    assert_true(roll_is_whole(&roll));
    assert_int_equal(roll.rolled[1], 1);
    assert_int_equal(roll.rolled_back[1], 1);
    assert_int_equal(roll.rolled_back[2], 0);
    assert_non_null(strstr(said, "\"value\":{\"n1\":\"old\",\"n2\":\"/bin/sh\",\"n3\":\"old\"},"
                                 "\"restarted\":\"n2\"}"));
    assert_non_null(strstr(said, "\"value\":{\"n1\":\"old\",\"n2\":\"old\",\"n3\":\"/bin/sh\"},"
                                 "\"restarted\":\"n2\"}"));
}

static void test_roll__who_is_away_is_left_alone(void **state)
{
    (void)state;
    struct world world;
    struct roll roll;

    world_clear(&world, 3);
    world.rolled = NODE(0) | NODE(1);
    stand.code = 0;
    (void)pursue(&roll, &world, 1, NODE(1));
    assert_string_equal(stand.asked, "0+");
}

static void test_roll__who_does_not_come_up_is_told_and_tried_again(void **state)
{
    (void)state;
    static struct world worlds[2];
    struct roll roll;

    world_clear(&worlds[0], 3);
    world_clear(&worlds[1], 3);
    worlds[0].rolled_for_good = NODE(1);
    stand.code = ECHILD;
    const char *said = pursue(&roll, worlds, 2, 0);
    assert_string_equal(stand.asked, "1+1+");
    assert_false(roll_is_whole(&roll));
    assert_int_equal(roll.rolled[1], 0);
    assert_non_null(strstr(said, "\"n2\":null"));
    assert_non_null(strstr(said, "\"not_up\":\"n2\",\"error\":\"it will not\""));
}

static void test_roll__who_runs_without_serving_yet_was_restarted(void **state)
{
    (void)state;
    struct world world;
    struct roll roll;

    world_clear(&world, 3);
    world.rolled = NODE(1);
    stand.code = EAGAIN;
    const char *said = pursue(&roll, &world, 1, 0);
    assert_int_equal(roll.rolled[1], 1);
    assert_true(roll.down == 0);
    assert_non_null(strstr(said, "\"restarted\":\"n2\",\"error\":\"it will not\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roll__what_cannot_be_executed_is_refused),
        cmocka_unit_test(test_roll__needs_a_target_that_can_and_a_program),
        cmocka_unit_test(test_roll__back_when_it_is_over_unless_it_was_for_good),
        cmocka_unit_test(test_roll__who_is_away_is_left_alone),
        cmocka_unit_test(test_roll__who_does_not_come_up_is_told_and_tried_again),
        cmocka_unit_test(test_roll__who_runs_without_serving_yet_was_restarted),
    };
    return cmocka_run_group_tests_name("runner/roll", tests, NULL, NULL);
}
