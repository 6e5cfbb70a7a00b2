/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/recovery.c. Everything is healed at 10 s; the bound is 5 s. */
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <string.h>

#define SEC INT64_C(1000000000)

extern const struct checker checker_recovery;

/* One operation of process `p` in a story, times in seconds; outcome "ok", "fail", "info", "?". */
static void tell(struct buf *story, int p, const char *what, double from, double to,
                 const char *outcome)
{
    buf_printf(story, "p%d %s @ %.0f ", p, what, from * 1e9);
    if (strcmp(outcome, "?") == 0)
        buf_puts(story, "?\n");
    else
        buf_printf(story, "%.0f %s\n", to * 1e9, outcome);
}

/* Judge with the heal event's value ("true", "false", NULL for none; "refused": false, since n3
 * does not run on damaged files); the run ended at end_s. */
static enum verdict judge(struct buf *story, const char *heal, double end_s,
                          struct finding *finding)
{
    struct hist *hist = hist_new(story->ptr);
    const struct check_options options = {.recovery_ns = 5 * SEC};
    struct err err;
    bool refused = heal && strcmp(heal, "refused") == 0;
    if (refused)
        events_note(&hist->history, 10 * SEC, "refused", "[\"n3\"]");
    if (heal)
        events_note(&hist->history, 10 * SEC, "heal", refused ? "false" : heal);
    events_note(&hist->history, (int64_t)(end_s * 1e9), "phase", "\"end\"");
    finding_init(finding);
    assert_int_equal(checker_recovery.check(&hist->history, &options, &hist->budget, finding, &err),
                     0);
    buf_release(story);
    hist_free(hist);
    return finding->valid;
}

static void expect(struct buf *story, const char *heal, double end_s, enum verdict verdict,
                   const char *reason)
{
    struct finding finding;
    enum verdict got = judge(story, heal, end_s, &finding);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(got, verdict);
    finding_release(&finding);
}

/* A write that worked before anything was broken, and one outcome for all later ones. */
static struct buf silent_story(const char *outcome, double until_s)
{
    struct buf story;
    buf_init(&story, 0);
    tell(&story, 0, "write x 1", 1, 1.1, "ok");
    for (int i = 0; 10 + i < until_s; i++)
        tell(&story, i + 1, "write x 2", 10.5 + i, 11 + i, outcome);
    return story;
}

static void test_recovery__silence_over_twice_the_bound_is_a_violation(void **state)
{
    (void)state;
    static const char *const outcomes[] = {"fail", "info"};
    for (int i = 0; i < 2; i++) {
        struct buf story = silent_story(outcomes[i], 20);
        struct finding finding;
        tell(&story, 500, "write x 2", 17, 0, "?"); /* still open: no witness */
        assert_int_equal(judge(&story, "true", 21, &finding), VERDICT_INVALID);
        assert_string_equal(finding.reason,
                            "not recovered: no 'write' succeeded within 10.0 s after everything "
                            "was healed, twice the bound");
        assert_int_equal(finding.anomaly_count, 1);
        assert_string_equal(finding.anomalies[0].type, "not-recovered");
        assert_true(finding.anomalies[0].verified);
        assert_int_equal(finding.anomalies[0].op_count, 5);
        finding_release(&finding);
    }
}

static void test_recovery__silence_is_no_violation_if_something_was_not_healed(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 20);
    expect(&story, "false", 21, VERDICT_UNKNOWN,
           "not everything was healed in the end, or a process did not run");
    story = silent_story("fail", 20);
    expect(&story, NULL, 21, VERDICT_UNKNOWN, "the run ended before everything was healed");
}

static void test_recovery__what_a_damaged_node_refuses_is_not_held_against_the_system(void **state)
{
    (void)state;
    struct buf story = silent_story("ok", 20);
    expect(
        &story, "refused", 21, VERDICT_VALID,
        "every kind of operation succeeded within 5.0 s after healing, while [\"n3\"] refused to "
        "run on damaged files");
    story = silent_story("fail", 20);
    expect(&story, "refused", 21, VERDICT_UNKNOWN,
           "no 'write' succeeded after healing, while [\"n3\"] refused to run on damaged files");
}

static void test_recovery__silence_for_less_than_twice_the_bound_is_unknown(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 19);
    expect(&story, "true", 19.9, VERDICT_UNKNOWN,
           "no 'write' succeeded after healing, but it was not tried for long enough: twice the "
           "bound is 10.0 s");
}

static void test_recovery__tries_only_right_after_healing_are_not_enough(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 14);
    expect(&story, "true", 30, VERDICT_UNKNOWN,
           "no 'write' succeeded after healing, but it was not tried for long enough: twice the "
           "bound is 10.0 s");
    story = silent_story("?", 20); /* nobody waited for the outcome */
    expect(&story, "true", 21, VERDICT_UNKNOWN, "no 'write' was tried after healing");
}

