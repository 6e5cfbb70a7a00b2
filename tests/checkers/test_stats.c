/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/stats.c. */
#include "../lib/check.h"
#include "../lib/hist.h"

#include <string.h>

extern const struct checker checker_stats;

static void expect(const char *story, enum verdict verdict, const char *reason,
                   const char *const *details)
{
    struct hist *hist = hist_new(story);
    const struct check_options options = {0};
    struct finding finding;
    struct err err;
    finding_init(&finding);
    assert_int_equal(checker_stats.check(&hist->history, &options, &hist->budget, &finding, &err),
                     0);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.valid, verdict);
    for (; details && *details; details++) {
        if (!strstr(finding.details.ptr, *details))
            fail_msg("no %s in %s", *details, finding.details.ptr);
    }
    finding_release(&finding);
    hist_free(hist);
}

static void test_stats__nothing_at_all_is_unknown(void **state)
{
    (void)state;
    expect("", VERDICT_UNKNOWN, "no operation was invoked", NULL);
}

static void test_stats__nothing_that_succeeded_is_unknown(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10 fail\np1 read x @ 0 ?\n", VERDICT_UNKNOWN,
           "none of 2 operations succeeded", NULL);
}

static void test_stats__a_kind_that_never_succeeded_is_unknown(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 cas x 1 2 @ 20 30 fail\np0 cas x 1 2 @ 40 50 info\n",
           VERDICT_UNKNOWN, "no 'cas' ever succeeded: 1 failed and 1 have an unknown outcome",
           NULL);
}

static void test_stats__counts_by_kind_with_latencies(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\np0 write x 2 @ 20 50\np0 write x 2 @ 60 70 fail\n"
           "p1 read x -> 1 @ 0 63\np1 read x @ 70 ?\n",
           VERDICT_VALID, "3 of 5 operations succeeded",
           (const char *const[]){
               "\"write\":{\"ok\":2,\"fail\":1,\"info\":0,\"latency_ns\":{\"p50\":10,\"p95\":30,"
               "\"p99\":30,\"max\":30}}",
               "\"read\":{\"ok\":1,\"fail\":0,\"info\":1", NULL});
}

static void test_stats__out_of_memory_is_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 10\n");
    const struct check_options options = {0};
    struct budget budget;
    struct finding finding;
    struct err err;
    finding_init(&finding);
    budget_init(&budget, 0, 1000);
    assert_int_equal(checker_stats.check(&hist->history, &options, &budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_UNKNOWN);
    assert_int_equal(budget.used_bytes, 0);
    finding_release(&finding);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats__nothing_at_all_is_unknown),
        cmocka_unit_test(test_stats__nothing_that_succeeded_is_unknown),
        cmocka_unit_test(test_stats__a_kind_that_never_succeeded_is_unknown),
        cmocka_unit_test(test_stats__counts_by_kind_with_latencies),
        cmocka_unit_test(test_stats__out_of_memory_is_unknown),
    };
    return cmocka_run_group_tests_name("checkers/stats", tests, NULL, NULL);
}
