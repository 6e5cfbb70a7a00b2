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

extern const struct nemesis nemesis_partition, nemesis_kill, nemesis_pause, nemesis_restart,
    nemesis_disk_error;

static const struct target leaderless = {.name = "leaderless"};

static node_set nobody(struct cluster *cluster)
{
    (void)cluster;
    return 0;
}

static const struct setting_spec election[] = {{"election-ms", "a number", "200", ""}, {0}};
static const char *const timeouts[] = {"election-ms", NULL};
static const struct target led = {
    .name = "led", .leaders = nobody, .settings = election, .timeouts = timeouts};

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

static void test_plan__mixed_waves_end_quietly(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        test.schedule = SCHEDULE_MIXED;
        test.time_limit_ns = 60 * NS_PER_SEC;
        assert_int_equal(plan_draw(&test, &err), 0);
        assert_true(test.plan.fault_count > 3);
        for (int i = 0; i < test.plan.fault_count; i++) {
            const struct fault *fault = &test.plan.faults[i];
            int64_t wave_ns = 15 * NS_PER_SEC, quiet_ns = wave_ns - 5 * NS_PER_SEC / 2;
            assert_int_equal(fault->begin_ns / wave_ns, fault->end_ns / wave_ns);
            assert_true(fault->end_ns % wave_ns <= quiet_ns);
            assert_true(fault->end_ns > fault->begin_ns);
        }
        plan_release(&test.plan);
    }
}

static void test_plan__one_family_never_meets_itself(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        test.schedule = SCHEDULE_MIXED;
        assert_int_equal(plan_draw(&test, &err), 0);
        for (int i = 0; i < test.plan.fault_count; i++) {
            for (int k = i + 1; k < test.plan.fault_count; k++) {
                const struct fault *a = &test.plan.faults[i], *b = &test.plan.faults[k];
                assert_true(a->nemesis != b->nemesis || a->end_ns <= b->begin_ns);
            }
        }
        plan_release(&test.plan);
    }
}

static void test_plan__swarm_leaves_families_out_altogether(void **state)
{
    (void)state;
    struct err err;
    int runs_with[3] = {0};
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct test test = make_test(seed);
        bool seen[3] = {false};
        test.schedule = SCHEDULE_SWARM;
        assert_int_equal(plan_draw(&test, &err), 0);
        assert_true(test.plan.fault_count > 0);
        for (int i = 0; i < test.plan.fault_count; i++) {
            for (int k = 0; k < 3; k++)
                seen[k] |= test.plan.faults[i].nemesis == test.nemeses[k];
        }
        for (int k = 0; k < 3; k++)
            runs_with[k] += seen[k];
        plan_release(&test.plan);
    }
    for (int k = 0; k < 3; k++)
        assert_true(runs_with[k] > 90 && runs_with[k] < 270);
}

static void test_plan__fixed_times_are_the_same_for_every_seed(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct test test = make_test(seed);
        test.schedule = SCHEDULE_FIXED;
        assert_int_equal(plan_draw(&test, &err), 0);
        assert_int_equal(test.plan.fault_count, 4);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(test.plan.faults[i].begin_ns, i * 5 * NS_PER_SEC + 5 * NS_PER_SEC / 4);
            assert_int_equal(test.plan.faults[i].end_ns, i * 5 * NS_PER_SEC + 15 * NS_PER_SEC / 4);
        }
        plan_release(&test.plan);
    }
}

static void test_plan__a_chase_is_after_leaders_only_and_quick(void **state)
{
    (void)state;
    struct err err;
    struct test test = make_test(3);
    test.target = &led;
    test.schedule = SCHEDULE_CHASE;
    assert_int_equal(plan_draw(&test, &err), 0);
    assert_int_equal(test.plan.fault_count, 25); /* every four election time-outs */
    for (int i = 0; i < test.plan.fault_count; i++)
        assert_int_equal(test.plan.faults[i].selector, SELECT_LEADER);
    plan_release(&test.plan);
    test.target = &leaderless;
    assert_int_equal(plan_draw(&test, &err), -1);
    assert_non_null(strstr(err.msg, "nobody to chase"));
}

