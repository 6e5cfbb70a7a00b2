/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/levels/growing.c: it says of lists and sets what the definition of sequential
 * consistency says, both ways, and is quick where a search would not end. */
#include "../../checkers/levels/growing.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

static enum fast ask(const struct history *history, const char *model, struct budget *budget)
{
    struct object_source source = {
        .history = history, .model = model_find(model), .begin_place = PLACE_NONE};
    struct keys keys;
    struct err err;

    assert_int_equal(keys_init(&keys, history, budget, &err), 0);
    enum fast answer = growing_check(&source, &keys, budget);
    keys_release(&keys);
    return answer;
}

static enum fast ask_story(const char *model, const char *story)
{
    struct hist *hist = hist_new(story);
    struct budget budget;

    budget_init(&budget, 0, 0);
    enum fast answer = ask(&hist->history, model, &budget);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
    return answer;
}

static void test_growing__agrees_with_the_definition(void **state)
{
    (void)state;
    static const char *const kinds[] = {"append-list", "set"};
    unsigned long said[4] = {0};
    for (unsigned long i = 0; i < effort(60000); i++) {
        struct rng rng;
        rng_init(&rng, 11, i);
        struct gen_random space = {.model = kinds[i % 2],
                                   .ops = 3 + (int)rng_below(&rng, 6),
                                   .processes = 2 + (int)rng_below(&rng, 2),
                                   .keys = 1 + (int)rng_below(&rng, 2),
                                   .info_pct = 15,
                                   .fail_pct = 5,
                                   .still_pct = 10};
        struct hist *hist = hist_new("");
        struct budget budget;
        budget_init(&budget, 0, 0);
        gen_valid(&rng, &space, &hist->history);
        for (unsigned long k = 0; k < i / 2 % 4; k++)
            gen_damage(&rng, &hist->history);
        enum fast answer = ask(&hist->history, space.model, &budget);
        enum verdict verdict = brute_check(&hist->history, "sequential", space.model, VALUE_NIL);
        said[answer]++;
        if (verdict != VERDICT_UNKNOWN && answer != FAST_NOT)
            assert_int_equal(answer, verdict == VERDICT_VALID ? FAST_VALID : FAST_INVALID);
        hist_free(hist);
    }
    assert_true(said[FAST_VALID] > effort(8000) && said[FAST_INVALID] > effort(2000));
}

static void test_growing__time_plays_no_part_and_the_order_of_a_process_does(void **state)
{
    (void)state;
    assert_int_equal(ask_story("append-list", "p0 append _ 1 @ 0 1\n"
                                              "p1 read _ -> [] @ 2 3\n"
                                              "p1 read _ -> [1] @ 4 5\n"),
                     FAST_VALID);
    assert_int_equal(ask_story("append-list", "p0 append _ 1 @ 0 1\n"
                                              "p0 read _ -> [] @ 2 3\n"),
                     FAST_INVALID);
    assert_int_equal(ask_story("append-list", "p0 append x 1 @ 0 1\n"
                                              "p0 read y -> [] @ 2 3\n"
                                              "p1 append y 2 @ 0 1\n"
                                              "p1 read x -> [] @ 2 3\n"),
                     FAST_INVALID);
}

static void test_growing__equal_reads_of_a_set_have_no_order(void **state)
{
    (void)state;
    assert_int_equal(ask_story("set", "p0 add x 1 @ 0 1\n"
                                      "p0 read x -> [1] @ 2 3\n"
                                      "p0 read y -> [1] @ 4 5\n"
                                      "p1 add y 1 @ 0 1\n"
                                      "p1 read y -> [1] @ 2 3\n"
                                      "p1 read x -> [1] @ 4 5\n"),
                     FAST_VALID);
    /* p0's read of x comes first, although it was the later one. */
    assert_int_equal(ask_story("set", "p2 add x 1 @ 0 1\n"
                                      "p1 read y -> [5] @ 2 3\n"
                                      "p1 read x -> [1] @ 4 5\n"
                                      "p0 read x -> [1] @ 6 7\n"
                                      "p0 add y 5 @ 8 9\n"),
                     FAST_VALID);
}

static void test_growing__what_nobody_saw_comes_last_or_never(void **state)
{
    (void)state;
    assert_int_equal(ask_story("append-list", "p0 append _ 1 @ 0 1 info\n"
                                              "p1 append _ 2 @ 0 1\n"
                                              "p1 read _ -> [2] @ 2 3\n"),
                     FAST_VALID);
    assert_int_equal(ask_story("append-list", "p0 append _ 1 @ 0 1\n"
                                              "p0 append _ 2 @ 2 3\n"
                                              "p1 read _ -> [2] @ 2 3\n"),
                     FAST_INVALID);
}

static void test_growing__other_objects_are_not_its_business(void **state)
{
    (void)state;
    assert_int_equal(ask_story("set", "p0 add _ 1 @ 0 1\n"
                                      "p0 remove _ 1 @ 2 3\n"),
                     FAST_NOT);
    assert_int_equal(ask_story("append-list", "p0 append _ 1 @ 0 1\n"
                                              "p0 append _ 1 @ 2 3\n"),
                     FAST_NOT);
    assert_int_equal(ask_story("register", "p0 write _ 1 @ 0 1\n"), FAST_NOT);
}

/* Each process reads what it appended to its own list long before others see it. */
static void test_growing__long_histories_are_quick(void **state)
{
    (void)state;
    struct hist *hist = hist_new("");
    struct budget budget;
    struct rng rng;
    struct gen_random space = {
        .model = "append-list", .ops = (int)effort(20000), .processes = 10, .keys = 50};

    budget_init(&budget, 0, 0);
    rng_init(&rng, 3, 0);
    gen_valid(&rng, &space, &hist->history);
    for (size_t i = 0; i < hist->history.count; i++) { /* each process in a time of its own */
        struct op *op = &hist->history.ops[i];
        op->invoke_ns += 1000000000 * (int64_t)op->process;
        op->complete_ns += 1000000000 * (int64_t)op->process;
    }
    hist_refinish(&hist->history);
    assert_int_equal(ask(&hist->history, "append-list", &budget), FAST_VALID);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing__agrees_with_the_definition),
        cmocka_unit_test(test_growing__time_plays_no_part_and_the_order_of_a_process_does),
        cmocka_unit_test(test_growing__equal_reads_of_a_set_have_no_order),
        cmocka_unit_test(test_growing__what_nobody_saw_comes_last_or_never),
        cmocka_unit_test(test_growing__other_objects_are_not_its_business),
        cmocka_unit_test(test_growing__long_histories_are_quick),
    };
    return cmocka_run_group_tests_name("checkers/growing", tests, NULL, NULL);
}
