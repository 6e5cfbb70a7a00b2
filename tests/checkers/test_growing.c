/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/levels/growing.c: it says of lists and sets what the definition of sequential
 * consistency says, both ways, and is quick where a search would not end. */
#include "../../checkers/levels/growing.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"
#include "../lib/judged.h"

static enum fast ask(const struct history *history, const char *model, struct budget *budget,
                     struct excerpt *witness)
{
    struct object_source source = {
        .history = history, .model = model_find(model), .begin_place = PLACE_NONE};
    struct history timeless = *history;
    struct keys keys;
    struct err err;

    timeless.ops = budget_alloc(budget, (history->count + 1) * sizeof *timeless.ops);
    for (size_t i = 0; i < history->count; i++) {
        timeless.ops[i] = history->ops[i];
        timeless.ops[i].invoke_ns = 0;
        timeless.ops[i].complete_ns = history->ops[i].complete_ns == TIME_NEVER ? TIME_NEVER : 0;
    }
    source.history = &timeless;
    assert_int_equal(keys_init(&keys, &timeless, budget, &err), 0);
    enum fast answer = growing_check(&source, &keys, budget, witness);
    keys_release(&keys);
    budget_free(budget, timeless.ops);
    return answer;
}

static enum fast ask_story(const char *model, const char *story)
{
    struct hist *hist = hist_new(story);
    struct budget budget;

    budget_init(&budget, 0, 0);
    enum fast answer = ask(&hist->history, model, &budget, NULL);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
    return answer;
}

/* -- witnesses ------------------------------------------------------------------------------- */

static bool is_looked_at(const struct excerpt *witness, value_id element)
{
    for (size_t i = 0; i < witness->only_count; i++) {
        if (witness->only[i] == element)
            return true;
    }
    return false;
}

static value_id looked_at_of(struct values *values, const struct excerpt *witness, value_id list)
{
    const value_id *elements;
    value_id kept[EXCERPT_ELEMENTS];
    size_t count, kept_count = 0;

    if (list == VALUE_NIL || !values_get_list(values, list, &elements, &count))
        return list;
    for (size_t i = 0; i < count && kept_count < EXCERPT_ELEMENTS; i++) {
        if (is_looked_at(witness, elements[i]))
            kept[kept_count++] = elements[i];
    }
    return values_list(values, kept, kept_count);
}

/* By definition: what the witness looks at, but for operation `without`. */
static enum verdict judge_part(struct hist *hist, const char *model, const struct excerpt *witness,
                               size_t without)
{
    struct history part = hist->history;

    part.ops = NULL;
    part.count = 0;
    for (size_t i = 0; i < witness->count; i++) {
        struct op op = hist->history.ops[witness->places[i]];
        if (op.f == OP_F_READ)
            op.out = looked_at_of(&hist->history.values, witness, op.out);
        if (i != without)
            hist_add(&part, &op);
    }
    part.values = hist->history.values;
    enum verdict verdict = brute_check(&part, "sequential", model, VALUE_NIL);
    budget_free(part.budget, part.ops);
    return verdict;
}

static bool is_in(const struct excerpt *witness, size_t place)
{
    for (size_t i = 0; i < witness->count; i++) {
        if (witness->places[i] == place)
            return true;
    }
    return false;
}

/* Nobody who added what is looked at is left out. */
static bool is_fair(const struct history *history, const struct excerpt *witness)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        bool concerned = false;
        for (size_t k = 0; k < witness->count; k++)
            concerned = concerned || history->ops[witness->places[k]].key == op->key;
        if (concerned && op->f != OP_F_READ && op->type != OP_FAIL &&
            is_looked_at(witness, op->in) && !is_in(witness, i))
            return false;
    }
    return true;
}

/* It refutes by itself, is fair, and no read of it could be spared. */
static void check_witness(struct hist *hist, const char *model, struct excerpt *witness)
{
    assert_true(witness->only_count > 0);
    assert_true(is_fair(&hist->history, witness));
    assert_int_equal(judge_part(hist, model, witness, SIZE_MAX), VERDICT_INVALID);
    for (size_t i = 0; i < witness->count; i++) {
        const struct op *op = &hist->history.ops[witness->places[i]];
        bool alone = witness->count == 1;
        if (op->f == OP_F_READ && !alone)
            assert_int_not_equal(judge_part(hist, model, witness, i), VERDICT_INVALID);
    }
}