static void test_plan__some_faults_last_about_the_targets_time_outs(void **state)
{
    (void)state;
    struct err err;
    int near = 0, all = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct test test = make_test(seed);
        test.target = &led;
        test.schedule = SCHEDULE_MIXED;
        assert_int_equal(plan_draw(&test, &err), 0);
        for (int i = 0; i < test.plan.fault_count; i++, all++) {
            const struct fault *fault = &test.plan.faults[i];
            near += fault->end_ns - fault->begin_ns <= 800 * NS_PER_MS;
        }
        plan_release(&test.plan);
    }
    assert_true(near * 3 > all && near * 3 < all * 2);
}

static void test_plan__a_wish_is_met_by_every_fault(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct test test = make_test(seed);
        test.wishes[0].kind = "bridge";
        test.wishes[1].kind = "minority";
        assert_int_equal(plan_draw(&test, &err), 0);
        for (int i = 0; i < test.plan.fault_count; i++) {
            const struct fault *fault = &test.plan.faults[i];
            if (fault->nemesis == test.nemeses[0])
                assert_string_equal(fault->kind, "bridge");
            if (fault->nemesis == test.nemeses[1])
                assert_int_equal(fault->selector, SELECT_MINORITY);
        }
        plan_release(&test.plan);
    }
    struct test test = make_test(1);
    test.wishes[1].kind = "leader";
    assert_int_equal(plan_draw(&test, &err), -1);
    assert_non_null(strstr(err.msg, "cannot tell who leads"));
    plan_release(&test.plan);
}

static void test_plan__a_roll_visits_every_node_once(void **state)
{
    (void)state;
    struct err err;
    struct test test = make_test(5);
    test.nemeses[0] = &nemesis_restart;
    test.nemeses[1] = NULL;
    test.wishes[0].kind = "rolling";
    assert_int_equal(plan_draw(&test, &err), 0);
    assert_int_equal(test.plan.fault_count, 12);
    for (int i = 0; i < 12; i += 3) {
        const struct fault *faults = &test.plan.faults[i];
        assert_int_equal(faults[0].nodes | faults[1].nodes | faults[2].nodes, 7);
        assert_true(faults[0].end_ns < faults[1].begin_ns && faults[1].end_ns < faults[2].begin_ns);
    }
    char path[32], *printed = plan_text(&test);
    struct test again = make_test(6);
    write_file(path, printed);
    assert_int_equal(plan_read(&again, path, &err), 0);
    char *reprinted = plan_text(&again);
    assert_string_equal(printed, reprinted);
    (void)unlink(path);
    free(printed);
    free(reprinted);
    plan_release(&test.plan);
    plan_release(&again.plan);
}

static void test_plan__what_is_never_drawn_can_be_wished_for(void **state)
{
    (void)state;
    struct err err;
    struct test test = make_test(1);

    test.nemeses[1] = NULL;
    test.wishes[0].kind = "isolated";
    assert_int_equal(plan_draw(&test, &err), 0);
    for (int i = 0; i < test.plan.fault_count; i++)
        assert_string_equal(test.plan.faults[i].kind, "isolated");
    plan_release(&test.plan);
    test.wishes[0].kind = "grudge"; /* which has to say whose */
    assert_int_equal(plan_draw(&test, &err), -1);
    assert_non_null(strstr(err.msg, "who no longer hears whom"));
    plan_release(&test.plan);
}

static void read_text(const char *text, struct test *test)
{
    struct err err = {0};
    char path[32];

    write_file(path, text);
    if (plan_read(test, path, &err) < 0)
        fail_msg("%s", err.msg);
    (void)unlink(path);
}

