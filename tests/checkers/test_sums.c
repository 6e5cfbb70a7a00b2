/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/levels/sums*.c: what is said of counters is what the definition of sequential
 * consistency says; of ones on one counter it is always said; and it is quick. */
#include "../../checkers/levels/sums_internal.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"
#include "../lib/judged.h"

static struct object_source source_of(const struct history *history, value_id initial)
{
    return (struct object_source){.history = history,
                                  .model = model_find("counter"),
                                  .initial = initial,
                                  .begin_place = PLACE_NONE};
}

static enum fast ask(const struct history *history, value_id initial, struct budget *budget,
                     struct excerpt *witness)
{
    struct object_source source = source_of(history, initial);
    char why[SUMS_WHY] = "";
    struct keys keys;
    struct err err;

    assert_int_equal(keys_init(&keys, history, budget, &err), 0);
    enum fast answer = sums_check(&source, &keys, budget, witness, why);
    assert_int_equal(answer == FAST_INVALID, witness->count > 0);
    assert_int_equal(answer == FAST_INVALID, why[0] != '\0');
    keys_release(&keys);
    return answer;
}

/* `count`: of operations in the witness. */
static void expect(const char *story, enum fast expected, size_t count)
{
    struct hist *hist = hist_new(story);
    struct excerpt witness;
    struct budget budget;

    budget_init(&budget, 0, 0);
    assert_int_equal(ask(&hist->history, VALUE_NIL, &budget, &witness), expected);
    assert_int_equal(witness.count, count);
    excerpt_release(&witness, &budget);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
}

/* -- random histories ------------------------------------------------------------------------ */

struct space {
    int ops, processes, keys, initial;
    int least, most; /* of what is added */
    int damage;      /* reads that are changed */
    bool unknowns;
};

static void add_random_op(struct rng *rng, const struct space *space, struct history *history,
                          int64_t *sums, bool *ended)
{
    int process = (int)rng_below(rng, (uint64_t)space->processes);
    int key = (int)rng_below(rng, (uint64_t)space->keys);
    struct op op = {.process = process,
                    .type = OP_OK,
                    .f = rng_below(rng, 2) ? OP_F_READ : OP_F_ADD,
                    .key = values_int(&history->values, 100 + key)};

    if (ended[process])
        return;
    if (op.f == OP_F_READ) {
        op.out = values_int(&history->values, sums[key]);
        if (sums[key] == 0 && rng_below(rng, 2))
            op.out = VALUE_NIL;
    } else {
        int64_t amount =
            space->least + (int64_t)rng_below(rng, (uint64_t)(space->most - space->least + 1));
        op.in = values_int(&history->values, amount);
        sums[key] += amount;
    }
    if (space->unknowns && rng_below(rng, 6) == 0) {
        op.type = rng_below(rng, 4) ? OP_INFO : OP_FAIL;
        op.complete_ns = op.type == OP_INFO ? TIME_NEVER : 0;
        ended[process] = op.type == OP_INFO;
        op.out = VALUE_NIL;
        if (op.f == OP_F_ADD && (op.type == OP_FAIL || rng_below(rng, 2))) {
            int64_t amount = 0;
            (void)values_get_int(&history->values, op.in, &amount);
            sums[key] -= amount;
        }
    }
    hist_add(history, &op);
}

/* What counters did in some order of these operations, at no time in particular; then damaged. */
static void fill(struct rng *rng, const struct space *space, struct history *history)
{
    int64_t sums[4] = {space->initial, space->initial, space->initial, space->initial};
    bool ended[8] = {false};

    for (int i = 0; i < space->ops; i++)
        add_random_op(rng, space, history, sums, ended);
    for (int i = 0; i < space->damage && history->count; i++) {
        struct op *op = &history->ops[rng_below(rng, history->count)];
        int64_t was = 0;
        if (op->f != OP_F_READ || op->type != OP_OK)
            continue;
        (void)values_get_int(&history->values, op->out, &was);
        op->out = values_int(&history->values, was + (int64_t)rng_below(rng, 5) - 2);
    }
    hist_finish(history);
}

