/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The histories of tests/corpus, each named after its source, with the verdicts written beside
 * them: the checkers and the brute force must both agree. */
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/hist.h"
#include "../lib/proof.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

typedef void visit_corpus(const char *path, const struct hist *hist);

static void for_each(visit_corpus *visit)
{
    glob_t found;

    assert_int_equal(glob("tests/corpus/*.hist", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 60);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct hist *hist = hist_load(found.gl_pathv[i]);
        visit(found.gl_pathv[i], hist);
        hist_free(hist);
    }
    globfree(&found);
}

static void is_complete(const char *path, const struct hist *hist)
{
    if (!hist->model[0] || !hist->source[0] || hist->expect_count == 0)
        fail_msg("%s: a corpus file says model, source and what to expect", path);
}

static void test_corpus__files_name_their_source(void **state)
{
    (void)state;
    for_each(is_complete);
}

static value_id initial_of(const struct hist *hist)
{
    struct values none;
    int64_t number;

    values_init(&none, NULL);
    return str_to_int(str_of(hist->initial), &number) ? values_int(&none, number) : VALUE_NIL;
}

static void agrees_by_definition(const char *path, const struct hist *hist)
{
    for (size_t i = 0; i < hist->expect_count && hist->history.count <= BRUTE_MAX; i++) {
        const struct hist_expect *expect = &hist->expects[i];
        if (!brute_knows(expect->level, hist->model))
            fail_msg("%s: the brute force does not know %s of %s", path, expect->level,
                     hist->model);
        enum verdict verdict =
            brute_check(&hist->history, expect->level, hist->model, initial_of(hist));
        if (verdict != expect->verdict)
            fail_msg("%s: by definition %s is %s", path, expect->level, verdict_names[verdict]);
    }
}

static void test_corpus__verdicts_follow_from_the_definitions(void **state)
{
    (void)state;
    for_each(agrees_by_definition);
}

static void agrees_with_checkers(const char *path, const struct hist *hist)
{
    for (size_t i = 0; i < hist->expect_count; i++) {
        const struct hist_expect *expect = &hist->expects[i];
        const struct checker *checker = checker_find(expect->level);
        struct check_options options = {
            .model = hist->model, .initial = initial_of(hist), .threads = 1};
        struct finding finding;
        struct budget budget;
        struct err err = {0};

        if (!checker)
            continue; /* not built yet */
        budget_init(&budget, 0, 0);
        finding_init(&finding);
        if (checker->check(&hist->history, &options, &budget, &finding, &err) < 0)
            fail_msg("%s: %s fails: %s", path, expect->level, err.msg);
        bool excused = finding.valid == VERDICT_UNKNOWN &&
                       strcmp(expect->level, "sequential") == 0 &&
                       !proof_owes_sequential(hist->model);
        if (finding.valid != expect->verdict && !excused)
            fail_msg("%s: %s says %s: %s", path, expect->level, verdict_names[finding.valid],
                     finding.reason);
        finding_release(&finding);
    }
}

static void test_corpus__checkers_agree(void **state)
{
    (void)state;
    for_each(agrees_with_checkers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus__files_name_their_source),
        cmocka_unit_test(test_corpus__verdicts_follow_from_the_definitions),
        cmocka_unit_test(test_corpus__checkers_agree),
    };
    return cmocka_run_group_tests_name("checkers/corpus", tests, NULL, NULL);
}