static void test_plan__a_grudge_cuts_exactly_what_it_says(void **state)
{
    (void)state;
    struct test test = make_test(1);
    struct situation situation = {.node_count = 3};
    struct world mine;
    struct buf value;
    struct err err;

    read_text("{\"faults\":[{\"nemesis\":\"partition\",\"begin_ns\":0,\"end_ns\":5,"
              "\"grudge\":{\"n1\":[\"n2\",\"clients\"]}}]}",
              &test);
    const struct fault *fault = &test.plan.faults[0];
    buf_init(&value, 0);
    world_clear(&mine, 3);
    assert_int_equal(
        fault->nemesis->declare(fault, &situation, test.node_names, &mine, &value, &err), 0);
    assert_int_equal(mine.cut[1], NODE(0));
    assert_int_equal(mine.cut[CLIENTS], NODE(0));
    assert_int_equal(mine.cut[0] | mine.cut[2], 0);
    assert_string_equal(value.ptr, "{\"n1\":[\"n2\",\"clients\"]}");
    char *text = plan_text(&test);
    assert_non_null(strstr(text, "\"grudge\":{\"n1\":[\"n2\",\"clients\"]}"));
    free(text);
    buf_release(&value);
    plan_release(&test.plan);
}

static void test_plan__protection_is_part_of_the_plan(void **state)
{
    (void)state;
    struct test test = make_test(1);

    read_text("{\"protect\":\"quorum\",\"faults\":[]}", &test);
    assert_true(test.plan.protect_quorum && !test.plan.damage_any);
    plan_release(&test.plan);
    read_text("{\"protect\":\"none\",\"faults\":[]}", &test);
    assert_true(!test.plan.protect_quorum && test.plan.damage_any);
    plan_release(&test.plan);
    for (int named = 0; named < 2; named++) {
        read_text(named ? "{\"protect\":\"files\",\"faults\":[]}" : "{\"faults\":[]}", &test);
        assert_true(!test.plan.protect_quorum && !test.plan.damage_any);
        char *text = plan_text(&test);
        assert_string_equal(text, "{\"protect\":\"files\",\"faults\":[]}");
        free(text);
        plan_release(&test.plan);
    }
}

/* What plan_check_damage says of a plan of these faults, "" if nothing. */
static const char *damage(const char *protect, const char *faults)
{
    static struct err err;
    struct test test = make_test(1);
    char text[600];

    (void)snprintf(text, sizeof text, "{%s\"faults\":[%s]}", protect, faults);
    read_text(text, &test);
    const char *said = plan_check_damage(&test, &err) ? err.msg : "";
    plan_release(&test.plan);
    return said;
}

#define DAMAGE(nemesis, who) "{\"nemesis\":\"" nemesis "\",\"begin_ns\":0,\"end_ns\":5," who "}"