static struct space random_space(struct rng *rng)
{
    int kind = (int)rng_below(rng, 4);
    return (struct space){.ops = 3 + (int)rng_below(rng, 9),
                          .processes = 1 + (int)rng_below(rng, 4),
                          .keys = 1 + (int)rng_below(rng, 3),
                          .initial = rng_below(rng, 4) ? 0 : 2,
                          .least = kind == 3   ? -2
                                   : kind == 2 ? 0
                                               : 1,
                          .most = kind < 2 ? 1 : 3,
                          .damage = (int)rng_below(rng, 3),
                          .unknowns = rng_below(rng, 2)};
}

/* By definition: the operations of a witness alone. */
static enum verdict judge_part(const struct history *history, const struct excerpt *witness,
                               value_id initial)
{
    struct history part = *history;

    part.ops = NULL;
    part.count = 0;
    for (size_t i = 0; i < witness->count; i++)
        hist_add(&part, &history->ops[witness->places[i]]);
    enum verdict verdict = brute_check(&part, "sequential", "counter", initial);
    budget_free(part.budget, part.ops);
    return verdict;
}

static void test_sums__agree_with_the_definition(void **state)
{
    (void)state;
    unsigned long said[4] = {0}, left_open = 0;
    for (unsigned long i = 0; i < effort(150000); i++) {
        struct rng rng;
        rng_init(&rng, 21, i);
        struct space space = random_space(&rng);
        struct hist *hist = hist_new("");
        struct excerpt witness;
        struct budget budget;
        budget_init(&budget, 0, 0);
        fill(&rng, &space, &hist->history);
        value_id initial =
            space.initial ? values_int(&hist->history.values, space.initial) : VALUE_NIL;
        enum fast answer = ask(&hist->history, initial, &budget, &witness);
        enum verdict verdict = brute_check(&hist->history, "sequential", "counter", initial);
        if (verdict != VERDICT_UNKNOWN && answer != FAST_NOT)
            assert_int_equal(answer, verdict == VERDICT_VALID ? FAST_VALID : FAST_INVALID);
        if (answer == FAST_INVALID)
            assert_int_equal(judge_part(&hist->history, &witness, initial), VERDICT_INVALID);
        said[answer]++;
        if (space.keys == 1 && space.least == 1 && space.most == 1)
            assert_int_not_equal(answer, FAST_NOT);
        left_open += answer == FAST_NOT && space.least >= 0;
        excerpt_release(&witness, &budget);
        assert_int_equal(budget.used_bytes, 0);
        hist_free(hist);
    }
    assert_true(said[FAST_VALID] > effort(50000) && said[FAST_INVALID] > effort(20000));
    assert_true(left_open < effort(150000) / 50);
}

/* Whatever subset it is asked about. */
static void test_sums__the_naive_routine_refutes_only_what_has_no_order(void **state)
{
    (void)state;
    unsigned long refuted = 0;
    for (unsigned long i = 0; i < effort(60000); i++) {
        struct rng rng;
        rng_init(&rng, 22, i);
        struct space space = random_space(&rng);
        struct hist *hist = hist_new("");
        struct budget budget;
        struct excerpt witness = {0};
        struct keys keys;
        struct err err;
        budget_init(&budget, 0, 0);
        space.keys = 1;
        fill(&rng, &space, &hist->history);
        assert_int_equal(keys_init(&keys, &hist->history, &budget, &err), 0);
        struct object_source one =
            source_of(&hist->history,
                      space.initial ? values_int(&hist->history.values, space.initial) : VALUE_NIL);
        one.places = keys.places;
        one.count = keys.count ? keys.starts[1] : 0;
        assert_true(fast_begin_witness(&one, &budget, &witness));
        for (size_t k = 0; k < one.count; k++) {
            if (rng_below(&rng, 3))
                excerpt_add(&witness, one.places[k], 0);
        }
        bool is_refuted = sums_refute(&one, &witness);
        if (is_refuted)
            assert_int_not_equal(brute_check(&hist->history, "sequential", "counter", one.initial),
                                 VERDICT_VALID);
        refuted += is_refuted;
        excerpt_release(&witness, &budget);
        keys_release(&keys);
        hist_free(hist);
    }
    assert_true(refuted > effort(5000));
}

