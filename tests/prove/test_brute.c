/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of lib/brute.c on histories whose verdicts are known by definition or from the papers. */
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <string.h>

/* `levels` are those that hold, separated by blanks, of all that the brute force knows. */
static void expect_levels(const char *story, const char *levels)
{
    static const char *const all[] = {
        "linearizable",
        "sequential",
        "causal",
        "ccv",
        "cc",
        "pram",
        "read-your-writes",
        "monotonic-reads",
        "monotonic-writes",
        "writes-follow-reads",
    };
    struct hist *hist = hist_new(story);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char padded[256], word[64];
        (void)snprintf(padded, sizeof padded, " %s ", levels);
        (void)snprintf(word, sizeof word, " %s ", all[i]);
        enum verdict expected = strstr(padded, word) ? VERDICT_VALID : VERDICT_INVALID;
        enum verdict verdict = brute_check(&hist->history, all[i], "register", VALUE_NIL);
        if (verdict != expected)
            fail_msg("%s is %s for\n%s", all[i], verdict_names[verdict], story);
    }
    hist_free(hist);
}

#define SESSIONS "read-your-writes monotonic-reads monotonic-writes writes-follow-reads"
#define SEQUENTIAL "sequential causal ccv cc pram " SESSIONS

static void test_brute__real_time_separates_linearizable(void **state)
{
    (void)state;
    expect_levels("p0 write x 1 @ 0 10\np1 read x -> 1 @ 5 20", "linearizable " SEQUENTIAL);
    expect_levels("p0 write x 1 @ 0 10\np1 read x -> nil @ 11 20", SEQUENTIAL);
    /* Equal times are concurrent; own operations never are. */
    expect_levels("p0 write x 1 @ 0 10\np1 read x -> nil @ 10 20", "linearizable " SEQUENTIAL);
    expect_levels("p0 write x 1 @ 0 10\np0 read x -> nil @ 10 20",
                  "monotonic-reads monotonic-writes writes-follow-reads");
}

static void test_brute__unknown_may_happen_at_any_time_or_never(void **state)
{
    (void)state;
    const char *all = "linearizable " SEQUENTIAL;
    expect_levels("p0 write x 1 @ 0 ?\np1 read x -> nil @ 5 9\np1 read x -> 1 @ 90 99", all);
    expect_levels("p0 write x 1 @ 0 3 info\np1 read x -> nil @ 5 9", all);
    expect_levels("p0 write x 1 @ 0 3 fail\np1 read x -> 1 @ 5 9", "");
    expect_levels("p1 read x -> 1 @ 5 9\np0 write x 1 @ 10 ?", SEQUENTIAL);
}

static void test_brute__sessions_are_independent(void **state)
{
    (void)state;
    expect_levels("p0 write x 1 @ 0 1\np0 write x 2 @ 2 3\np1 read x -> 2 @ 4 5\n"
                  "p1 read x -> 1 @ 6 7",
                  "read-your-writes monotonic-reads writes-follow-reads");
    expect_levels("p0 write x 1 @ 0 1\np1 read x -> 1 @ 4 5\np1 read x -> nil @ 6 7",
                  "read-your-writes");
    expect_levels("p0 write x 1 @ 0 1\np1 read x -> 1 @ 2 3\np1 write y 1 @ 4 5\n"
                  "p2 read y -> 1 @ 6 7\np2 read x -> nil @ 8 9",
                  "pram read-your-writes monotonic-reads monotonic-writes");
}

/* POPL 2017, figure 3: (a) is CM but not CCv, (b) CCv but not CM. */
static void test_brute__causal_memory_and_convergence_differ(void **state)
{
    (void)state;
    expect_levels("p0 write x 1 @ 0 9\np0 read x -> 2 @ 10 19\n"
                  "p1 write x 2 @ 0 9\np1 read x -> 1 @ 10 19",
                  "causal cc pram " SESSIONS);
    expect_levels("p0 write z 1 @ 0 1\np0 write x 1 @ 2 3\np0 write y 1 @ 4 5\n"
                  "p1 write x 2 @ 0 1\np1 read z -> nil @ 2 3\np1 read y -> 1 @ 4 5\n"
                  "p1 read x -> 2 @ 6 7",
                  "ccv cc " SESSIONS);
}

static void test_brute__nothing_succeeded_is_unknown(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 ?");
    assert_int_equal(brute_check(&hist->history, "linearizable", "register", VALUE_NIL),
                     VERDICT_UNKNOWN);
    assert_int_equal(brute_check(&hist->history, "cc", "register", VALUE_NIL), VERDICT_UNKNOWN);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute__real_time_separates_linearizable),
        cmocka_unit_test(test_brute__unknown_may_happen_at_any_time_or_never),
        cmocka_unit_test(test_brute__sessions_are_independent),
        cmocka_unit_test(test_brute__causal_memory_and_convergence_differ),
        cmocka_unit_test(test_brute__nothing_succeeded_is_unknown),
    };
    return cmocka_run_group_tests_name("lib/brute", tests, NULL, NULL);
}