static void test_plan__damage_to_the_files_of_a_majority_is_refused(void **state)
{
    static const char *const majorities[] = {
        DAMAGE("truncate", "\"select\":\"majority\""), DAMAGE("bit-flip", "\"select\":\"all\""),
        DAMAGE("stale-snapshot", "\"nodes\":[\"n1\",\"n3\"]"),
        DAMAGE("truncate", "\"nodes\":[\"n1\"]") "," DAMAGE(
            "kill", "\"nodes\":[\"n3\"]") ","
                                          "{\"nemesis\":\"bit-flip\",\"begin_ns\":6,\"end_ns\":9,"
                                          "\"nodes\":[\"n2\"]}"};

    (void)state;
    for (size_t i = 0; i < sizeof majorities / sizeof *majorities; i++) {
        if (!strstr(damage("", majorities[i]), "where a majority must survive"))
            fail_msg("%s", majorities[i]);
        assert_non_null(strstr(damage("\"protect\":\"quorum\",", majorities[i]), "of 3"));
        assert_string_equal(damage("\"protect\":\"none\",", majorities[i]), "");
    }
    /* Never drawn, but asked for by its kind. */
    assert_non_null(strstr(damage("", DAMAGE("truncate", "\"kind\":\"majority\"")), "2 of 3"));
    assert_non_null(strstr(damage("", DAMAGE("bit-flip", "\"kind\":\"all\"")), "3 of 3"));
    assert_string_equal(damage("", DAMAGE("truncate", "\"select\":\"minority\"")), "");
    assert_string_equal(damage("", DAMAGE("truncate", "\"select\":\"leader\"")), "");
    assert_string_equal(damage("", DAMAGE("kill", "\"select\":\"all\"")), "");
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

static void test_plan__who_is_skipped_leaves_a_majority(void **state)
{
    (void)state;
    struct test test = make_test(1);
    struct err err;

    assert_int_equal(plan_skip(&test, STR("n2"), &test.plan, &err), 0);
    assert_true(test.plan.skipped == NODE(1));
    assert_int_equal(plan_check_skipped(&test, false, &err), 0);
    char *text = plan_text(&test);
    assert_non_null(strstr(text, "\"skip\":[\"n2\"]"));
    free(text);
    assert_int_equal(plan_skip(&test, STR("n22"), &test.plan, &err), -1);
    assert_int_equal(plan_skip(&test, STR(""), &test.plan, &err), -1);
    assert_int_equal(plan_skip(&test, STR("n3"), &test.plan, &err), 0);
    assert_int_equal(plan_check_skipped(&test, false, &err), -1);
    assert_non_null(strstr(err.msg, "--protect none"));
    assert_int_equal(plan_check_skipped(&test, true, &err), 0);
    assert_int_equal(plan_skip(&test, STR("n1"), &test.plan, &err), 0);
    assert_int_equal(plan_check_skipped(&test, true, &err), -1);
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
    check_refused("{\"faults\":[],\"protect\":\"me\"}", "\"quorum\", \"files\" or \"none\"");
    check_refused("{\"faults\":[],\"protect\":7}", "\"quorum\", \"files\" or \"none\"");
    check_refused("{\"faults\":[],\"skip\":\"n1\"}", "\"skip\" must be a list");
    check_refused("{\"faults\":[],\"skip\":[\"n9\"]}", "no node 'n9' to skip");
    check_refused("{\"faults\":[],\"skip\":[7]}", "no node '?' to skip");
    check_refused("{\"faults\":[{\"nemesis\":\"members\",\"begin_ns\":0,\"end_ns\":5}]}",
                  "cannot change its members");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":5,"
                  "\"params\":7}]}",
                  "must be an object");
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":5,"
                  "\"params\":{\"percent\":101}}]}",
                  "no parameter 'percent'");
}

static void check_files_refused(const char *nemesis, const char *files, const char *why)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "{\"faults\":[{\"nemesis\":\"%s\",\"begin_ns\":0,\"end_ns\":5,\"files\":%s}]}",
                   nemesis, files);
    check_refused(text, why);
}

static void test_plan__files_that_no_fault_could_be_about_are_refused(void **state)
{
    (void)state;
    check_files_refused("disk-error", "7", "must be a pattern");
    check_files_refused("disk-error", "[\"*.wal\"]", "must be a pattern");
    check_files_refused("disk-error", "\"\"", "empty");
    check_files_refused("disk-error", "\"/etc/*\"", "below /node/data");
    check_files_refused("disk-full", "\"../*\"", "no '..'");
    check_files_refused("slow-disk", "\"[a\"", "never finished");
    check_files_refused("kill", "\"*.wal\"", "is not about files");
    check_files_refused("power-cut", "\"*.wal\"", "is not about files");
}

static void test_plan__files_are_part_of_the_plan(void **state)
{
    static const char *const kept[] = {"appendonlydir/*", "dump.rdb", NULL};
    static const struct target keeper = {.name = "keeper", .files = kept};
    struct test test = make_test(1), again = make_test(2);
    char path[32];
    struct err err;

    (void)state;
    test.target = again.target = &keeper;
    test.nemeses[0] = &nemesis_disk_error;
    test.nemeses[1] = NULL;
    assert_int_equal(
        plan_set_files(&keeper, &nemesis_disk_error, "*.aof", test.wishes[0].files, &err), 0);
    assert_int_equal(plan_draw(&test, &err), 0);
    for (int i = 0; i < test.plan.fault_count; i++)
        assert_string_equal(test.plan.faults[i].files, "*.aof");
    char *printed = plan_text(&test);
    write_file(path, printed);
    assert_int_equal(plan_read(&again, path, &err), 0);
    char *reprinted = plan_text(&again);
    assert_string_equal(printed, reprinted);
    (void)unlink(path);
    free(printed);
    free(reprinted);
    plan_release(&test.plan);
    plan_release(&again.plan);
    assert_int_equal(
        plan_set_files(&keeper, &nemesis_disk_error, "wal/*", test.wishes[0].files, &err), -1);
    assert_string_equal(err.msg, "target 'keeper' keeps no file that matches 'wal/*'; it keeps "
                                 "'appendonlydir/*', 'dump.rdb'");
}

