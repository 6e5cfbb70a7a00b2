/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/report/results.c: which outcome wins, and what the one sentence says. */
#include "../../harness/report/results.h"
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static const struct checker level = {.name = "linearizable", .is_level = true};
static const struct checker logs = {.name = "log-pattern"};
static const struct checker bite = {.name = "bite"};

/* A write of 57 acknowledged, then a read that does not know of it. */
static const char stale[] = "p0 write 12 57 @ 1000000000 1001000000\n"
                            "p1 read 12 -> 41 @ 2201000000 2202000000\n"
                            "p2 read 12 @ 2300000000 2400000000 fail\n"
                            "p3 write 12 58 @ 2300000000 ?\n";

static void add_window(struct history *history, int64_t from_ms, int64_t to_ms)
{
    struct err err;
    const struct {
        enum event_edge edge;
        int64_t ms;
    } edges[] = {{EVENT_BEGIN, from_ms},
                 {EVENT_BEGUN, from_ms + 1},
                 {EVENT_END, to_ms - 1},
                 {EVENT_ENDED, to_ms}};
    for (size_t i = 0; i < 4; i++) {
        const struct event event = {.time_ns = edges[i].ms * MS,
                                    .fault = (int32_t)(from_ms & 0xffff),
                                    .edge = (uint8_t)edges[i].edge,
                                    .f = "partition",
                                    .value = "{\"n1\":[\"n2\"],\"n2\":[\"n1\"]}",
                                    .extra =
                                        edges[i].edge == EVENT_ENDED ? "{\"affected\":12}" : ""};
        assert_int_equal(history_add_event(history, &event, &err), 0);
    }
    if (to_ms * MS > history->end_ns)
        history->end_ns = to_ms * MS;
}

static struct judgement judge(const struct checker *checker, enum verdict verdict,
                              const char *reason)
{
    struct judgement judgement = {.checker = checker};
    finding_init(&judgement.finding);
    finding_set(&judgement.finding, verdict, "%s", reason);
    return judgement;
}

static void prove(struct judgement *judgement, const uint32_t *ops, size_t count)
{
    struct err err;
    assert_int_equal(
        finding_add(&judgement->finding, "stale-read", ops, count, true, "because", &err), 0);
}

static void release(struct judgement *judgements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        finding_release(&judgements[i].finding);
}

static void test_results__violation_is_one_sentence_with_the_fault(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct judgement judgements[] = {
        judge(&logs, VERDICT_VALID, ""),
        judge(&level, VERDICT_INVALID,
              "a read of key 12 returned 41 although 57 had been "
              "acknowledged 1.20 s before"),
    };
    prove(&judgements[1], (const uint32_t[]){0, 1}, 2);
    add_window(&hist->history, 2000, 3000);
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_int_equal(results.outcome, OUTCOME_VIOLATION);
    assert_string_equal(results.reason,
                        "Not linearizable: a read of key 12 returned 41 although 57 had been "
                        "acknowledged 1.20 s before (partition in force)");
    assert_ptr_equal(results_witness(&results), &judgements[1].finding.anomalies[0]);
    release(judgements, 2);
    hist_free(hist);
}

static void test_results__a_healed_fault_is_named_with_its_age(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct judgement judgements[] = {judge(&level, VERDICT_INVALID, "no order exists.")};
    prove(&judgements[0], (const uint32_t[]){0, 1}, 2);
    add_window(&hist->history, 100, 1201);
    results_merge(&hist->history, judgements, 1, NULL, &results);
    assert_string_equal(results.reason,
                        "Not linearizable: no order exists (1.00 s after a partition was healed)");
    release(judgements, 1);
    hist_free(hist);
}

static void test_results__a_later_fault_is_not_blamed(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct judgement judgements[] = {judge(&level, VERDICT_INVALID, "no order exists")};
    prove(&judgements[0], (const uint32_t[]){0, 1}, 2);
    add_window(&hist->history, 2210, 2300);
    results_merge(&hist->history, judgements, 1, NULL, &results);
    assert_string_equal(results.reason, "Not linearizable: no order exists (before any fault)");
    release(judgements, 1);
    hist_free(hist);
}

static void test_results__unproven_violation_is_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct err err;
    struct judgement judgements[] = {judge(&level, VERDICT_INVALID, "it looks odd")};
    assert_int_equal(finding_add(&judgements[0].finding, "odd", NULL, 0, false, "hm", &err), 0);
    results_merge(&hist->history, judgements, 1, NULL, &results);
    assert_int_equal(results.outcome, OUTCOME_UNDECIDED);
    assert_string_equal(results.reason,
                        "Undecided: linearizable: a violation was claimed, but its witness did "
                        "not stand up to verification: it looks odd");
    release(judgements, 1);
    hist_free(hist);
}

static void test_results__what_is_told_aside_weighs_nothing(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct judgement judgements[] = {judge(&logs, VERDICT_VALID, ""),
                                     judge(&level, VERDICT_INVALID, "Holds nothing.")};
    const uint32_t ops[] = {0, 1};
    struct results results;

    prove(&judgements[1], ops, 2);
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_int_equal(results.outcome, OUTCOME_VIOLATION);
    judgements[1].aside = true;
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_int_equal(results.outcome, OUTCOME_PASSED);
    release(judgements, 2);
    hist_free(hist);
}