static void test_growing__agrees_with_the_definition(void **state)
{
    (void)state;
    static const char *const kinds[] = {"append-list", "set"};
    unsigned long said[4] = {0}, mute = 0, wide = 0;
    for (unsigned long i = 0; i < effort(120000); i++) {
        struct rng rng;
        rng_init(&rng, 11, i);
        struct gen_random space = {.model = kinds[i % 2],
                                   .ops = 3 + (int)rng_below(&rng, 8),
                                   .processes = 2 + (int)rng_below(&rng, 3),
                                   .keys = 1 + (int)rng_below(&rng, 3),
                                   .info_pct = 15,
                                   .fail_pct = 5,
                                   .still_pct = 10};
        struct hist *hist = hist_new("");
        struct excerpt witness;
        struct budget budget;
        budget_init(&budget, 0, 0);
        gen_valid(&rng, &space, &hist->history);
        for (unsigned long k = 0; k < i / 2 % 4; k++)
            gen_damage(&rng, &hist->history);
        enum fast answer = ask(&hist->history, space.model, &budget, &witness);
        enum verdict verdict = brute_check(&hist->history, "sequential", space.model, VALUE_NIL);
        said[answer]++;
        if (verdict != VERDICT_UNKNOWN && answer != FAST_NOT)
            assert_int_equal(answer, verdict == VERDICT_VALID ? FAST_VALID : FAST_INVALID);
        mute += answer == FAST_INVALID && witness.count == 0;
        wide += witness.only_count > 2;
        if (witness.count)
            check_witness(hist, space.model, &witness);
        excerpt_release(&witness, &budget);
        assert_int_equal(budget.used_bytes, 0);
        hist_free(hist);
    }
    assert_true(said[FAST_VALID] > effort(16000) && said[FAST_INVALID] > effort(4000));
    assert_int_equal(mute, 0);
    if (effort(20) == 20) /* they are rare: not among the few rounds of a sanitizer */
        assert_true(wide > 0);
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

/* Process p appends to its own list and then does not see what the next one appended to its own:
 * each alone is fine, and so are all but one. */
static void add_ring(struct history *history, int count, int first)
{
    for (int p = 0; p < count; p++) {
        struct op op = {.type = OP_OK,
                        .process = 10 + p,
                        .f = OP_F_APPEND,
                        .key = values_int(&history->values, 1000 + p),
                        .in = values_int(&history->values, first + p)};
        hist_add(history, &op);
        op.f = OP_F_READ;
        op.key = values_int(&history->values, 1000 + (p + 1) % count);
        op.in = VALUE_NIL;
        op.out = values_list(&history->values, NULL, 0);
        hist_add(history, &op);
    }
}

static void test_growing__a_circle_is_told_whole_up_to_a_size(void **state)
{
    (void)state;
    for (int count = 1; count <= EXCERPT_ELEMENTS + 2; count++) {
        struct hist *hist = hist_new("");
        struct excerpt witness;
        struct budget budget;
        budget_init(&budget, 0, 0);
        add_ring(&hist->history, count, 1);
        hist_finish(&hist->history);
        assert_int_equal(ask(&hist->history, "append-list", &budget, &witness), FAST_INVALID);
        bool told = count <= EXCERPT_ELEMENTS;
        assert_int_equal(witness.count, told ? 2 * count : 0);
        assert_int_equal(witness.only_count, told ? count : 0);
        excerpt_release(&witness, &budget);
        assert_int_equal(budget.used_bytes, 0);
        hist_free(hist);
    }
}

/* What the naive routine did not confirm is not said: the search says it, with a witness. */
static void test_growing__a_circle_too_wide_to_tell_is_searched_for(void **state)
{
    (void)state;
    struct hist *hist = hist_new("");

    add_ring(&hist->history, EXCERPT_ELEMENTS + 1, 1);
    hist_finish(&hist->history);
    expect_history("sequential", &hist->history, VERDICT_INVALID);
    hist_free(hist);
}

static void test_growing__the_shortest_circle_is_told_wherever_it_is(void **state)
{
    (void)state;
    static const char *const stories[] = {"p0 append a 101 @ 0 1\n"
                                          "p0 read b -> [] @ 2 3\n"
                                          "p1 append b 102 @ 0 1\n"
                                          "p1 read a -> [] @ 2 3\n",
                                          "p70 append a 101 @ 0 1\n"
                                          "p70 read b -> [] @ 2 3\n"
                                          "p71 append b 102 @ 0 1\n"
                                          "p71 read a -> [] @ 2 3\n"};
    for (int i = 0; i < 2; i++) {
        struct hist *hist = hist_new(stories[i]);
        struct excerpt witness;
        struct budget budget;
        budget_init(&budget, 0, 0);
        add_ring(&hist->history, 5, 1);
        hist_refinish(&hist->history);
        assert_int_equal(ask(&hist->history, "append-list", &budget, &witness), FAST_INVALID);
        assert_int_equal(witness.count, 4);
        for (size_t k = 0; k < witness.count; k++)
            assert_int_equal(hist->history.ops[witness.places[k]].process / 10, 7 * i);
        excerpt_release(&witness, &budget);
        hist_free(hist);
    }
}

static void test_growing__a_set_s_order_is_shown_by_who_has_one_and_not_the_other(void **state)
{
    (void)state;
    static const char *const stories[] = {"p0 add _ 2 @ 0 1\n"
                                          "p0 add _ 1 @ 2 3\n"
                                          "p1 read _ -> [1,2] @ 4 5\n"
                                          "p2 read _ -> [1] @ 6 7\n",
                                          "p0 add _ 1 @ 0 1\n"
                                          "p1 add _ 2 @ 0 1\n"
                                          "p2 read _ -> [2,1] @ 4 5\n"
                                          "p2 read _ -> [1] @ 6 7\n"};
    for (int i = 0; i < 2; i++) {
        struct hist *hist = hist_new(stories[i]);
        struct excerpt witness;
        struct budget budget;
        budget_init(&budget, 0, 0);
        assert_int_equal(ask(&hist->history, "set", &budget, &witness), FAST_INVALID);
        assert_int_equal(witness.count, 3);
        check_witness(hist, "set", &witness);
        excerpt_release(&witness, &budget);
        hist_free(hist);
    }
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
    assert_int_equal(ask(&hist->history, "append-list", &budget, NULL), FAST_VALID);
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
        cmocka_unit_test(test_growing__a_circle_is_told_whole_up_to_a_size),
        cmocka_unit_test(test_growing__a_circle_too_wide_to_tell_is_searched_for),
        cmocka_unit_test(test_growing__the_shortest_circle_is_told_wherever_it_is),
        cmocka_unit_test(test_growing__a_set_s_order_is_shown_by_who_has_one_and_not_the_other),
        cmocka_unit_test(test_growing__long_histories_are_quick),
    };
    return cmocka_run_group_tests_name("checkers/growing", tests, NULL, NULL);
}