static void test_sums__an_order_is_one_of_everything_in_each_process_s_order(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 add x 1 @ 0 1\n"
                                 "p0 read x -> 1 @ 2 3\n"
                                 "p1 read x -> 0 @ 4 5\n"
                                 "p1 add y 2 @ 6 7 info\n"
                                 "p2 read y -> 2 @ 8 9\n"
                                 "p2 add x 9 @ 10 11 fail\n"
                                 "p3 add x 3 @ 12 13\n");
    static const struct {
        uint32_t order[8], count;
        bool fits;
    } cases[] = {
        {{2, 0, 1, 3, 4, 6}, 6, true},     {{2, 3, 4, 0, 1, 6}, 6, true},
        {{2, 0, 1, 3, 4}, 5, false},       {{2, 0, 1, 4, 6}, 5, false},
        {{0, 2, 1, 3, 4, 6}, 6, false},    {{2, 0, 3, 4, 6, 1}, 6, false},
        {{2, 0, 1, 3, 4, 4, 6}, 7, false}, {{2, 0, 1, 3, 4, 6, 5}, 7, false},
        {{2, 0, 1, 3, 4, 4}, 6, false},    {{1, 2, 0, 3, 4, 6}, 6, false},
        {{3, 2, 0, 1, 4, 6}, 6, false},
    };
    struct object_source source = source_of(&hist->history, VALUE_NIL);
    struct budget budget;
    struct keys keys;
    struct err err;

    budget_init(&budget, 0, 0);
    assert_int_equal(keys_init(&keys, &hist->history, &budget, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(sums_replay(&source, &keys, cases[i].order, cases[i].count, &budget),
                         cases[i].fits);
    keys_release(&keys);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
}

/* -- stories --------------------------------------------------------------------------------- */

static void test_sums__what_a_process_read_bounds_what_it_reads_next(void **state)
{
    (void)state;
    expect("p0 add x 1 @ 0 1\n"
           "p0 add x 1 @ 2 3\n"
           "p1 read x -> 2 @ 0 1\n"
           "p1 read x -> 1 @ 2 3\n",
           FAST_INVALID, 2);
    expect("p0 add x 1 @ 0 1\n"
           "p0 add x -1 @ 2 3\n"
           "p1 read x -> 1 @ 0 1\n"
           "p1 read x -> 0 @ 2 3\n",
           FAST_NOT, 0);
    expect("p0 add x 5 @ 0 1\n"
           "p0 add x -1 @ 2 3\n"
           "p0 read x -> 6 @ 4 5\n",
           FAST_INVALID, 3);
    expect("p0 add x 5 @ 0 1\n"
           "p1 add x -1 @ 2 3\n"
           "p0 read x -> 3 @ 4 5\n",
           FAST_INVALID, 3);
    expect("p0 add x -1 @ 0 1\n"
           "p1 add x 2 @ 2 3\n"
           "p2 add x -4 @ 2 3\n"
           "p0 read x -> 2 @ 4 5\n",
           FAST_INVALID, 3);
    expect("p0 add x 2 @ 0 1\n"
           "p1 add x -1 @ 2 3\n"
           "p2 add x 4 @ 2 3\n"
           "p0 read x -> 0 @ 4 5\n",
           FAST_INVALID, 3);
    expect("p0 add x -1 @ 0 1\n"
           "p0 read x -> -2 @ 4 5\n",
           FAST_INVALID, 2);
    expect("p0 add x -1 @ 0 1\n"
           "p1 add x 2 @ 2 3\n"
           "p0 read x -> 0 @ 4 5\n",
           FAST_NOT, 0);
}

/* Two counters; p0's second addition must wait for p1, which has another one before its read. */
static void test_sums__an_addition_waits_for_readers(void **state)
{
    (void)state;
    expect("p0 add x 1 @ 0 1\n"
           "p0 read x -> 1 @ 2 3\n"
           "p0 add x 1 @ 4 5\n"
           "p1 add y 1 @ 6 7\n"
           "p1 read x -> 1 @ 8 9\n",
           FAST_VALID, 0);
}

static void test_sums__the_naive_routine_knows_what_comes_later(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 read x -> 1 @ 0 1\n"
                                 "p0 add x 1 @ 2 3\n"
                                 "p1 add x -1 @ 4 5\n");
    static const uint32_t all[] = {0, 1, 2};
    struct object_source one = source_of(&hist->history, VALUE_NIL);
    struct excerpt witness;
    struct budget budget;

    budget_init(&budget, 0, 0);
    one.places = all;
    one.count = 3;
    assert_true(fast_begin_witness(&one, &budget, &witness));
    assert_false(sums_refute(&one, &witness));
    excerpt_add(&witness, 0, 0);
    assert_true(sums_refute(&one, &witness));
    excerpt_release(&witness, &budget);
    hist_free(hist);
}

