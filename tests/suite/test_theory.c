/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_theory.c - what a run must show beside its verdict, and what a suite file may say of it. */
#include "../../harness/suite/table.h"
#include "../../harness/suite/theory.h"
#include "../../harness/suite/trial.h"
#include "../lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char causal[] =
    "{\"reason\":\"Passed\",\"checkers\":{\"causal\":{\"valid\":true}},\"aside\":{"
    "\"cap\":{\"choice\":\"reads: every side; updates: every side\"},"
    "\"ladder\":{\"reason\":\"holds: causal; fails: ccv\",\"levels\":{\"linearizable\":false,"
    "\"causal\":true,\"ccv\":false,\"pram\":true,\"cc\":\"unknown\",\"eventual\":true}}},"
    "\"stats\":{\"load_ns\":10000000000}}";
static const char top[] = "{\"reason\":\"Passed\",\"checkers\":{\"linearizable\":{\"valid\":true}},"
                          "\"aside\":{\"cap\":{}},\"stats\":{\"load_ns\":10000000000}}";

static enum agreement compare(const char *theory_text, const char *results_text, const char *why)
{
    json_t *theory = json_loads(theory_text, 0, NULL), *results = json_loads(results_text, 0, NULL);
    char reason[320] = "";
    struct err err;

    assert_non_null(theory);
    assert_non_null(results);
    assert_int_equal(theory_check(theory, &err), 0);
    enum agreement agreement = theory_compare(theory, results, reason, sizeof reason);
    if (!strstr(reason, why))
        fail_msg("%s: says '%s'", theory_text, reason);
    json_decref(theory);
    json_decref(results);
    return agreement;
}

static void test_theory__agrees_with_what_was_seen(void **state)
{
    (void)state;
    assert_int_equal(compare("{}", causal, ""), AGREES);
    assert_int_equal(compare("{\"holds\":[\"causal\",\"pram\",\"eventual\"],\"fails\":[\"ccv\"],"
                             "\"choice\":\"reads: every side; updates: every side\"}",
                             causal, ""),
                     AGREES);
    assert_int_equal(compare("{\"holds\":[\"linearizable\",\"causal\"]}", top, ""), AGREES);
}

static void test_theory__a_gentle_history_is_no_disagreement(void **state)
{
    (void)state;
    assert_int_equal(compare("{\"fails\":[\"pram\"]}", causal, "too gentle"), TOO_GENTLE);
    assert_int_equal(compare("{\"fails\":[\"cc\"]}", causal, "cc"), TOO_GENTLE);
    assert_int_equal(compare("{\"holds\":[\"cc\"]}", causal, "could not be decided"), TOO_GENTLE);
    assert_int_equal(compare("{\"holds\":[\"eventual\"]}", top, "eventual"), TOO_GENTLE);
    assert_int_equal(compare("{\"fails\":[\"sequential\"]}", top, "sequential"), TOO_GENTLE);
    assert_int_equal(compare("{\"choice\":\"reads: no side; updates: no side\"}", causal,
                             "but 'reads: every side"),
                     TOO_GENTLE);
    assert_int_equal(compare("{\"choice\":\"updates: every side\"}", causal, ""), AGREES);
    assert_int_equal(compare("{\"choice\":\"x\"}", top, "no cut was seen"), TOO_GENTLE);
}

static void test_theory__a_level_that_was_to_hold_and_fails_is_one(void **state)
{
    (void)state;
    assert_int_equal(compare("{\"holds\":[\"pram\",\"ccv\"]}", causal, "ccv does not hold"),
                     DISAGREES);
    assert_int_equal(compare("{\"holds\":[\"linearizable\"],\"fails\":[\"pram\"],\"choice\":\"x\"}",
                             causal, "linearizable does not hold"),
                     DISAGREES);
}

static void test_theory__malformed_ones_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"[]", "must be an object"},
        {"{\"hold\":[]}", "not \"hold\""},
        {"{\"choice\":7}", "not \"choice\""},
        {"{\"holds\":\"causal\"}", "a list of levels"},
        {"{\"holds\":[7]}", "no level"},
        {"{\"fails\":[\"casual\"]}", "'casual', which is no level"},
        {"{\"fails\":[\"bite\"]}", "'bite', which is no level"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *theory = json_loads(wrong[i][0], 0, NULL);
        struct err err = {0};
        assert_int_equal(theory_check(theory, &err), -1);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("%s says: %s", wrong[i][0], err.msg);
        json_decref(theory);
    }
}

