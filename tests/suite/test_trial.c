/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_trial.c - what a run's end means for its trial, and what a suite file may say. */
#include "../../harness/suite/trial.h"

#include "../lib/check.h"
#include "../../harness/suite/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char found[] =
    "{\"reason\":\"Not linearizable: x\",\"decisive\":\"linearizable\",\"shown_ns\":2500000000,"
    "\"checkers\":{\"linearizable\":{\"anomalies\":[{\"type\":\"nonlinearizable\"}]}},"
    "\"stats\":{\"load_ns\":10000000000}}";
static const char unable[] = "{\"outcome\":\"unable\",\"reason\":\"no /dev/fuse\"}";
static const char passed[] = "{\"reason\":\"Passed: x\",\"stats\":{\"load_ns\":10000000000}}";

/* A trial, and one run of it that ended so. */
static struct trial take(bool expects_violation, int code, const char *results)
{
    struct trial trial = {.expects_violation = expects_violation, .seed = 7, .running = true};
    json_t *json = results ? json_loads(results, 0, NULL) : NULL;

    trial_take(&trial, code, json, "ordeal run: no such thing\nmore");
    json_decref(json);
    return trial;
}

static void test_trial__ends_as_its_expectation_says(void **state)
{
    (void)state;
    assert_int_equal(take(true, 1, found).state, TRIAL_MET);
    assert_int_equal(take(true, 0, passed).state, TRIAL_OPEN);
    assert_int_equal(take(true, 2, passed).state, TRIAL_OPEN);
    assert_int_equal(take(false, 0, passed).state, TRIAL_MET);
    assert_int_equal(take(false, 1, found).state, TRIAL_BLAMED);
    assert_int_equal(take(false, 2, passed).state, TRIAL_UNDECIDED);
    assert_int_equal(take(true, 254, NULL).state, TRIAL_FAILED);
    assert_int_equal(take(false, 254, NULL).state, TRIAL_FAILED);
    assert_int_equal(take(true, 255, unable).state, TRIAL_SKIPPED);
    assert_int_equal(take(false, 255, NULL).state, TRIAL_OPEN);
}

static void test_trial__a_harness_that_keeps_failing_is_said_to(void **state)
{
    (void)state;
    struct trial trial = {.seed = 1};

    for (int i = 0; i < 2; i++) {
        trial_take(&trial, 255, NULL, "ordeal: no memory\n");
        assert_int_equal(trial.state, TRIAL_OPEN);
    }
    trial_take(&trial, 255, NULL, "ordeal: no memory\n");
    assert_int_equal(trial.state, TRIAL_FAILED);
    assert_string_equal(trial.reason, "no memory");
}

static void test_trial__load_ends_with_the_witness(void **state)
{
    (void)state;
    struct trial trial = take(true, 0, passed);
    json_t *json = json_loads(found, 0, NULL);

    trial_take(&trial, 1, json, "");
    json_decref(json);
    assert_true(trial.load_s > 12.49 && trial.load_s < 12.51);
    assert_int_equal(trial.last_seed, 8);
    assert_string_equal(trial.anomaly, "nonlinearizable");
    assert_string_equal(take(true, 254, NULL).reason, "no such thing");
}

/* -- suite files ---------------------------------------------------------------------------------
 */

static int read_text(const char *text, struct trials *trials, struct err *err)
{
    char path[] = "/tmp/ordeal-suite-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    int result = trials_read(trials, path, err);
    (void)unlink(path);
    return result;
}

static void test_suite__is_read_as_documented(void **state)
{
    (void)state;
    struct trials trials = {0};
    struct err err;

    assert_int_equal(read_text("{\"tests\":[{\"name\":\"a\",\"run\":\"naive -t 5\",\"expect\":"
                               "\"violation\"},{\"run\":\" raft\"}]}",
                               &trials, &err),
                     0);
    assert_int_equal(trials.count, 2);
    assert_string_equal(trials.all[0].target, "naive");
    assert_string_equal(trials.all[0].options, " -t 5");
    assert_string_equal(trials.all[1].target, "raft");
    assert_true(trials.all[0].expects_violation && !trials.all[1].expects_violation);
    trials_release(&trials);
}

static void test_suite__wrong_ones_are_told_what_is_wrong(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "line 1"},
        {"{}", "no list \"tests\""},
        {"{\"tests\":7}", "no list \"tests\""},
        {"{\"tests\":[{}]}", "test 1"},
        {"{\"tests\":[{\"run\":\"raft\"},{\"run\":\"\"}]}", "test 2"},
        {"{\"tests\":[{\"run\":\"--seed 1\"}]}", "target's name"},
        {"{\"tests\":[{\"run\":\"  \"}]}", "target's name"},
        {"{\"tests\":[{\"run\":\"raft\",\"expect\":\"win\"}]}", "\"expect\" must be"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct trials trials = {0};
        struct err err = {0};
        assert_int_equal(read_text(wrong[i][0], &trials, &err), -1);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("%s\n  says: %s\n  not: %s", wrong[i][0], err.msg, wrong[i][1]);
        trials_release(&trials);
    }
}

