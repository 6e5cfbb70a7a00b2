/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/bite.c: which runs mean nothing. */
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <string.h>

#define SEC INT64_C(1000000000)

extern const struct checker checker_bite;

static const char story[] = "p0 write x 1 @ 0 20000000000\n";

static void expect(struct hist *hist, size_t planned, enum verdict verdict, const char *reason,
                   const char *details)
{
    const struct check_options options = {.faults_planned = planned};
    struct finding finding;
    struct err err;
    finding_init(&finding);
    assert_int_equal(checker_bite.check(&hist->history, &options, &hist->budget, &finding, &err),
                     0);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.valid, verdict);
    if (details)
        assert_string_equal(finding.details.ptr, details);
    finding_release(&finding);
    hist_free(hist);
}

static void test_bite__no_fault_planned_is_valid(void **state)
{
    (void)state;
    expect(hist_new(story), 0, VERDICT_VALID, "no fault was planned",
           "\"faults\":0,\"bit\":0,\"open\":0,\"skipped\":0,\"idle\":[]");
}

static void test_bite__planned_faults_that_never_came_are_unknown(void **state)
{
    (void)state;
    expect(hist_new(story), 3, VERDICT_UNKNOWN, "none of 3 planned faults came about", NULL);
    struct hist *hist = hist_new(story);
    events_skipped_fault(&hist->history, 0, "pause", SEC, "no leader");
    expect(hist, 0, VERDICT_UNKNOWN, "none of 1 planned faults came about", NULL);
}

static void test_bite__faults_without_effect_are_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new(story);
    events_fault(&hist->history, 0, "partition", "{}", SEC, 2 * SEC, 0);
    events_fault(&hist->history, 1, "kill", "[]", 3 * SEC, 4 * SEC, 0);
    expect(hist, 2, VERDICT_UNKNOWN, "none of 2 faults affected anything", NULL);
}

static void test_bite__one_that_bit_is_enough_and_the_others_are_listed(void **state)
{
    (void)state;
    struct hist *hist = hist_new(story);
    events_note(&hist->history, 0, "health", "true");
    events_fault(&hist->history, 0, "partition", "{\"n1\":[\"n2\"]}", SEC, 2 * SEC, 0);
    events_fault(&hist->history, 1, "kill", "[\"n1\"]", 3 * SEC, 4 * SEC, 1);
    expect(hist, 2, VERDICT_VALID, "1 of 2 faults bit",
           "\"faults\":2,\"bit\":1,\"open\":0,\"skipped\":0,\"idle\":[{\"fault\":0,\"f\":"
           "\"partition\",\"value\":{\"n1\":[\"n2\"]}}]");
}

static void test_bite__a_fault_without_its_receipt_is_not_known_to_have_bitten(void **state)
{
    (void)state;
    struct hist *hist = hist_new(story);
    events_open_fault(&hist->history, 0, "partition", "{}", SEC);
    expect(hist, 1, VERDICT_UNKNOWN,
           "no fault is known to have affected anything: the run ended before 1 of 1 had a receipt",
           "\"faults\":1,\"bit\":0,\"open\":1,\"skipped\":0,\"idle\":[]");
}

static void test_bite__unhealthy_before_the_first_fault_is_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new(story);
    events_note(&hist->history, 0, "health", "false");
    events_fault(&hist->history, 0, "kill", "[\"n1\"]", 3 * SEC, 4 * SEC, 1);
    expect(hist, 1, VERDICT_UNKNOWN, "the cluster was not healthy before the first fault", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bite__no_fault_planned_is_valid),
        cmocka_unit_test(test_bite__planned_faults_that_never_came_are_unknown),
        cmocka_unit_test(test_bite__faults_without_effect_are_unknown),
        cmocka_unit_test(test_bite__one_that_bit_is_enough_and_the_others_are_listed),
        cmocka_unit_test(test_bite__a_fault_without_its_receipt_is_not_known_to_have_bitten),
        cmocka_unit_test(test_bite__unhealthy_before_the_first_fault_is_unknown),
    };
    return cmocka_run_group_tests_name("checkers/bite", tests, NULL, NULL);
}