static void test_sums__the_narrowest_crowd_is_told(void **state)
{
    (void)state;
    expect("p0 add x 1 @ 0 1\n"
           "p0 read x -> 3 @ 2 3\n"
           "p1 add x 1 @ 0 1\n"
           "p1 read x -> 3 @ 2 3\n"
           "p2 add x 1 @ 0 1\n"
           "p2 read x -> 3 @ 2 3\n"
           "p3 add x 1 @ 0 1\n"
           "p3 read x -> 3 @ 2 3\n"
           "p4 add x 9 @ 0 1\n"
           "p5 read x -> 5 @ 0 1\n"
           "p5 add x 1 @ 2 3\n"
           "p5 read x -> 5 @ 4 5\n",
           FAST_INVALID, 3);
}

static void test_sums__additions_need_room_between_two_reads(void **state)
{
    (void)state;
    expect("p0 add x 1 @ 0 1\n"
           "p0 read x -> 0 @ 2 3\n",
           FAST_INVALID, 2);
    expect("p0 read x -> 1 @ 0 1\n"
           "p0 add x 1 @ 2 3\n"
           "p0 read x -> 2 @ 4 5\n"
           "p1 read x -> 1 @ 0 1\n"
           "p1 add x 1 @ 2 3\n"
           "p1 read x -> 2 @ 4 5\n"
           "p2 add x 1 @ 0 1\n",
           FAST_INVALID, 6);
    expect("p0 read x -> 1 @ 0 1\n"
           "p0 add x 1 @ 2 3\n"
           "p0 read x -> 2 @ 4 5\n"
           "p1 read x -> 1 @ 0 1\n"
           "p1 add x 1 @ 2 3\n"
           "p1 read x -> 3 @ 4 5\n"
           "p2 add x 1 @ 0 1\n",
           FAST_VALID, 0);
}

static void test_sums__a_value_needs_additions_that_can_come_before(void **state)
{
    (void)state;
    expect("p0 add x 1 @ 0 1\n"
           "p1 read x -> 2 @ 2 3\n",
           FAST_INVALID, 2);
    expect("p0 add x 1 @ 0 1\n"
           "p1 read x -> 2 @ 2 3\n"
           "p1 add x 1 @ 4 5\n",
           FAST_INVALID, 3);
    expect("p0 add x 1 @ 0 1\n"
           "p1 read x -> 2 @ 2 3\n"
           "p2 add x 1 @ 4 5 info\n",
           FAST_VALID, 0);
    expect("p0 add x 1 @ 0 1 fail\n"
           "p1 read x -> 1 @ 2 3\n",
           FAST_INVALID, 1);
}