/* -- choices -------------------------------------------------------------------------------------
 */

static void describe(struct trials *trials)
{
    static const char *const all[][2] = {
        {"smr", "skew"}, {"smr", "honest 1"}, {"smr", "honest 2"}, {"smr-ids", "skew"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_non_null(trials_add(trials, all[i][0], all[i][1], ""));
    trials->all[0].expects_violation = true;
}

static void test_choose__takes_targets_and_single_trials(void **state)
{
    (void)state;
    static const struct {
        char choices[2][12];
        size_t count;
    } cases[] = {{{"smr"}, 3},
                 {{"smr/skew"}, 1},
                 {{"smr/honest"}, 2},
                 {{"smr/honest 2"}, 1},
                 {{"smr/skew", "smr-ids"}, 2},
                 {{""}, 4}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trials from = {0}, chosen = {0};
        char texts[2][12], *choices[3] = {NULL};
        struct err err;
        memcpy(texts, cases[i].choices, sizeof texts);
        for (int k = 0; k < 2; k++)
            choices[k] = texts[k][0] ? texts[k] : NULL;
        describe(&from);
        assert_int_equal(trials_choose(&chosen, &from, choices, 1, &err), 0);
        assert_int_equal(chosen.count, cases[i].count);
        trials_release(&from);
        trials_release(&chosen);
    }
}

static void test_choose__each_seed_is_a_trial(void **state)
{
    (void)state;
    struct trials from = {0}, chosen = {0};
    char choice[] = "smr/skew", *choices[] = {choice, NULL};
    struct err err;

    describe(&from);
    assert_int_equal(trials_choose(&chosen, &from, choices, 3, &err), 0);
    assert_int_equal(chosen.count, 3);
    assert_string_equal(chosen.all[2].name, "skew #3");
    assert_true(chosen.all[2].expects_violation);
    assert_int_equal(chosen.all[2].seed, 3000);
    trials_release(&from);
    trials_release(&chosen);
}

static void test_choose__what_chooses_nothing_is_refused_with_the_nearest(void **state)
{
    (void)state;
    static char wrong[][2][64] = {{"smt", "no reference target 'smt'; did you mean 'smr'?"},
                                  {"smr/scew", "smr has no trial 'scew'; did you mean 'skew'?"},
                                  {"smr/", "smr has no trial ''"},
                                  {"smr/hone", "smr has no trial 'hone'"},
                                  {"/skew", "no reference target ''"}};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct trials from = {0}, chosen = {0};
        char *choices[] = {wrong[i][0], NULL};
        struct err err = {0};
        describe(&from);
        assert_int_equal(trials_choose(&chosen, &from, choices, 1, &err), -1);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("'%s' says: %s", wrong[i][0], err.msg);
        assert_int_equal(chosen.count, 0);
        trials_release(&from);
    }
}

/* -- tables --------------------------------------------------------------------------------------
 */

static void fill(struct trials *trials)
{
    struct trial *bug = trials_add(trials, "raft", "no-dedup", "");
    bug->expects_violation = true;
    bug->state = TRIAL_MET;
    bug->load_s = 3;
    bug->runs = 1;
    struct trial *missed = trials_add(trials, "raft", "a<b&\"c\"", "");
    missed->expects_violation = true;
    missed->state = TRIAL_MISSED;
    struct trial *honest = trials_add(trials, "raft", "honest 1", "");
    honest->state = TRIAL_BLAMED;
}

static void test_table__says_what_came_of_it(void **state)
{
    (void)state;
    struct trials trials = {0};
    struct buf out;

    fill(&trials);
    buf_init(&out, 0);
    table_print(&trials, &out);
    assert_non_null(strstr(out.ptr, "1 of 2 expected violations found, after 3.0 s"));
    assert_non_null(strstr(out.ptr, "1 blamed"));
    for (const char *line = out.ptr; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    buf_clear(&out);
    table_print_junit(&trials, &out);
    assert_non_null(strstr(out.ptr, "tests=\"3\" failures=\"2\" errors=\"0\""));
    assert_non_null(strstr(out.ptr, "name=\"a&lt;b&amp;&quot;c&quot;\""));
    buf_clear(&out);
    table_print_json(&trials, &out);
    json_t *json = json_loads(out.ptr, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "trials")), 3);
    json_decref(json);
    buf_release(&out);
    trials_release(&trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trial__ends_as_its_expectation_says),
        cmocka_unit_test(test_trial__a_harness_that_keeps_failing_is_said_to),
        cmocka_unit_test(test_trial__load_ends_with_the_witness),
        cmocka_unit_test(test_suite__is_read_as_documented),
        cmocka_unit_test(test_suite__wrong_ones_are_told_what_is_wrong),
        cmocka_unit_test(test_choose__takes_targets_and_single_trials),
        cmocka_unit_test(test_choose__each_seed_is_a_trial),
        cmocka_unit_test(test_choose__what_chooses_nothing_is_refused_with_the_nearest),
        cmocka_unit_test(test_table__says_what_came_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