static void test_recovery__what_never_worked_did_not_break(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 20);
    for (int i = 0; i < 10; i++)
        tell(&story, 100 + i, "read x", 10.5 + i, 11 + i, "fail");
    tell(&story, 200, "write x 3", 11, 12, "ok");
    expect(&story, "true", 21, VERDICT_VALID,
           "every kind of operation succeeded within 5.0 s after healing");
}

static void test_recovery__failing_cas_may_be_right(void **state)
{
    (void)state;
    struct buf story;
    buf_init(&story, 0);
    tell(&story, 0, "cas x 1 2", 1, 1.1, "ok");
    for (int i = 0; i < 10; i++)
        tell(&story, i + 1, "cas x 1 2", 10.5 + i, 11 + i, "fail");
    expect(&story, "true", 21, VERDICT_UNKNOWN,
           "every 'cas' failed after healing, which may be the right answer");
    buf_init(&story, 0);
    tell(&story, 0, "cas x 1 2", 1, 1.1, "ok");
    tell(&story, 1, "cas x 1 2", 11, 12, "fail"); /* it answers: the lost one proves nothing */
    tell(&story, 2, "cas x 1 2", 16, 17, "info");
    expect(&story, "true", 21, VERDICT_UNKNOWN,
           "every 'cas' failed after healing, which may be the right answer");
    buf_init(&story, 0);
    tell(&story, 0, "cas x 1 2", 1, 1.1, "ok");
    for (int i = 0; i < 10; i++)
        tell(&story, i + 1, "cas x 1 2", 10.5 + i, 11 + i, "info");
    struct finding finding;
    assert_int_equal(judge(&story, "true", 21, &finding), VERDICT_INVALID);
    finding_release(&finding);
}

static void test_recovery__success_within_the_bound_is_valid(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 14);
    tell(&story, 100, "write x 3", 9, 15, "ok"); /* invoked before, answered after */
    struct finding finding;
    assert_int_equal(judge(&story, "true", 16, &finding), VERDICT_VALID);
    assert_string_equal(finding.details.ptr,
                        "\"healed_at_ns\":10000000000,\"bound_ns\":5000000000,\"by_f\":{\"write\":"
                        "{\"tried\":4,\"recovered_ns\":5000000000}}");
    finding_release(&finding);
}

static void test_recovery__between_once_and_twice_nothing_is_said(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 19);
    tell(&story, 100, "write x 3", 19, 20, "ok");
    expect(&story, "true", 21, VERDICT_UNKNOWN,
           "the first 'write' succeeded 10.0 s after healing: over the bound of 5.0 s, but within "
           "twice");
}

static void test_recovery__success_after_twice_the_bound_is_too_late(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 20);
    tell(&story, 100, "write x 3", 21, 22, "ok");
    struct finding finding;
    assert_int_equal(judge(&story, "true", 30, &finding), VERDICT_INVALID);
    assert_true(finding.anomalies[0].verified);
    finding_release(&finding);
}

static void test_recovery__one_silent_kind_is_enough(void **state)
{
    (void)state;
    struct buf story = silent_story("fail", 20);
    tell(&story, 100, "read x", 1, 2, "ok");
    tell(&story, 100, "read x", 11, 12, "ok");
    struct finding finding;
    assert_int_equal(judge(&story, "true", 21, &finding), VERDICT_INVALID);
    assert_int_equal(finding.anomaly_count, 1);
    finding_release(&finding);
}

static void test_recovery__no_bound_no_judgement(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 1\n");
    const struct check_options options = {0};
    struct finding finding;
    struct err err;
    finding_init(&finding);
    assert_int_equal(
        checker_recovery.check(&hist->history, &options, &hist->budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_VALID);
    assert_string_equal(finding.reason, "the target declares no bound for recovery");
    finding_release(&finding);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recovery__silence_over_twice_the_bound_is_a_violation),
        cmocka_unit_test(test_recovery__silence_is_no_violation_if_something_was_not_healed),
        cmocka_unit_test(test_recovery__what_a_damaged_node_refuses_is_not_held_against_the_system),
        cmocka_unit_test(test_recovery__silence_for_less_than_twice_the_bound_is_unknown),
        cmocka_unit_test(test_recovery__tries_only_right_after_healing_are_not_enough),
        cmocka_unit_test(test_recovery__what_never_worked_did_not_break),
        cmocka_unit_test(test_recovery__failing_cas_may_be_right),
        cmocka_unit_test(test_recovery__success_within_the_bound_is_valid),
        cmocka_unit_test(test_recovery__between_once_and_twice_nothing_is_said),
        cmocka_unit_test(test_recovery__success_after_twice_the_bound_is_too_late),
        cmocka_unit_test(test_recovery__one_silent_kind_is_enough),
        cmocka_unit_test(test_recovery__no_bound_no_judgement),
    };
    return cmocka_run_group_tests_name("checkers/recovery", tests, NULL, NULL);
}