static void
test_results__a_failure_is_the_harness_s_unless_the_system_was_never_healthy(void **state)
{
    (void)state;
    struct hist *hist = hist_new("");
    struct results results;

    results_merge(&hist->history, NULL, 0, "out of disk", &results);
    assert_int_equal(results.outcome, OUTCOME_HARNESS_FAILED);
    assert_string_equal(results.reason,
                        "The harness failed, the system was not judged: out of disk");
    events_note(&hist->history, 1, "health", "false");
    results_merge(&hist->history, NULL, 0, "no answer from 'n1'", &results);
    assert_int_equal(results.outcome, OUTCOME_UNDECIDED);
    assert_string_equal(results.reason, "Undecided, nothing was tried: no answer from 'n1'");
    hist_free(hist);
}

static void test_results__the_time_to_the_witness_counts_from_the_load(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct judgement judgements[] = {judge(&level, VERDICT_INVALID, "")};
    const struct event load = {.time_ns = 500 * MS, .fault = -1, .f = "phase", .value = "\"load\""};
    const uint32_t ops[] = {0, 1};
    struct results results;
    struct buf json;
    struct err err;

    assert_int_equal(history_add_event(&hist->history, &load, &err), 0);
    prove(&judgements[0], ops, 2);
    results_merge(&hist->history, judgements, 1, NULL, &results);
    buf_init(&json, 0);
    results_print(&results, &json);
    assert_non_null(strstr(json.ptr, "\"shown_ns\":1702000000"));
    buf_release(&json);
    release(judgements, 1);
    hist_free(hist);
}

static void test_results__precedence_is_violation_failure_undecided_passed(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    for (int invalid = 0; invalid < 2; invalid++) {
        for (int failed = 0; failed < 2; failed++) {
            for (int unknown = 0; unknown < 2; unknown++) {
                struct results results;
                struct judgement judgements[] = {
                    judge(&level, invalid ? VERDICT_INVALID : VERDICT_VALID, "a"),
                    judge(&bite, unknown ? VERDICT_UNKNOWN : VERDICT_VALID, "no fault bit")};
                prove(&judgements[0], (const uint32_t[]){1}, 1);
                results_merge(&hist->history, judgements, 2, failed ? "disk full" : NULL, &results);
                int code = outcome_exit_code(results.outcome);
                assert_int_equal(code, invalid ? 1 : failed ? 255 : unknown ? 2 : 0);
                release(judgements, 2);
            }
        }
    }
    hist_free(hist);
}

static void test_results__passed_says_how_much_really_succeeded(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct judgement judgements[] = {judge(&level, VERDICT_VALID, ""),
                                     judge(&bite, VERDICT_VALID, "")};
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_string_equal(results.reason,
                        "Passed: linearizable; 2 of 4 operations succeeded, without any fault");
    add_window(&hist->history, 100, 200);
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_string_equal(
        results.reason,
        "Passed: linearizable; 2 of 4 operations succeeded under a partition that bit");
    release(judgements, 2);
    hist_free(hist);
}

static void test_results__whether_the_run_meant_anything_comes_first(void **state)
{
    (void)state;
    struct hist *hist = hist_new(stale);
    struct results results;
    struct judgement judgements[] = {judge(&level, VERDICT_UNKNOWN, "out of time"),
                                     judge(&bite, VERDICT_UNKNOWN, "no fault bit")};
    results_merge(&hist->history, judgements, 2, NULL, &results);
    assert_string_equal(results.reason, "Undecided: no fault bit (and 1 more check is undecided)");
    results_merge(&hist->history, NULL, 0, NULL, &results);
    assert_int_equal(results.outcome, OUTCOME_UNDECIDED);
    release(judgements, 2);
    hist_free(hist);
}

static void test_results__file_is_json_as_designed(void **state)
{
    (void)state;
    char path[] = "/tmp/ordeal-results-XXXXXX";
    struct hist *hist = hist_new(stale);
    struct results results;
    struct err err;
    struct judgement judgements[] = {judge(&level, VERDICT_INVALID, "a \"quoted\"\n reason")};
    close(mkstemp(path));
    prove(&judgements[0], (const uint32_t[]){0, 1}, 2);
    results_merge(&hist->history, judgements, 1, NULL, &results);
    assert_int_equal(results_write(&results, path, &err), 0);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    assert_true(json_is_false(json_object_get(json, "valid")));
    json_t *checker = json_object_get(json_object_get(json, "checkers"), "linearizable");
    json_t *anomaly = json_array_get(json_object_get(checker, "anomalies"), 0);
    assert_int_equal(json_array_size(json_object_get(anomaly, "ops")), 2);
    json_t *stats = json_object_get(json, "stats");
    assert_int_equal(json_integer_value(json_object_get(stats, "info")), 1);
    json_decref(json);
    unlink(path);
    assert_int_equal(results_write(&results, "/nonexistent/results.json", &err), -1);
    assert_non_null(strstr(err.msg, "cannot write '/nonexistent/results.json'"));
    release(judgements, 1);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results__violation_is_one_sentence_with_the_fault),
        cmocka_unit_test(test_results__a_healed_fault_is_named_with_its_age),
        cmocka_unit_test(test_results__a_later_fault_is_not_blamed),
        cmocka_unit_test(test_results__unproven_violation_is_unknown),
        cmocka_unit_test(test_results__what_is_told_aside_weighs_nothing),
        cmocka_unit_test(
            test_results__a_failure_is_the_harness_s_unless_the_system_was_never_healthy),
        cmocka_unit_test(test_results__the_time_to_the_witness_counts_from_the_load),
        cmocka_unit_test(test_results__precedence_is_violation_failure_undecided_passed),
        cmocka_unit_test(test_results__passed_says_how_much_really_succeeded),
        cmocka_unit_test(test_results__whether_the_run_meant_anything_comes_first),
        cmocka_unit_test(test_results__file_is_json_as_designed),
    };
    return cmocka_run_group_tests_name("report/results", tests, NULL, NULL);
}