static void check_grudge_refused(const char *nemesis, const char *grudge, const char *why)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "{\"faults\":[{\"nemesis\":\"%s\",\"begin_ns\":0,\"end_ns\":5,"
                   "\"grudge\":%s}]}",
                   nemesis, grudge);
    check_refused(text, why);
}

static void test_plan__impossible_grudges_are_refused(void **state)
{
    (void)state;
    check_grudge_refused("partition", "{\"n9\":[\"n1\"]}", "no node 'n9'");
    check_grudge_refused("partition", "{\"n1\":[\"n9\"]}", "no node 'n9'");
    check_grudge_refused("partition", "{\"n1\":[\"n1\"]}", "cut off from itself");
    check_grudge_refused("partition", "{\"n1\":[]}", "must be a list");
    check_grudge_refused("partition", "{\"n1\":\"n2\"}", "must be a list");
    check_grudge_refused("partition", "{\"n1\":[7]}", "no node '?'");
    check_grudge_refused("partition", "{}", "is for a partition");
    check_grudge_refused("partition", "[]", "is for a partition");
    check_grudge_refused("kill", "{\"n1\":[\"n2\"]}", "is for a partition");
    check_refused("{\"faults\":[{\"nemesis\":\"partition\",\"kind\":\"grudge\",\"begin_ns\":0,"
                  "\"end_ns\":5}]}",
                  "who no longer hears whom");
}

static void test_plan__conflicts_on_named_nodes_are_refused(void **state)
{
    (void)state;
    check_refused("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":9,"
                  "\"nodes\":[\"n1\",\"n2\"]},{\"nemesis\":\"pause\",\"begin_ns\":8,"
                  "\"end_ns\":20,\"nodes\":[\"n2\",\"n3\"]}]}",
                  "in conflict on 'n2'");
    struct test test = make_test(1); /* one after another is no conflict */
    read_text("{\"faults\":[{\"nemesis\":\"kill\",\"begin_ns\":0,\"end_ns\":9,"
              "\"nodes\":[\"n1\"]},{\"nemesis\":\"pause\",\"begin_ns\":9,\"end_ns\":20,"
              "\"nodes\":[\"n1\"]}]}",
              &test);
    plan_release(&test.plan);
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
        cmocka_unit_test(test_plan__mixed_waves_end_quietly),
        cmocka_unit_test(test_plan__one_family_never_meets_itself),
        cmocka_unit_test(test_plan__swarm_leaves_families_out_altogether),
        cmocka_unit_test(test_plan__fixed_times_are_the_same_for_every_seed),
        cmocka_unit_test(test_plan__a_chase_is_after_leaders_only_and_quick),
        cmocka_unit_test(test_plan__some_faults_last_about_the_targets_time_outs),
        cmocka_unit_test(test_plan__a_wish_is_met_by_every_fault),
        cmocka_unit_test(test_plan__a_roll_visits_every_node_once),
        cmocka_unit_test(test_plan__what_is_never_drawn_can_be_wished_for),
        cmocka_unit_test(test_plan__a_grudge_cuts_exactly_what_it_says),
        cmocka_unit_test(test_plan__protection_is_part_of_the_plan),
        cmocka_unit_test(test_plan__damage_to_the_files_of_a_majority_is_refused),
        cmocka_unit_test(test_plan__bad_files_are_refused_in_words),
        cmocka_unit_test(test_plan__files_that_no_fault_could_be_about_are_refused),
        cmocka_unit_test(test_plan__files_are_part_of_the_plan),
        cmocka_unit_test(test_plan__impossible_grudges_are_refused),
        cmocka_unit_test(test_plan__who_is_skipped_leaves_a_majority),
        cmocka_unit_test(test_plan__conflicts_on_named_nodes_are_refused),
    };
    return cmocka_run_group_tests_name("runner/plan", tests, NULL, NULL);
}