static struct trial take(const char *theory, bool expects_violation, int code, const char *results)
{
    struct trial trial = {.expects_violation = expects_violation,
                          .theory = json_loads(theory, 0, NULL),
                          .seed = 1,
                          .running = true};
    json_t *json = json_loads(results, 0, NULL);

    trial_take(&trial, code, json, "");
    json_decref(json);
    json_decref(trial.theory);
    return trial;
}

static void test_theory__what_was_not_seen_is_sought_again(void **state)
{
    (void)state;
    assert_int_equal(take("{\"fails\":[\"ccv\"]}", false, 0, causal).state, TRIAL_MET);
    assert_int_equal(take("{\"fails\":[\"pram\"]}", false, 0, causal).state, TRIAL_OPEN);
    assert_int_equal(take("{\"fails\":[\"ccv\"]}", false, 2, causal).state, TRIAL_OPEN);
    assert_int_equal(take("{\"holds\":[\"ccv\"]}", false, 0, causal).state, TRIAL_BLAMED);
    assert_int_equal(take("{\"fails\":[\"ccv\"]}", false, 1, causal).state, TRIAL_BLAMED);
    assert_int_equal(take("{\"fails\":[\"ccv\"]}", true, 1, causal).state, TRIAL_MET);
    assert_int_equal(take("{\"fails\":[\"pram\"]}", true, 1, causal).state, TRIAL_OPEN);
    assert_int_equal(take("{\"fails\":[\"ccv\"]}", true, 0, causal).state, TRIAL_OPEN);
    assert_string_equal(take("{}", false, 0, causal).seen,
                        "holds: causal; fails: ccv; converged; "
                        "reads: every side; updates: every side");
    assert_string_equal(take("{}", false, 0, top).seen, "holds: linearizable; no cut was seen");
}

static void test_theory__is_counted_apart_in_the_table(void **state)
{
    (void)state;
    struct trials trials = {0};
    struct buf out;

    for (int i = 0; i < 3; i++) {
        struct trial *trial = trials_add(&trials, "lww", "choice", "");
        trial->theory = json_object();
        trial->state = i == 0 ? TRIAL_MISSED : i == 1 ? TRIAL_BLAMED : TRIAL_MET;
        (void)snprintf(trial->seen, sizeof trial->seen,
                       "holds: causal, ccv; fails: read-your-writes, monotonic-writes, "
                       "writes-follow-reads; delta = 1.5 s; reads: every side");
    }
    buf_init(&out, 0);
    table_print(&trials, &out);
    assert_non_null(strstr(out.ptr, "0 of 0 expected violations found;\n"
                                    "1 of 2 agree with theory, 0 held, 1 blamed\n"));
    for (const char *line = out.ptr; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    buf_clear(&out);
    table_print_junit(&trials, &out);
    assert_non_null(strstr(out.ptr, "tests=\"3\" failures=\"2\" errors=\"0\""));
    buf_release(&out);
    trials_release(&trials);
}

static void test_theory__the_suite_of_the_reference_stores_is_one(void **state)
{
    (void)state;
    struct trials trials = {0};
    struct err err = {0};

    if (trials_read(&trials, "targets/reference/theory.json", &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(trials.count > 10);
    for (size_t i = 0; i < trials.count; i++)
        assert_non_null(trials.all[i].theory);
    trials_release(&trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theory__agrees_with_what_was_seen),
        cmocka_unit_test(test_theory__a_gentle_history_is_no_disagreement),
        cmocka_unit_test(test_theory__a_level_that_was_to_hold_and_fails_is_one),
        cmocka_unit_test(test_theory__malformed_ones_are_refused),
        cmocka_unit_test(test_theory__what_was_not_seen_is_sought_again),
        cmocka_unit_test(test_theory__is_counted_apart_in_the_table),
        cmocka_unit_test(test_theory__the_suite_of_the_reference_stores_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