static void test_sums__other_objects_are_not_its_business(void **state)
{
    (void)state;
    expect("p0 add x 3000000000 @ 0 1\n", FAST_NOT, 0);
    expect("p0 add x 1 @ 0 1\n"
           "p0 read x -> [1] @ 2 3\n",
           FAST_NOT, 0);
    expect("p0 write x 1 @ 0 1\n", FAST_NOT, 0);
}

/* -- long ones ------------------------------------------------------------------------------- */

static void check_long(int keys, bool is_damaged)
{
    struct space space = {
        .ops = (int)effort(40000), .processes = 8, .keys = keys, .least = 1, .most = 1};
    struct hist *hist = hist_new("");
    struct excerpt witness;
    struct budget budget;
    struct rng rng;

    budget_init(&budget, 0, 0);
    rng_init(&rng, 23, (uint64_t)keys);
    fill(&rng, &space, &hist->history);
    for (size_t i = hist->history.count / 2; is_damaged; i++) {
        struct op *op = &hist->history.ops[i];
        int64_t was;
        if (op->f != OP_F_READ || !values_get_int(&hist->history.values, op->out, &was))
            continue;
        op->out = values_int(&hist->history.values, was / 2);
        break;
    }
    assert_int_equal(ask(&hist->history, VALUE_NIL, &budget, &witness),
                     is_damaged ? FAST_INVALID : FAST_VALID);
    assert_true(witness.count <= 2);
    excerpt_release(&witness, &budget);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
}

static void test_sums__long_histories_are_quick(void **state)
{
    (void)state;
    check_long(4, false);
    check_long(1, false);
    check_long(4, true);
}

/* One process adds, another reads it all much later: too many at once for a search. */
static void test_sums__what_is_not_linearizable_needs_no_search_to_be_sequential(void **state)
{
    (void)state;
    enum { COUNT = 33000 };
    struct hist *hist = hist_new("");
    struct history *history = &hist->history;

    for (int i = 0; i < 2 * COUNT; i++) {
        struct op op = {.process = i / COUNT,
                        .type = OP_OK,
                        .f = i < COUNT ? OP_F_ADD : OP_F_READ,
                        .key = values_int(&history->values, 7),
                        .invoke_ns = 10 * i,
                        .complete_ns = 10 * i + 5};
        if (i < COUNT)
            op.in = values_int(&history->values, 1);
        else
            op.out = values_int(&history->values, i - COUNT);
        hist_add(history, &op);
    }
    hist_finish(history);
    expect_history("sequential", history, VERDICT_VALID);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums__agree_with_the_definition),
        cmocka_unit_test(test_sums__the_naive_routine_refutes_only_what_has_no_order),
        cmocka_unit_test(test_sums__an_order_is_one_of_everything_in_each_process_s_order),
        cmocka_unit_test(test_sums__what_a_process_read_bounds_what_it_reads_next),
        cmocka_unit_test(test_sums__an_addition_waits_for_readers),
        cmocka_unit_test(test_sums__the_naive_routine_knows_what_comes_later),
        cmocka_unit_test(test_sums__the_narrowest_crowd_is_told),
        cmocka_unit_test(test_sums__additions_need_room_between_two_reads),
        cmocka_unit_test(test_sums__a_value_needs_additions_that_can_come_before),
        cmocka_unit_test(test_sums__other_objects_are_not_its_business),
        cmocka_unit_test(test_sums__long_histories_are_quick),
        cmocka_unit_test(test_sums__what_is_not_linearizable_needs_no_search_to_be_sequential),
    };
    return cmocka_run_group_tests_name("checkers/sums", tests, NULL, NULL);
}
